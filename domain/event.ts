/** What every event looks like, whatever it says. */
import type { JsonObject } from './json.ts';

/** Flat and of strings only, so that every server version can carry it. Holds no personal data in clear text. */
export interface EventMeta {
  /** Id of the original request; copied to everything that follows from it. */
  readonly $correlationId: string;
  /** Id of the command, or of the event, that caused this one. */
  readonly $causationId: string;
  /** Business time, RFC 3339 in UTC with milliseconds, set by the writer. */
  readonly at: string;
  /** Root organization. */
  readonly tenant?: string;
  /** Organization in which the change was made. */
  readonly org?: string;
  readonly actor?: string;
  readonly actorType?: 'user' | 'app' | 'system';
  /** Actors from the outermost to `actor`, separated by blanks; only where there is more than one (impersonation). */
  readonly actorChain?: string;
  /** W3C trace id. */
  readonly trace?: string;
  /** The person whose data the event holds: whose key seals it. */
  readonly subject?: string;
  /** Command name, so that history can say what was asked. */
  readonly command?: string;
  /** Keyed hash of the request body under an `Idempotency-Key`: a repeat with another body is refused. */
  readonly request?: string;
  /** Ids of the reservations that this event makes good, separated by blanks. */
  readonly claims?: string;
  /** Source address and user agent, sealed by the actor's key: `keyId.nonce.ciphertext`. */
  readonly source?: string;
  /** Sealing version; present when `data` holds envelopes. */
  readonly enc?: string;
}

/** A place in the log; see the event store's `Position`. */
interface LogPosition {
  readonly commit: bigint;
  readonly prepare: bigint;
}

/**
 * An event as the rest of the house sees it: personal values opened, lifted to the newest version of its type.
 * Values whose key was destroyed are absent and `erased` is true.
 */
export interface DomainEvent<Type extends string = string, Data = JsonObject> {
  readonly id: string;
  readonly type: Type;
  readonly data: Data;
  readonly meta: EventMeta;
  readonly stream: string;
  readonly revision: bigint;
  readonly position: LogPosition;
  readonly erased: boolean;
}

/** An event as a decider makes it: the pipeline adds id, metadata and seal. */
export interface Fact<Type extends string = string, Data = JsonObject> {
  readonly type: Type;
  readonly data: Data;
}
