/** What the harness needs of a server to measure it. A target file exports `target: Target`. */

export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Paths at the base URL. Null: the server has no such thing, and its scenarios are left out. */
export interface Endpoints {
  readonly token: string;
  readonly introspect: string;
  readonly discovery: string;
  readonly jwks: string;
  readonly userinfo: string | null;
  readonly authorize: string | null;
  readonly scim: string | null;
}

/** What the seeding left behind. */
export interface Seed {
  /** Access tokens signed with ES256. */
  readonly es256: ClientCredentials;
  readonly rs256: ClientCredentials;
  readonly redirectUri: string;
  /** Further parameters of a token request: `{ resource: '…' }`. */
  readonly tokenParameters: Readonly<Record<string, string>>;
  /** A living access token to introspect; a JWT of ES256 where the server introspects those. */
  readonly introspectable: () => Promise<string>;
  /** How tokens come about that need a person: a new refresh token per call. */
  readonly refreshToken: () => Promise<string>;
  /** A user access token of scope `openid profile`; null where the server has no userinfo. */
  readonly userToken: (() => Promise<string>) | null;
  readonly user: { readonly userName: string; readonly password: string } | null;
  /** Bearer token for SCIM; null without SCIM. */
  readonly scimToken: string | null;
}

export interface RunningTarget {
  readonly pid: number;
  readonly baseUrl: URL;
  /** The server's data folder; absent for a server without. */
  readonly data?: string;
  readonly endpoints: Endpoints;
  readonly seed: Seed;
  /** From the start of the process until it was ready. */
  readonly readyMs: number;
  /** Stops the process and starts another on the same data; null for a server that keeps nothing. */
  readonly restart: (() => Promise<RunningTarget>) | null;
  /** Rebuilds all read models; null for a server without. */
  readonly rebuild: (() => Promise<{ readonly events: number; readonly seconds: number }>) | null;
  /** Stops the process and removes its files. */
  readonly stop: () => Promise<void>;
}

export interface Target {
  readonly name: string;
  /** Starts from nothing, waits until ready, seeds. */
  readonly start: () => Promise<RunningTarget>;
}
