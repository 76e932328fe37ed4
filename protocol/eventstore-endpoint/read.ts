/** Reads of a stream or of the whole log, page by page. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { StoredEvent, StoredLog } from '../../infra/event-store/stored-log.ts';
import { eventMessage, lastStreamPositionMessage, streamNotFoundMessage } from './read-messages.ts';
import type { ReadQuery } from './read-request.ts';
import { streamDeleted } from './wire-error.ts';

export const PAGE_EVENTS = 256;
/** Positions that a filter may pass over in one page. */
export const PAGE_POSITIONS = 2_048;

const REVISION_MAX = 2n ** 63n - 1n;

type Read = ReadQuery & { readonly count: bigint };

export async function* readMessages(log: StoredLog, query: Read): AsyncGenerator<ReadResp> {
  const { stream } = query;
  if (stream !== null) yield* readStream(log, { ...query, stream });
  else yield* readAll(log, query);
}

const limitOf = (left: bigint): number => (left < BigInt(PAGE_EVENTS) ? Number(left) : PAGE_EVENTS);

async function* readStream(log: StoredLog, query: Read & { readonly stream: string }): AsyncGenerator<ReadResp> {
  const { stream, direction, uuidForm } = query;
  const { state, revision } = log.streamInfo(stream);
  if (state === 'tombstoned') throw streamDeleted(stream);
  if (state !== 'present') {
    yield streamNotFoundMessage(stream);
    return;
  }
  const step = direction === 'forward' ? 1n : -1n;
  let from = firstRevision(query);
  let left = query.count;
  // A read ends where the stream ended when it began, and does not run after its writers.
  const last = direction === 'forward' ? (revision ?? -1n) : REVISION_MAX;
  while (left > 0n && from >= 0n && from <= last) {
    const toEnd = direction === 'forward' ? last - from + 1n : left;
    const limit = limitOf(left < toEnd ? left : toEnd);
    const events: readonly StoredEvent[] = log.readStream({ stream, direction, from, limit });
    for (const event of events) yield eventMessage(event, uuidForm);
    const lastEvent = events.at(-1);
    if (lastEvent === undefined || events.length < limit) break;
    from = lastEvent.revision + step;
    left -= BigInt(events.length);
    await nextTurn();
  }
  if (query.tellsEnds && revision !== undefined) yield lastStreamPositionMessage(revision);
}

function firstRevision({ from }: Read): bigint {
  if (from === 'start') return 0n;
  return from === 'end' || from > REVISION_MAX ? REVISION_MAX : from;
}

async function* readAll(log: StoredLog, query: Read): AsyncGenerator<ReadResp> {
  const { direction, filter, uuidForm } = query;
  let left = query.count;
  let next: bigint | null = firstPosition(log, query);
  while (left > 0n && next !== null) {
    const page = log.readAll({
      direction,
      from: next,
      limit: limitOf(left),
      window: filter === null ? PAGE_EVENTS : PAGE_POSITIONS,
      ...(filter?.prefixes ? { filter: filter.prefixes } : {}),
    });
    const events: readonly StoredEvent[] = filter === null ? page.events : filter.select(page.events);
    for (const event of events) yield eventMessage(event, uuidForm);
    next = page.next;
    left -= BigInt(events.length);
    await nextTurn();
  }
}

function firstPosition(log: StoredLog, { from, direction }: Read): bigint | null {
  if (from === 'end') return direction === 'backward' ? log.head() + 1n : null;
  if (from !== 'start') return from;
  return direction === 'backward' ? null : 0n;
}
