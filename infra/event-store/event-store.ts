/**
 * The port to the log: append-only streams with optimistic concurrency, in one total order.
 *
 * Semantics follow EventStoreDB, so that the embedded store and a real server behave alike.
 */
import type { EventMeta } from '../../domain/event.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { Position } from './position.ts';

/** `category-id`, lower case; the category ends at the first dash: `user-7f0c…`. */
export type StreamName = string;
/** Dotted and versioned: `identity.user.created.v1`. */
export type EventType = string;
/** Index of an event in its stream, from 0n. */
export type Revision = bigint;

export const STREAM_NAME = /^[a-z][a-z0-9]*-[a-z0-9][a-z0-9._-]{0,199}$/;
export const EVENT_TYPE = /^[a-z][a-z0-9]*(\.[a-z][a-z0-9_]*)+\.v[1-9][0-9]*$/;

/** What the writer believes of the stream. Only a revision and `no-stream` make a repeated append safe for ever. */
export type Expected = Revision | 'no-stream' | 'exists' | 'any';

export const APPEND_BYTES_MAX = 1_000_000;
export const EVENT_BYTES_MAX = 262_144;
export const APPEND_EVENTS_MAX = 500;
export const SUBSCRIPTION_BUFFER_EVENTS = 256;

export interface NewEvent {
  /** UUID in lower case; decides idempotency. */
  readonly id: string;
  readonly type: EventType;
  readonly data: JsonObject;
  readonly meta: EventMeta;
}

export interface RecordedEvent extends NewEvent {
  readonly stream: StreamName;
  readonly revision: Revision;
  readonly position: Position;
  /** When the store wrote it. Information only: business logic reads `meta.at`. */
  readonly recordedAt: Date;
}

/** Of the last event written; a repeated append answers the same. */
export interface AppendResult {
  readonly revision: Revision;
  readonly position: Position;
}

export interface AppendOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

export interface StreamAppend {
  readonly stream: StreamName;
  readonly expected: Expected;
  readonly events: readonly NewEvent[];
}

export interface AtomicAppendResult {
  readonly position: Position;
  readonly revisions: ReadonlyMap<StreamName, Revision>;
}

/** Exactly one kind; plain prefixes. */
export type EventFilter = { readonly streamPrefixes: readonly string[] } | { readonly typePrefixes: readonly string[] };

export interface ReadStreamOptions {
  /** Inclusive in both directions. Default: `start` forward, `end` backward. */
  readonly from?: Revision | 'start' | 'end';
  readonly direction?: 'forward' | 'backward';
  readonly max?: number;
  readonly signal?: AbortSignal;
}

export interface ReadAllOptions {
  /** Exclusive. */
  readonly after: Position | 'start';
  readonly filter?: EventFilter;
  readonly max?: number;
  readonly signal?: AbortSignal;
}

export interface SubscribeOptions {
  /** Exclusive; `end` delivers only what is appended later. */
  readonly after: Position | 'start' | 'end';
  readonly filter?: EventFilter;
  /** Undelivered events held at most; default {@link SUBSCRIPTION_BUFFER_EVENTS}. */
  readonly bufferEvents?: number;
  readonly signal?: AbortSignal;
}

export type SubscriptionMessage =
  | { readonly kind: 'event'; readonly event: RecordedEvent }
  /** Everything up to here was seen; a safe place to resume. */
  | { readonly kind: 'checkpoint'; readonly position: Position }
  | { readonly kind: 'caught-up'; readonly position?: Position };

export interface StreamInfo {
  readonly state: 'absent' | 'present' | 'soft-deleted' | 'tombstoned';
  /** Last revision, where the stream has events. */
  readonly revision?: Revision;
}

export interface Retention {
  readonly maxCount?: number;
  readonly maxAgeSeconds?: number;
  readonly truncateBefore?: Revision;
}

export interface StoreHealth {
  readonly ok: boolean;
  /** A sentence for an operator. */
  readonly detail: string;
  readonly lag?: number;
}

export interface Capabilities {
  /** `appendAtomic` works over several streams. */
  readonly atomicMultiStream: boolean;
  /** `appendAtomic` may also check streams it does not write. */
  readonly checkUnwrittenStreams: boolean;
  readonly physicalErase: boolean;
  readonly maxAppendBytes: number;
  readonly maxEventBytes: number;
}

/** Failures are the classes of `errors.ts`. */
export interface EventStore {
  /** Distinguishes logs: a checkpoint of another log is refused at start. */
  readonly identity: string;
  readonly capabilities: Capabilities;
  /** Durable when it resolves; all events or none. */
  append(
    stream: StreamName,
    expected: Expected,
    events: readonly NewEvent[],
    options?: AppendOptions,
  ): Promise<AppendResult>;
  /** All streams or none. `Unsupported` where the capability is absent. */
  appendAtomic(parts: readonly StreamAppend[], options?: AppendOptions): Promise<AtomicAppendResult>;
  /** An absent or soft-deleted stream is empty; a tombstoned one fails. */
  readStream(stream: StreamName, options?: ReadStreamOptions): AsyncIterable<RecordedEvent>;
  /** In log order, forward, without system events. */
  readAll(options: ReadAllOptions): AsyncIterable<RecordedEvent>;
  /** Position of the last event; null when the log is empty. */
  head(): Promise<Position | null>;
  /**
   * A position no earlier than that of the last event whose type begins with `context` (`access.`), and no later than
   * the head; null when the log is empty. Answered from memory where one process writes.
   */
  headOf(context: string): Promise<Position | null>;
  /** In log order, without gap or repeat; the consumer pulls, and one that stops pulling blocks nobody. */
  subscribe(options: SubscribeOptions): AsyncIterable<SubscriptionMessage>;
  streamInfo(stream: StreamName): Promise<StreamInfo>;
  /** Only for technical streams: hides from stream reads at once, removed by a scavenge. */
  setRetention(stream: StreamName, retention: Retention): Promise<void>;
  /** Soft: reads are empty, the next append goes on with the next revision. */
  deleteStream(stream: StreamName, expected: Expected): Promise<void>;
  /** For ever: reads and appends fail. */
  tombstone(stream: StreamName, expected: Expected): Promise<void>;
  health(): Promise<StoreHealth>;
  close(): Promise<void>;
}
