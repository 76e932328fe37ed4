/** The part of npm `oidc-provider` that the benchmark uses; the package has no types of its own. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  interface Stored {
    save(): Promise<string>;
  }

  interface StoredGrant extends Stored {
    addOIDCScope(scope: string): void;
    addResourceScope(resource: string, scope: string): void;
  }

  type Fields = Readonly<Record<string, unknown>>;

  export default class Provider {
    constructor(issuer: string, configuration: Fields);
    callback(): (request: IncomingMessage, response: ServerResponse) => void;
    readonly Client: { find(id: string): Promise<unknown> };
    readonly Grant: new (
      fields: Fields,
    ) => StoredGrant;
    readonly RefreshToken: new (
      fields: Fields,
    ) => Stored;
    readonly AccessToken: new (
      fields: Fields,
    ) => Stored;
  }
}
