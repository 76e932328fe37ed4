/** What the adapter needs of a client library: one connection to a server, and failures of known kinds. */
import type { Json, JsonObject } from '../../../domain/json.ts';
import type { AtomicAppendResult, EventFilter, Expected, NewEvent, Revision, StreamAppend } from '../event-store.ts';
import type { Position } from '../position.ts';

export interface DriverEvent {
  readonly id: string;
  readonly type: string;
  readonly stream: string;
  readonly revision: Revision;
  readonly position: Position;
  readonly recordedAt: Date;
  /** Bytes where it is not JSON. */
  readonly data: Json | Uint8Array;
  /** Null where there is none, or none that is JSON. */
  readonly meta: Json;
}

export interface ServerInfo {
  /** `x.y.z`. */
  readonly version: string;
  readonly batchAppend: boolean;
  readonly appendSession: boolean;
  readonly appendRecords: boolean;
}

export interface DriverAppend {
  readonly revision: Revision;
  /** Null for an append of no events. */
  readonly position: Position | null;
}

export interface DriverStreamRead {
  /** Inclusive. */
  readonly from: Revision | 'start' | 'end';
  readonly direction: 'forward' | 'backward';
  readonly max?: number;
}

/** Iterates once; leaving it frees the call. */
export interface DriverRead extends AsyncIterable<DriverEvent> {
  cancel(): void;
}

/** In the order of the server, never two at a time. Nothing after `failed`. */
export interface SubscriptionSink {
  event(event: DriverEvent): void;
  checkpoint(position: Position): void;
  caughtUp(): void;
  failed(failure: unknown): void;
}

export interface DriverSubscription {
  /** A few events that are on their way still come. */
  pause(): void;
  resume(): void;
  close(): void;
}

/** Everything throws {@link DriverFailure}, except for faults. */
export interface EsdbDriver {
  serverInfo(): Promise<ServerInfo>;
  append(stream: string, expected: Expected, events: readonly NewEvent[]): Promise<DriverAppend>;
  /** All parts or none; null where the library cannot. */
  readonly appendAtomic: ((parts: readonly StreamAppend[]) => Promise<AtomicAppendResult>) | null;
  /** Metadata of a stream is written as it is given. */
  writeMetadata(stream: string, expected: Expected, metadata: JsonObject): Promise<void>;
  readStream(stream: string, read: DriverStreamRead): DriverRead;
  /** Forward inclusive of `from`, backward from the end. System events are delivered. */
  readAll(read: { readonly from: Position | 'start' } | { readonly backward: true }): DriverRead;
  /** Exclusive. System events are never delivered. */
  subscribe(
    request: { readonly after: Position | 'start'; readonly filter?: EventFilter },
    sink: SubscriptionSink,
  ): DriverSubscription;
  remove(kind: 'delete' | 'tombstone', stream: string, expected: Revision | 'no-stream' | 'any'): Promise<void>;
  close(): Promise<void>;
}

export type OpenDriver = () => EsdbDriver;

export type FailureKind =
  | 'wrong-revision'
  | 'tombstoned'
  | 'stream-not-found'
  | 'denied'
  | 'too-large'
  | 'invalid'
  /** Nothing was sent, or the server did nothing with it. */
  | 'unreached'
  /** The connection broke: what was sent may have been done. */
  | 'lost'
  | 'timeout';

export interface DriverFailureOptions extends ErrorOptions {
  readonly actual?: Revision | 'no-stream';
  readonly stream?: string | null;
}

export class DriverFailure extends Error {
  readonly kind: FailureKind;
  /** The one that is meant, where several were written; null: not told. */
  readonly stream: string | null;
  /** Where the stream is; of `wrong-revision` only. */
  readonly actual: Revision | 'no-stream';

  constructor(kind: FailureKind, message: string, options?: DriverFailureOptions) {
    super(message, options);
    this.name = 'DriverFailure';
    this.kind = kind;
    this.stream = options?.stream ?? null;
    this.actual = options?.actual ?? 'no-stream';
  }
}
