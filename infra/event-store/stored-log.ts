/**
 * The log as it lies there: with the events and metastreams of the system, every event in the bytes it was written in.
 *
 * For serving the log to other programs. Business code reads the {@link EventStore} port. Personal data stays sealed.
 */
import type { EventFilter, EventStore, Expected, Revision, StreamInfo } from './event-store.ts';

/** Text or bytes, as it was written. */
export type StoredBytes = string | Uint8Array;

export interface StoredEvent {
  readonly id: string;
  readonly type: string;
  readonly stream: string;
  readonly revision: Revision;
  /** Commit and prepare position alike; from 1n. */
  readonly position: bigint;
  readonly recordedAtMs: number;
  readonly json: boolean;
  readonly data: StoredBytes;
  readonly meta: StoredBytes;
}

export interface StoredStreamPage {
  readonly stream: string;
  readonly direction: 'forward' | 'backward';
  /** Inclusive. */
  readonly from: Revision;
  readonly limit: number;
}

export interface StoredLogPage {
  readonly direction: 'forward' | 'backward';
  /** Inclusive forward, exclusive backward, as EventStoreDB has it. */
  readonly from: bigint;
  readonly limit: number;
  /** Positions looked at, at most. */
  readonly window: number;
  readonly filter?: EventFilter;
}

export interface StoredLogEvents {
  readonly events: readonly StoredEvent[];
  /** `from` of the next page; null: there is nothing more in this direction now. */
  readonly next: bigint | null;
}

export interface NewStoredEvent {
  readonly id: string;
  readonly type: string;
  /** Text is JSON, bytes are not. */
  readonly data: StoredBytes;
  readonly meta: StoredBytes;
}

export interface StoredAppendResult {
  /** Of the stream's last event; null where it has none. */
  readonly revision: Revision | null;
  /** Of the last event written; null when there was none to write. */
  readonly position: bigint | null;
}

export interface StoredSession {
  /** Each stream once; one without events is only checked. */
  readonly parts: readonly {
    readonly stream: string;
    readonly expected: Expected;
    readonly events: readonly NewStoredEvent[];
  }[];
  /** Index of the part of each event, in the order in which the log is to have them. */
  readonly order: readonly number[];
}

export interface StoredSessionResult {
  /** Of the last event of each part; null for one without. */
  readonly revisions: readonly (Revision | null)[];
  readonly position: bigint;
}

export interface HeadWait {
  readonly done: Promise<void>;
  cancel(): void;
}

/** Null where the log lies on a server that serves it by itself. */
export const storedLogOf = (store: EventStore): StoredLog | null =>
  'stored' in store ? (store as EventStore & { readonly stored: StoredLog }).stored : null;

/** Deletes what retention hides, in steps that hold up nobody. Null where a server does so by a schedule of its own. */
export const scavengeOf = (store: EventStore): (() => Promise<unknown>) | null =>
  'scavenge' in store ? () => (store as EventStore & { scavenge(): Promise<unknown> }).scavenge() : null;

/** Failures are the classes of `errors.ts`. */
export interface StoredLog {
  /** Last position given out; 0n for an empty log. */
  head(): bigint;
  /** Resolves when the head lies behind `after`, when it is cancelled or the log is closed. */
  waitBehind(after: bigint): HeadWait;
  /** Events that retention and removal hide are left out; a tombstoned stream has none. */
  readStream(page: StoredStreamPage): readonly StoredEvent[];
  readAll(page: StoredLogPage): StoredLogEvents;
  streamInfo(stream: string): StreamInfo;
  /** Of no events: checks the expectation alone. An event of a metastream sets its stream's retention. */
  append(stream: string, expected: Expected, events: readonly NewStoredEvent[]): Promise<StoredAppendResult>;
  /** All parts or none; `AppendViolated` names all that is wrong. */
  appendSession(session: StoredSession): Promise<StoredSessionResult>;
  /** Soft, or for ever. Resolves to the position of what removes it. */
  remove(kind: 'delete' | 'tombstone', stream: string, expected: Expected): Promise<bigint>;
}
