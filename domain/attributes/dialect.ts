/** What protocols call the local claims, and which of them go together. */

/** A claim of a dialect: another name for a local claim. */
export interface ExternalClaim {
  readonly uri: string;
  /** URI of the local claim. */
  readonly claim: string;
  readonly system: boolean;
}

export interface Dialect {
  readonly uri: string;
  readonly system: boolean;
  readonly claims: ReadonlyMap<string, ExternalClaim>;
}

/** An OpenID Connect scope. */
export interface ClaimScope {
  readonly name: string;
  readonly displayName: string;
  readonly description: string;
  /** Names in the OpenID Connect dialect. */
  readonly claims: readonly string[];
}
