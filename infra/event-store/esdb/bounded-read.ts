/** A read of the driver as one of the port: bounded, and failing when it is aborted. */
import type { RecordedEvent } from '../event-store.ts';
import { DriverFailure, type DriverRead } from './driver.ts';
import { recordedEvent } from './recorded-event.ts';
import { storeFailure } from './store-failure.ts';

export interface ReadBounds {
  readonly stream?: string;
  readonly max: number;
  readonly signal: AbortSignal | undefined;
  readonly skip?: (event: RecordedEvent) => boolean;
}

export async function* boundedRead(open: () => DriverRead, bounds: ReadBounds): AsyncGenerator<RecordedEvent> {
  const { signal, skip } = bounds;
  signal?.throwIfAborted();
  const read = open();
  signal?.addEventListener('abort', read.cancel, { once: true });
  let left = bounds.max;
  try {
    for await (const stored of read) {
      signal?.throwIfAborted();
      const event = recordedEvent(stored);
      if (event === null || skip?.(event) === true) continue;
      yield event;
      left -= 1;
      if (left === 0) return;
    }
    // A shorter answer would look like the whole.
    signal?.throwIfAborted();
  } catch (error) {
    if (error instanceof DriverFailure && error.kind === 'stream-not-found') return;
    throw storeFailure(error, bounds);
  } finally {
    signal?.removeEventListener('abort', read.cancel);
  }
}
