/**
 * The port to keys and credentials: everything that must be forgettable or must never enter the log.
 *
 * A data key is wrapped by its organization's key, that by the deployment key. Destroying a data key makes
 * everything it sealed unreadable, in the log, its copies and its backups.
 */

/** AES-256 key material for one subject. The key's id is the subject's id: ids are never reused. */
export interface DataKey {
  readonly id: string;
  readonly key: Buffer;
}

/** Where a credential lives. `owner` is a user, application or organization id; `id` is unique per owner and kind. */
export interface SecretRef {
  readonly kind: 'password' | 'client-secret' | 'signing-key' | 'server-key';
  readonly owner: string;
  readonly id: string;
}

export interface Vault {
  /** Makes and durably keeps a key for a new subject. Answers the existing one when there is one; fails when it was destroyed. */
  createDataKey(subject: string, org: string): Promise<DataKey>;
  /** Many at once. `destroyed` after erasure. A subject that never had a key is absent from the map: a fault. */
  dataKeys(subjects: readonly string[]): Promise<ReadonlyMap<string, DataKey | 'destroyed'>>;
  /** Erasure: idempotent, durable when it resolves, and out of every cache. Also removes the subject's secrets. */
  destroySubject(subject: string): Promise<void>;
  /** Keyed hash (HMAC-SHA-256) of a normalised value, under the organization's blind-index key, or the deployment's for `global`. */
  blindIndex(scope: string, value: string): Promise<Buffer>;
  /** Durable when it resolves. Write once: a ref is never overwritten, a new credential gets a new id. */
  putSecret(ref: SecretRef, org: string, secret: Buffer): Promise<void>;
  secret(ref: SecretRef): Promise<Buffer | null>;
  removeSecret(ref: SecretRef): Promise<void>;
  /** For start checks and health: opens with the right deployment key, counts. */
  health(): Promise<{ ok: boolean; detail: string }>;
  close(): Promise<void>;
}
