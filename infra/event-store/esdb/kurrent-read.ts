/**
 * Reads of the newest client, in pages: it cannot be told to stop, and a read that is left in the middle would hold its
 * place among the hundred calls that a connection may have.
 */
import type { ResolvedEvent } from '@eventstore/db-client';
import { driverFailure } from './client-failure.ts';
import type { DriverEvent, DriverRead } from './driver.ts';
import { driverEvent } from './driver-event.ts';

/** Most streams are shorter. */
export const FIRST_PAGE_EVENTS = 64;
export const PAGE_EVENTS_MAX = 512;

export interface PagedRead {
  /** Null: to the end. */
  readonly max: number | null;
  /** Begins at the last event, or behind it; null: nothing is behind it. */
  readonly page: (last: DriverEvent | null, maxCount: number) => AsyncIterable<unknown> | null;
  /** Asked behind the first page: how many events more belong to the read, so that it does not run after its writers. */
  readonly remaining?: (last: DriverEvent) => Promise<number>;
}

export function pagedRead({ max, page, remaining }: PagedRead): DriverRead {
  const cancelled = Promise.withResolvers<null>();
  return {
    cancel: () => cancelled.resolve(null),
    async *[Symbol.asyncIterator]() {
      let last: DriverEvent | null = null;
      let left = max ?? Number.POSITIVE_INFINITY;
      for (let size = FIRST_PAGE_EVENTS; left > 0; size = Math.min(size * 4, PAGE_EVENTS_MAX)) {
        const count = Math.min(size, left);
        const read: Page | null = await Promise.race([readPage(page(last, count)), cancelled.promise]);
        if (read === null) return;
        const before: bigint | null = last?.position.commit ?? null;
        for (const event of read.events) {
          last = event;
          if (event.position.commit === before) continue;
          yield event;
          left -= 1;
        }
        if (read.received < count) return;
        if (left === Number.POSITIVE_INFINITY && remaining !== undefined && last !== null) left = await remaining(last);
      }
    },
  };
}

interface Page {
  readonly events: readonly DriverEvent[];
  /** With links whose event is gone. */
  readonly received: number;
}

async function readPage(page: AsyncIterable<unknown> | null): Promise<Page> {
  const events: DriverEvent[] = [];
  let received = 0;
  try {
    for await (const resolved of page ?? []) {
      received += 1;
      const event = driverEvent(resolved as ResolvedEvent);
      if (event !== null) events.push(event);
    }
  } catch (error) {
    throw driverFailure(error);
  }
  return { events, received };
}
