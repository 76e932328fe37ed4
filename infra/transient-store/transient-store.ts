/**
 * The port to short-lived state: codes, sessions, grants, flow contexts.
 *
 * Every key carries its type and tenant, so that one kind of secret can never be read as another and one tenant's
 * never as another's. Values hold no personal data in clear text and no secret: ids are hashes where the thing itself is secret.
 */
import type { Json } from '../../domain/json.ts';

/** What a key stands for. A new kind of short-lived state gets its own name. */
export type TransientType =
  | 'code'
  | 'session'
  | 'grant'
  | 'access-token'
  | 'revoked-token'
  | 'login-flow'
  | 'consent-flow'
  | 'logout-flow'
  | 'idempotency'
  /** Attempts with a user's password since his account was last locked or unlocked. */
  | 'password-attempts'
  /** Where in the log a caller's last write stands. */
  | 'position'
  /** How far a consumer of the log has come. */
  | 'consumer'
  /** An event whose effect failed, or that waits behind one: a reference, not the event. */
  | 'parked-event'
  /** An event whose effect ended. */
  | 'handled-event';

export interface TransientKey {
  readonly type: TransientType;
  readonly tenant: string;
  readonly id: string;
}

export interface TransientEntry<Value extends Json = Json> {
  readonly value: Value;
  /** Changes with every write; for compare-and-set. */
  readonly version: number;
  /** Epoch milliseconds. */
  readonly expiresAtMs: number;
}

export type TransientOp =
  | {
      readonly op: 'put';
      readonly key: TransientKey;
      readonly value: Json;
      readonly expiresAtMs: number;
      /** The write happens only if this holds. An expired entry counts as absent. */
      readonly expect: 'absent' | 'any' | number;
      /** For `byTag`: `user:<id>`, `session:<id>`, `app:<id>`. */
      readonly tags?: readonly string[];
    }
  | { readonly op: 'remove'; readonly key: TransientKey; readonly expect: 'any' | number };

export interface CommitOptions {
  /**
   * What the write must outlive. `crash`: the end of the process, but not of the machine; for state that its user can
   * simply begin again. Never for what must stay used, ended or revoked. Default: `power-loss`.
   */
  readonly survives?: 'power-loss' | 'crash';
}

export interface TransientStore {
  /** Null when absent or expired (at `nowMs` of the store's clock). */
  get<Value extends Json>(key: TransientKey): Promise<TransientEntry<Value> | null>;
  /** All or none, durable when it resolves. False: an expectation did not hold, nothing was written. */
  commit(ops: readonly TransientOp[], options?: CommitOptions): Promise<boolean>;
  /** Live entries of a type that carry the tag, by id, at most `limit` after `afterId`. */
  byTag<Value extends Json>(query: {
    type: TransientType;
    tenant: string;
    tag: string;
    limit: number;
    afterId?: string;
  }): Promise<readonly { readonly id: string; readonly entry: TransientEntry<Value> }[]>;
  /** Removes expired entries in bounded batches; how many went. */
  sweep(): Promise<number>;
  health(): Promise<{ ok: boolean; detail: string }>;
  close(): Promise<void>;
}
