/** A read of the driver as one of the port: bounded, failing when it is aborted, going on when a connection breaks. */
import { setTimeout as pause } from 'node:timers/promises';
import type { RecordedEvent } from '../event-store.ts';
import { type DriverEvent, DriverFailure, type DriverRead } from './driver.ts';
import { recordedEvent } from './recorded-event.ts';
import { storeFailure } from './store-failure.ts';

/** In a row, without an event in between. */
export const READ_RETRIES_MAX = 3;
const BACKOFF_MS = 50;

export interface ReadBounds {
  readonly stream?: string;
  readonly max: number;
  readonly signal: AbortSignal | undefined;
  readonly skip?: (event: RecordedEvent) => boolean;
}

/** Begins again behind an event that was read, where `last` is given; null: nothing is behind it. */
export type OpenRead = (last: DriverEvent | null) => DriverRead | null;

export async function* boundedRead(open: OpenRead, bounds: ReadBounds): AsyncGenerator<RecordedEvent> {
  const { signal, skip } = bounds;
  let left = bounds.max;
  let last: DriverEvent | null = null;
  for (let retries = 0; ; ) {
    signal?.throwIfAborted();
    const read = open(last);
    if (read === null) return;
    signal?.addEventListener('abort', read.cancel, { once: true });
    try {
      for await (const stored of read) {
        signal?.throwIfAborted();
        [last, retries] = [stored, 0];
        const event = recordedEvent(stored);
        if (event === null || skip?.(event) === true) continue;
        yield event;
        left -= 1;
        if (left === 0) return;
      }
      // A shorter answer would look like the whole.
      signal?.throwIfAborted();
      return;
    } catch (error) {
      if (error instanceof DriverFailure && error.kind === 'stream-not-found') return;
      if (retries >= READ_RETRIES_MAX || !isPassing(error)) throw storeFailure(error, bounds);
    } finally {
      signal?.removeEventListener('abort', read.cancel);
    }
    await pause(BACKOFF_MS * 2 ** retries);
    retries += 1;
  }
}

/** `work` only reads: it is begun again when a connection breaks. Failures are those of the driver. */
export async function repeatedRead<Value>(work: () => Promise<Value>): Promise<Value> {
  for (let retries = 0; ; retries += 1) {
    try {
      return await work();
    } catch (error) {
      if (retries >= READ_RETRIES_MAX || !isPassing(error)) throw error;
    }
    await pause(BACKOFF_MS * 2 ** retries);
  }
}

const isPassing = (error: unknown): boolean =>
  error instanceof DriverFailure && (error.kind === 'unreached' || error.kind === 'lost');
