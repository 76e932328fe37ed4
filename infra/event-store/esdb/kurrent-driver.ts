/**
 * The driver over the newest official client, which appends to several streams at once.
 *
 * Its package is optional. It writes into the same global object as the other client, so a process loads one of them.
 */
import type {
  EventStoreDBClient,
  eventTypeFilter as EventTypeFilter,
  jsonEvent as JsonEvent,
  streamNameFilter as StreamNameFilter,
} from '@eventstore/db-client';
import {
  type AppendStreamRequest,
  eventTypeFilter,
  jsonEvent,
  KurrentDBClient,
  type StreamStateCheck,
  streamNameFilter,
} from '@kurrent/kurrentdb-client';
import type { AtomicAppendResult, StreamAppend } from '../event-store.ts';
import type { OpenDriver } from './driver.ts';
import { pagedRead } from './kurrent-read.ts';
import {
  type OfficialLibrary,
  officialDriver,
  wireEvents,
  wireExpected,
  withOwnConnection,
} from './official-driver.ts';

/** `url` is a connection string of EventStoreDB or KurrentDB; one client is one connection. */
export const kurrentDriver =
  (url: string): OpenDriver =>
  () => {
    // The client warns on standard output of the older name.
    const client = KurrentDBClient.connectionString(withOwnConnection(url.replace(/^esdb(?=\+|:)/, 'kurrentdb')));
    return officialDriver({
      client: client as unknown as EventStoreDBClient,
      jsonEvent: jsonEvent as unknown as typeof JsonEvent,
      eventTypeFilter: eventTypeFilter as unknown as typeof EventTypeFilter,
      streamNameFilter: streamNameFilter as unknown as typeof StreamNameFilter,
      appendAtomic: (parts) => appendAtomic(client, parts),
      appendOptions: (streamState) => ({ streamState }) as object,
      readStream: (stream, { from, direction, max }) =>
        pagedRead({
          max: max ?? null,
          ...(direction === 'forward' ? { remaining: (last) => eventsBehind(client, stream, last.revision) } : {}),
          page: (last, maxCount) => {
            const next = last === null ? from : last.revision + (direction === 'forward' ? 1n : -1n);
            if (next === -1n) return null;
            const wire = direction === 'forward' ? 'forwards' : 'backwards';
            return client.readStream(stream, { direction: wire, fromRevision: placeOf(next, direction), maxCount });
          },
        }),
      readAll: (read) =>
        pagedRead({
          max: null,
          page: (last, maxCount) => {
            if ('backward' in read)
              return client.readAll({ direction: 'backwards', fromPosition: last?.position ?? 'end', maxCount });
            return client.readAll({ direction: 'forwards', fromPosition: last?.position ?? read.from, maxCount });
          },
        }),
    });
  };

/** Behind the end of every stream. */
const NEVER_REACHED = 2n ** 62n;

/** The client takes the start of a read that goes back, and the end of one that goes forward, for the other one. */
function placeOf(next: bigint | 'start' | 'end', direction: 'forward' | 'backward'): bigint | 'start' | 'end' {
  if (direction === 'forward') return next === 'end' ? NEVER_REACHED : next;
  return next === 'start' ? 0n : next;
}

async function eventsBehind(client: KurrentDBClient, stream: string, revision: bigint): Promise<number> {
  const last = pagedRead({
    max: 1,
    page: () => client.readStream(stream, { direction: 'backwards', fromRevision: 'end', maxCount: 1 }),
  });
  for await (const event of last) return Number(event.revision - revision);
  return 0;
}

async function appendAtomic(client: KurrentDBClient, parts: readonly StreamAppend[]): Promise<AtomicAppendResult> {
  const { position, responses } = parts.every(({ events }) => events.length > 0)
    ? await client.multiStreamAppend(parts.map(sessionPart))
    : await client.appendRecords(parts.flatMap(records), parts.map(check));
  const revisions = new Map(responses.map(({ streamName, revision }) => [streamName, revision]));
  return { position: { commit: position, prepare: position }, revisions };
}

type AppendRecord = Parameters<KurrentDBClient['appendRecords']>[0][number];

const library = { jsonEvent: jsonEvent as unknown as OfficialLibrary['jsonEvent'] };

const sessionPart = ({ stream, expected, events }: StreamAppend): AppendStreamRequest => ({
  streamName: stream,
  expectedState: wireExpected(expected),
  events: wireEvents(library, events) as unknown as AppendStreamRequest['events'],
});

const records = ({ stream, events }: StreamAppend): AppendRecord[] =>
  wireEvents(library, events).map((record) => ({ streamName: stream, record }) as unknown as AppendRecord);

const check = ({ stream, expected }: StreamAppend): StreamStateCheck => ({
  type: 'stream_state',
  streamName: stream,
  expectedState: wireExpected(expected),
});
