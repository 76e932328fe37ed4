/** Subscriptions: what is there after the start, then what comes. */
import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { StoredEvent, StoredLog } from '../../infra/event-store/stored-log.ts';
import { PAGE_EVENTS, PAGE_POSITIONS } from './read.ts';
import { caughtUpMessage, checkpointMessage, confirmationMessage, eventMessage } from './read-messages.ts';
import type { ReadQuery } from './read-request.ts';
import { streamDeleted } from './wire-error.ts';

const REVISION_MAX = 2n ** 63n - 1n;

export async function* subscriptionMessages(
  log: StoredLog,
  query: ReadQuery,
  signal: AbortSignal,
): AsyncGenerator<ReadResp> {
  const { stream } = query;
  if (stream !== null) yield* followStream(log, { ...query, stream }, signal);
  else yield* followAll(log, query, signal);
}

async function* followAll(log: StoredLog, query: ReadQuery, signal: AbortSignal): AsyncGenerator<ReadResp> {
  const { filter, uuidForm, from } = query;
  let scanned = startOf(log, from);
  yield confirmationMessage(randomUUID());
  let told = scanned;
  let live = false;
  while (!signal.aborted) {
    const head = log.head();
    if (scanned >= head) {
      if (!live) {
        if (filter !== null && scanned > 0n) yield checkpointMessage(scanned);
        told = scanned;
        yield caughtUpMessage();
        live = true;
      }
      await headBehind(log, scanned, signal);
      continue;
    }
    const page = log.readAll({
      direction: 'forward',
      from: scanned + 1n,
      limit: PAGE_EVENTS,
      window: filter === null ? PAGE_EVENTS : Math.min(filter.checkpointEvents, PAGE_POSITIONS),
      ...(filter?.prefixes ? { filter: filter.prefixes } : {}),
    });
    const events: readonly StoredEvent[] = filter === null ? page.events : filter.select(page.events);
    for (const event of events) yield eventMessage(event, uuidForm);
    // What was committed meanwhile lies behind the head that the page saw; its last event tells how far it came.
    scanned = page.next === null ? later(head, page.events.at(-1)?.position ?? 0n) : page.next - 1n;
    if (filter !== null && scanned - told >= BigInt(filter.checkpointEvents)) {
      told = scanned;
      yield checkpointMessage(scanned);
    }
    await nextTurn();
  }
}

const later = (a: bigint, b: bigint): bigint => (a > b ? a : b);

function startOf(log: StoredLog, from: ReadQuery['from']): bigint {
  if (from === 'start') return 0n;
  return from === 'end' ? log.head() : from;
}

async function* followStream(
  log: StoredLog,
  query: ReadQuery & { readonly stream: string },
  signal: AbortSignal,
): AsyncGenerator<ReadResp> {
  const { stream, uuidForm } = query;
  let next = nextRevision(log, query);
  yield confirmationMessage(randomUUID());
  let live = false;
  while (!signal.aborted) {
    const head = log.head();
    const events =
      next > REVISION_MAX ? [] : log.readStream({ stream, direction: 'forward', from: next, limit: PAGE_EVENTS });
    for (const event of events) {
      yield eventMessage(event, uuidForm);
      next = event.revision + 1n;
    }
    if (events.length === PAGE_EVENTS) {
      await nextTurn();
      continue;
    }
    if (log.streamInfo(stream).state === 'tombstoned') throw streamDeleted(stream);
    if (!live) {
      live = true;
      yield caughtUpMessage();
    }
    await headBehind(log, head, signal);
  }
}

function nextRevision(log: StoredLog, { stream, from }: ReadQuery & { readonly stream: string }): bigint {
  if (from === 'start') return 0n;
  if (from !== 'end') return from + 1n;
  return (log.streamInfo(stream).revision ?? -1n) + 1n;
}

async function headBehind(log: StoredLog, after: bigint, signal: AbortSignal): Promise<void> {
  const wait = log.waitBehind(after);
  signal.addEventListener('abort', wait.cancel, { once: true });
  if (signal.aborted) wait.cancel();
  await wait.done;
  signal.removeEventListener('abort', wait.cancel);
}
