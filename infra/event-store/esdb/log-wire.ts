/** A server of EventStoreDB as a side of a copy. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { EventStoreDBClient } from '@eventstore/db-client';
import { parseMetadata } from '../embedded/stream-metadata.ts';
import { InvalidArgument } from '../errors.ts';
import { APPEND_BYTES_MAX, APPEND_EVENTS_MAX, type Revision } from '../event-store.ts';
import { sizeOf } from '../log-copy/log-digest.ts';
import {
  GAP_FILLED,
  itemOf,
  type LogItem,
  type LogSource,
  type LogTarget,
  type StoredItem,
} from '../log-copy/log-side.ts';
import { driverFailure } from './client-failure.ts';
import { closeDbClient } from './db-client-driver.ts';
import { DriverFailure } from './driver.ts';
import { appendRaw, type RawAppend, type RawClient, type RawEvent, readRaw } from './raw-client.ts';
import { storeFailure } from './store-failure.ts';

const RETRIES_MAX = 5;
const BACKOFF_MS = 50;

/** Throws the classes of `errors.ts`, at the first use as well: nothing is asked of the server before. */
export function openWireLog(url: string): LogSource & LogTarget {
  const client = clientFor(url);
  const raw = client as unknown as RawClient;
  let last: string | null = null;
  return {
    name: withoutCredentials(url),
    async *items() {
      for await (const item of itemsOf(readRaw(raw, { all: true }))) {
        last = item.id;
        yield item;
      }
    },
    async hasGrown() {
      for await (const item of itemsOf(readRaw(raw, { all: 'last' }))) return item.id !== last;
      return false;
    },
    async write(items) {
      for (const run of runsOf(items)) await write(raw, client, run);
    },
    complete: async () => undefined,
    async close() {
      await client.dispose();
      await closeDbClient(client);
    },
  };
}

/** KurrentDB goes by either name; the client knows the older one. */
function clientFor(url: string): EventStoreDBClient {
  try {
    return EventStoreDBClient.connectionString(url.replace(/^kurrentdb/, 'esdb'));
  } catch {
    // The parser's own message repeats the string, with its password.
    throw new InvalidArgument(`the connection string of ${withoutCredentials(url)} is not understood`);
  }
}

const withoutCredentials = (url: string): string => url.replace(/\?.*$/, '').replace(/\/\/.*@/, '//');

async function* itemsOf(stored: AsyncIterable<StoredItem>): AsyncGenerator<LogItem> {
  try {
    for await (const event of stored) {
      const item = itemOf(event);
      if (item !== null) yield item;
    }
  } catch (error) {
    throw storeFailure(error);
  }
}

type Run = readonly [LogItem, ...LogItem[]];

/** What stands next to each other in one stream goes in one append; more would change the order of the log. */
function runsOf(items: readonly LogItem[]): readonly Run[] {
  const runs: [LogItem, ...LogItem[]][] = [];
  let bytes = 0;
  for (const item of items) {
    const size = sizeOf(item.data) + sizeOf(item.meta) + 2 * item.type.length;
    const run = runs.at(-1);
    const last = run?.at(-1);
    const joins =
      run !== undefined &&
      item.kind === 'event' &&
      last?.kind === 'event' &&
      last.stream === item.stream &&
      item.revision === last.revision + 1n &&
      run.length < APPEND_EVENTS_MAX &&
      bytes + size <= APPEND_BYTES_MAX;
    if (joins) run.push(item);
    else runs.push([item]);
    bytes = joins ? bytes + size : size;
  }
  return runs;
}

async function write(raw: RawClient, client: EventStoreDBClient, run: Run): Promise<void> {
  const [first] = run;
  switch (first.kind) {
    case 'event':
      return await writeEvents(raw, { stream: first.stream, expected: before(first.revision), events: run });
    case 'metadata':
      return await writeMetadata(raw, first);
    case 'tombstone':
      return await tombstone(client, first.stream);
    default:
      return first.kind satisfies never;
  }
}

const before = (revision: Revision): Revision | 'no-stream' => (revision === 0n ? 'no-stream' : revision - 1n);

async function writeEvents(raw: RawClient, append: RawAppend): Promise<void> {
  const conflict = await appended(raw, append);
  if (conflict === null) return;
  const next = conflict === 'no-stream' ? 0n : conflict + 1n;
  const first = typeof append.expected === 'bigint' ? append.expected + 1n : 0n;
  if (next >= first) throw new Error(`the server has more of stream ${append.stream} than the source`);
  await fillGap(raw, append.stream, { next, first });
  const again = await appended(raw, append);
  if (again !== null) throw new Error(`stream ${append.stream} changed while its gap was filled`);
}

/** A server numbers from 0 without a hole: where a scavenge has removed the beginning, something must stand. */
async function fillGap(
  raw: RawClient,
  stream: string,
  { next, first }: { readonly next: Revision; readonly first: Revision },
): Promise<void> {
  for (let from = next; from < first; from += BigInt(APPEND_EVENTS_MAX)) {
    const count = Math.min(APPEND_EVENTS_MAX, Number(first - from));
    const events = Array.from({ length: count }, (): RawEvent => {
      return { id: randomUUID(), type: GAP_FILLED, json: true, data: '{}', meta: '{}' };
    });
    const conflict = await appended(raw, { stream, expected: before(from), events });
    if (conflict !== null) throw new Error(`stream ${stream} was written to by somebody else: it is at ${conflict}`);
  }
}

/**
 * A server writes by itself the metadata that ends a soft removal: it is there already, then. Revisions of metadata
 * agree unless a scavenge of the source has removed older ones.
 */
async function writeMetadata(raw: RawClient, item: LogItem): Promise<void> {
  const append = { stream: `$$${item.stream}`, events: [item] };
  const conflict = await appended(raw, { ...append, expected: before(item.revision) });
  if (conflict === null) return;
  const known = await lastMetadata(raw, item.stream);
  const itself = known !== null && endsRemoval(item) && isSame(known, item);
  if (itself || (conflict !== 'no-stream' && conflict >= item.revision)) return;
  const again = await appended(raw, { ...append, expected: conflict });
  if (again !== null) throw new Error(`the metadata of stream ${item.stream} was written by somebody else`);
}

const endsRemoval = ({ data }: LogItem): boolean => typeof parseMetadata(String(data)).truncateBefore === 'number';

const isSame = (a: StoredItem, b: StoredItem): boolean =>
  JSON.stringify(parseMetadata(String(a.data))) === JSON.stringify(parseMetadata(String(b.data)));

async function lastMetadata(raw: RawClient, stream: string): Promise<StoredItem | null> {
  return await repeated(async () => {
    for await (const item of readRaw(raw, { stream: `$$${stream}`, last: true })) return item;
    return null;
  });
}

async function tombstone(client: EventStoreDBClient, stream: string): Promise<void> {
  await repeated(async () => {
    try {
      await client.tombstoneStream(stream);
    } catch (error) {
      const failure = driverFailure(error);
      if (!(failure instanceof DriverFailure && failure.kind === 'tombstoned')) throw failure;
    }
  });
}

/** Null: it is there now. Else where the stream stands. */
async function appended(raw: RawClient, append: RawAppend): Promise<Revision | 'no-stream' | null> {
  try {
    await repeated(() => appendRaw(raw, append));
    return null;
  } catch (error) {
    if (error instanceof DriverFailure && error.kind === 'wrong-revision') return error.actual;
    throw storeFailure(error);
  }
}

const PASSING = new Set(['lost', 'unreached', 'timeout']);

/** The same ids behind the same revision: a server writes them once. */
async function repeated<T>(work: () => Promise<T>): Promise<T> {
  for (let retries = 0; ; retries += 1) {
    try {
      return await work();
    } catch (error) {
      const passes = error instanceof DriverFailure && PASSING.has(error.kind);
      if (!passes || retries >= RETRIES_MAX) throw error;
    }
    await pause(BACKOFF_MS * 2 ** retries * (0.5 + Math.random()));
  }
}
