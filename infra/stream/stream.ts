/**
 * The port to the stream: committed events carried onwards from the log, to many readers, in order per key.
 *
 * The key of an event is its stream. Whoever follows sees every event of his categories at least once, and those of one
 * key in the order of the log; a repeat carries the same event id and the same position.
 */
import type { RecordedEvent } from '../event-store/event-store.ts';

/** Events that one call of {@link EventPublisher.publish} or {@link Following.handle} gets at most. */
export const BATCH_EVENTS_MAX = 256;

/** The stream cannot be used now; some of what was given may have been carried. Try the same again. */
export class StreamUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StreamUnavailable';
  }
}

/** The stream is not as this server was told: trying again changes nothing until an operator does. */
export class StreamMisconfigured extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StreamMisconfigured';
  }
}

export interface EventPublisher {
  /**
   * Resolves when every event is durable with the stream. After a failure the same events are given again, in the same
   * order, before any later one. Throws {@link StreamUnavailable} or {@link StreamMisconfigured}.
   */
  publish(events: readonly RecordedEvent[]): Promise<void>;
}

export interface StreamBatch {
  /** What is followed in one order; batches of one partition never overlap. */
  readonly partition: string;
  /** Personal values sealed, at most {@link BATCH_EVENTS_MAX}. */
  readonly events: readonly RecordedEvent[];
  /** Aborted when the partition goes to another reader of the group: what is not begun stays undone. */
  readonly signal: AbortSignal;
}

export interface Following {
  /** Readers of the same group share the work: each event goes to one of them. */
  readonly group: string;
  /** Stream categories: `user`. */
  readonly categories: readonly string[];
  readonly signal: AbortSignal;
  /** The checkpoint is stored after it resolves. When it rejects, the same batch comes again. One cut off by its signal rejects. */
  handle(batch: StreamBatch): Promise<void>;
  /** Trouble that the stream gets over by itself. */
  readonly onTrouble: (error: unknown) => void;
}

export interface EventStream {
  /** Null: the log itself is the stream, and nothing needs to be relayed. */
  readonly publisher: EventPublisher | null;
  /** A new group begins with the oldest event there is. Runs until the signal aborts; trouble with a server is waited out. */
  follow(following: Following): Promise<void>;
  health(): Promise<{ readonly ok: boolean; readonly detail: string }>;
  close(): Promise<void>;
}
