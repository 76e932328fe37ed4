/** The driver over the official client for the protocol's first version, which every server speaks. */
import {
  ANY,
  type AppendExpectedRevision,
  BACKWARDS,
  END,
  EventStoreDBClient,
  type ExpectedRevision,
  eventTypeFilter,
  type Filter,
  FORWARDS,
  jsonEvent,
  NO_STREAM,
  START,
  STREAM_EXISTS,
  type SubscribeToAllOptions,
  streamNameFilter,
} from '@eventstore/db-client';
import type { JsonObject } from '../../../domain/json.ts';
import type { EventFilter, Expected, NewEvent, Revision } from '../event-store.ts';
import type { Position } from '../position.ts';
import { driverFailure } from './db-client-failure.ts';
import { driverRead } from './db-client-read.ts';
import { subscribeDbClient } from './db-client-subscription.ts';
import type { DriverAppend, DriverRead, DriverStreamRead, EsdbDriver, OpenDriver, ServerInfo } from './driver.ts';

/** A checkpoint after a thousand events that a filter passes over. */
const SEARCH_WINDOW = 500;
const CHECKPOINT_WINDOWS = 2;
const NO_SYSTEM_EVENTS = '^[^$].*';

const STREAMS = '/event_store.client.streams.streams/';
const STREAMS_V2 = '/kurrentdb.protocol.v2.streams.streamsservice/';

/** What the library keeps from its users: only so can its connection be closed and its server be asked what it can. */
interface ClientInternals {
  getChannel(): Promise<{ close(): void }>;
  readonly capabilities: Promise<{
    readonly serverVersion: string;
    supports(method: { readonly path: string }): boolean;
  }>;
}

/** `url` is a connection string of EventStoreDB; one client is one connection. */
export const dbClientDriver =
  (url: string): OpenDriver =>
  () =>
    openDbClient(EventStoreDBClient.connectionString(withOwnConnection(url)));

const KEEPALIVE = /([?&]keepAliveInterval=)(\d+)/i;
const KEEPALIVE_MS_MIN = 10_000;
/** Clients that may be open at a time, at least. */
const CONNECTIONS = 10_000;
let opened = 0;

/** Clients for the same server share one connection unless they differ in an option; milliseconds of this one matter little. */
function withOwnConnection(url: string): string {
  opened = (opened + 1) % CONNECTIONS;
  const given = KEEPALIVE.exec(url);
  if (given !== null) return url.replace(KEEPALIVE, `$1${Number(given[2]) + opened}`);
  return `${url}${url.includes('?') ? '&' : '?'}keepAliveInterval=${KEEPALIVE_MS_MIN + opened}`;
}

function openDbClient(client: EventStoreDBClient): EsdbDriver {
  const internals = client as unknown as ClientInternals;
  return {
    serverInfo: () => attempt(() => serverInfo(internals)),
    append: (stream, expected, events) => attempt(() => append(client, { stream, expected, events })),
    async writeMetadata(stream, expected, metadata) {
      const event = jsonEvent({ type: '$metadata', data: metadata });
      await attempt(() => client.appendToStream(`$$${stream}`, event, { expectedRevision: wireExpected(expected) }));
    },
    readStream: (stream, read) => readStream(client, stream, read),
    readAll: (read) =>
      driverRead(() =>
        'backward' in read
          ? client.readAll({ direction: BACKWARDS, fromPosition: END })
          : client.readAll({ direction: FORWARDS, fromPosition: read.from === 'start' ? START : read.from }),
      ),
    subscribe: ({ after, filter }, sink) =>
      subscribeDbClient((onCheckpoint) => client.subscribeToAll(subscription(after, filter, onCheckpoint)), sink),
    async remove(kind, stream, expected) {
      const options = { expectedRevision: wireExpected(expected) };
      await attempt(() =>
        kind === 'delete' ? client.deleteStream(stream, options) : client.tombstoneStream(stream, options),
      );
    },
    async close() {
      await client.dispose();
      await closeChannel(internals);
    },
  };
}

async function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw driverFailure(error);
  }
}

/** For a client that is used beside a driver. */
export const closeDbClient = (client: EventStoreDBClient): Promise<void> =>
  closeChannel(client as unknown as ClientInternals);

async function closeChannel(internals: ClientInternals): Promise<void> {
  try {
    (await internals.getChannel()).close();
  } catch (error) {
    // No member of a cluster was found: there is nothing to close.
    const failure = driverFailure(error);
    if (failure === error) throw error;
  }
}

async function serverInfo(internals: ClientInternals): Promise<ServerInfo> {
  const features = await internals.capabilities;
  return {
    version: features.serverVersion,
    batchAppend: features.supports({ path: `${STREAMS}batchappend` }),
    appendSession: features.supports({ path: `${STREAMS_V2}appendsession` }),
    appendRecords: features.supports({ path: `${STREAMS_V2}appendrecords` }),
  };
}

function wireExpected(expected: Revision | 'no-stream' | 'any'): ExpectedRevision;
function wireExpected(expected: Expected): AppendExpectedRevision;
function wireExpected(expected: Expected): AppendExpectedRevision {
  switch (expected) {
    case 'any':
      return ANY;
    case 'exists':
      return STREAM_EXISTS;
    case 'no-stream':
      return NO_STREAM;
    default:
      return expected;
  }
}

async function append(
  client: EventStoreDBClient,
  { stream, expected, events }: { stream: string; expected: Expected; events: readonly NewEvent[] },
): Promise<DriverAppend> {
  const wire = events.map(({ id, type, data, meta }) =>
    jsonEvent({ id, type, data: data as JsonObject & { [key: string]: unknown }, metadata: { ...meta } }),
  );
  const { nextExpectedRevision, position } = await client.appendToStream(stream, wire, {
    expectedRevision: wireExpected(expected),
  });
  return { revision: nextExpectedRevision, position: position ?? null };
}

function readStream(
  client: EventStoreDBClient,
  stream: string,
  { from, direction, max }: DriverStreamRead,
): DriverRead {
  return driverRead(() =>
    client.readStream(stream, {
      direction: direction === 'forward' ? FORWARDS : BACKWARDS,
      fromRevision: from === 'start' ? START : from === 'end' ? END : from,
      ...(max === undefined ? {} : { maxCount: max }),
    }),
  );
}

function subscription(
  after: Position | 'start',
  filter: EventFilter | undefined,
  onCheckpoint: (position: Position) => void,
): SubscribeToAllOptions {
  return { fromPosition: after === 'start' ? START : after, filter: wireFilter(filter, onCheckpoint) };
}

function wireFilter(filter: EventFilter | undefined, onCheckpoint: (position: Position) => void): Filter {
  const options = {
    maxSearchWindow: SEARCH_WINDOW,
    checkpointInterval: CHECKPOINT_WINDOWS,
    checkpointReached: async (_: unknown, position: Position) => onCheckpoint(position),
  };
  if (filter === undefined) return eventTypeFilter({ ...options, regex: NO_SYSTEM_EVENTS });
  return 'typePrefixes' in filter
    ? eventTypeFilter({ ...options, prefixes: [...filter.typePrefixes] })
    : streamNameFilter({ ...options, prefixes: [...filter.streamPrefixes] });
}
