/** One side of a copy between logs: everything that belongs to a log, in its order, in the bytes it was written in. */
import { METASTREAM_PREFIX } from '../embedded/stream-metadata.ts';
import type { Revision } from '../event-store.ts';
import type { StoredBytes } from '../stored-log.ts';

export interface LogItem {
  /** `metadata`: retention or soft removal of `stream`, the JSON of EventStoreDB in `data`. */
  readonly kind: 'event' | 'metadata' | 'tombstone';
  /** Of the events; of metadata not the metastream. */
  readonly stream: string;
  /** Of `metadata` in the metastream. */
  readonly revision: Revision;
  readonly id: string;
  readonly type: string;
  readonly json: boolean;
  readonly data: StoredBytes;
  readonly meta: StoredBytes;
  readonly recordedAtMs: number;
}

export interface LogSource {
  /** For people. */
  readonly name: string;
  /** From the beginning, as it stands when the end is reached. Events of the server's own are left out. */
  items(): AsyncIterable<LogItem>;
  /** Somebody has written behind what {@link items} gave last. */
  hasGrown(): Promise<boolean>;
  close(): Promise<void>;
}

export interface LogTarget {
  readonly name: string;
  items(): AsyncIterable<LogItem>;
  /** In this order, durably; a repeat after a failure writes nothing twice. */
  write(items: readonly LogItem[]): Promise<void>;
  /** After the target was read back and found right: makes it the log that a server finds. */
  complete(): Promise<void>;
  close(): Promise<void>;
}

/** Takes the place of events that a scavenge of the source removed, in a target that numbers events by itself. */
export const GAP_FILLED = 'log.gap.filled.v1';

export type StoredItem = Omit<LogItem, 'kind'>;

/** Null for what a server keeps for itself. */
export function itemOf(event: StoredItem): LogItem | null {
  const { stream, type } = event;
  if (stream.startsWith(METASTREAM_PREFIX)) {
    const owner = stream.slice(METASTREAM_PREFIX.length);
    if (owner.startsWith('$') || type !== '$metadata') return null;
    return { ...event, kind: 'metadata', stream: owner };
  }
  if (stream.startsWith('$') || type === GAP_FILLED) return null;
  return { ...event, kind: type === '$streamDeleted' ? 'tombstone' : 'event' };
}
