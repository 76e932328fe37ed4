/** The driver over either of the official clients: their methods are the same, and some of their options are not. */
import type {
  AppendExpectedRevision,
  AppendToStreamOptions,
  EventStoreDBClient,
  ExpectedRevision,
  eventTypeFilter,
  Filter,
  jsonEvent,
  SubscribeToAllOptions,
  streamNameFilter,
} from '@eventstore/db-client';
import type { JsonObject } from '../../../domain/json.ts';
import type { EventFilter, Expected, NewEvent, Revision } from '../event-store.ts';
import type { Position } from '../position.ts';
import { driverFailure } from './client-failure.ts';
import { subscribeClient } from './client-subscription.ts';
import type { DriverAppend, EsdbDriver, ServerInfo } from './driver.ts';

/** A checkpoint after a thousand events that a filter passes over. */
const SEARCH_WINDOW = 500;
const CHECKPOINT_WINDOWS = 2;
const NO_SYSTEM_EVENTS = '^[^$].*';

const STREAMS = '/event_store.client.streams.streams/';
const STREAMS_V2 = '/kurrentdb.protocol.v2.streams.streamsservice/';

/** What the libraries keep from their users: only so can a connection be closed and a server be asked what it can. */
interface ClientInternals {
  getChannel(): Promise<{ close(): void }>;
  readonly capabilities: Promise<{
    readonly serverVersion: string;
    supports(method: { readonly path: string }): boolean;
  }>;
}

export type WireEvent = ReturnType<typeof jsonEvent>;

/** What differs between the libraries; types are those of the older one. */
export interface OfficialLibrary extends Pick<EsdbDriver, 'readStream' | 'readAll' | 'appendAtomic'> {
  readonly client: EventStoreDBClient;
  readonly jsonEvent: typeof jsonEvent;
  readonly eventTypeFilter: typeof eventTypeFilter;
  readonly streamNameFilter: typeof streamNameFilter;
  appendOptions(expected: AppendExpectedRevision): AppendToStreamOptions;
}

const KEEPALIVE = /([?&]keepAliveInterval=)(\d+)/i;
const KEEPALIVE_MS_MIN = 10_000;
/** Clients that may be open at a time, at least. */
const CONNECTIONS = 10_000;
let opened = 0;

/** Clients for the same server share one connection unless they differ in an option; milliseconds of this one matter little. */
export function withOwnConnection(url: string): string {
  opened = (opened + 1) % CONNECTIONS;
  const given = KEEPALIVE.exec(url);
  if (given !== null) return url.replace(KEEPALIVE, `$1${Number(given[2]) + opened}`);
  return `${url}${url.includes('?') ? '&' : '?'}keepAliveInterval=${KEEPALIVE_MS_MIN + opened}`;
}

export function officialDriver(library: OfficialLibrary): EsdbDriver {
  const { client, appendAtomic } = library;
  const internals = client as unknown as ClientInternals;
  return {
    serverInfo: () => attempt(() => serverInfo(internals)),
    append: (stream, expected, events) => attempt(() => append(library, { stream, expected, events })),
    appendAtomic: appendAtomic === null ? null : (parts) => attempt(() => appendAtomic(parts)),
    async writeMetadata(stream, expected, metadata) {
      const event = library.jsonEvent({ type: '$metadata', data: metadata });
      await attempt(() => client.appendToStream(`$$${stream}`, event, library.appendOptions(wireExpected(expected))));
    },
    readStream: library.readStream,
    readAll: library.readAll,
    subscribe: ({ after, filter }, sink) =>
      subscribeClient(
        (onCheckpoint) => client.subscribeToAll(subscription(library, { after, filter, onCheckpoint })),
        sink,
      ),
    async remove(kind, stream, expected) {
      const options = { expectedRevision: wireExpected(expected) };
      await attempt(() =>
        kind === 'delete' ? client.deleteStream(stream, options) : client.tombstoneStream(stream, options),
      );
    },
    async close() {
      await client.dispose();
      await closeChannelOf(client);
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

export async function closeChannelOf(client: object): Promise<void> {
  try {
    (await (client as ClientInternals).getChannel()).close();
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

export function wireExpected(expected: Revision | 'no-stream' | 'any'): ExpectedRevision;
export function wireExpected(expected: Expected): AppendExpectedRevision;
export function wireExpected(expected: Expected): AppendExpectedRevision {
  switch (expected) {
    case 'any':
      return 'any';
    case 'exists':
      return 'stream_exists';
    case 'no-stream':
      return 'no_stream';
    default:
      return expected;
  }
}

export const wireEvents = (library: Pick<OfficialLibrary, 'jsonEvent'>, events: readonly NewEvent[]): WireEvent[] =>
  events.map(({ id, type, data, meta }) =>
    library.jsonEvent({ id, type, data: data as JsonObject & { [key: string]: unknown }, metadata: { ...meta } }),
  );

async function append(
  library: OfficialLibrary,
  { stream, expected, events }: { stream: string; expected: Expected; events: readonly NewEvent[] },
): Promise<DriverAppend> {
  const options = library.appendOptions(wireExpected(expected));
  const appended = await library.client.appendToStream(stream, wireEvents(library, events), options);
  return { revision: appended.nextExpectedRevision, position: appended.position ?? null };
}

interface SubscriptionRequest {
  readonly after: Position | 'start';
  readonly filter: EventFilter | undefined;
  readonly onCheckpoint: (position: Position) => void;
}

const subscription = (library: OfficialLibrary, request: SubscriptionRequest): SubscribeToAllOptions => ({
  fromPosition: request.after,
  filter: wireFilter(library, request),
});

function wireFilter(library: OfficialLibrary, { filter, onCheckpoint }: SubscriptionRequest): Filter {
  const options = {
    maxSearchWindow: SEARCH_WINDOW,
    checkpointInterval: CHECKPOINT_WINDOWS,
    checkpointReached: async (_: unknown, position: Position) => onCheckpoint(position),
  };
  if (filter === undefined) return library.eventTypeFilter({ ...options, regex: NO_SYSTEM_EVENTS });
  return 'typePrefixes' in filter
    ? library.eventTypeFilter({ ...options, prefixes: [...filter.typePrefixes] })
    : library.streamNameFilter({ ...options, prefixes: [...filter.streamPrefixes] });
}
