/** `muniment events`: the log as it stands, by stream, type and time. */
import { parseArgs } from 'node:util';
import type { DomainEvent } from '../domain/event.ts';
import type { EventCodec } from '../infra/event-codec/event-codec.ts';
import {
  type EventFilter,
  type EventStore,
  type RecordedEvent,
  STREAM_NAME,
} from '../infra/event-store/event-store.ts';
import { encodePosition, type Position } from '../infra/event-store/position.ts';
import { countOption, instantOption, subcommand, UsageError } from './command-line.ts';
import { inWidths, type Output, shown, writeJson } from './format.ts';
import { withReaderStores } from './reader.ts';

const HELP = `muniment events [options]

  --stream NAME    only this stream (user-7f0c…), or with a dash at the end all of a category (user-)
  --type PREFIX    only event types that begin so: identity.user.
  --since INSTANT  from this instant on, by the time at which it was done: 2026-01-31T10:00:00Z
  --until INSTANT  before this instant
  --limit N        at most N events
  --follow         goes on with new events until it is interrupted
  --open           opens sealed personal values; without it they stay sealed
  --json           one JSON object per line
  --help           this text
`;

const OPEN_BATCH = 256;
const WIDTHS = [24, 42, 4, 38, 42, 26];
const HEADS = ['TIME', 'STREAM', 'REV', 'TYPE', 'ACTOR', 'COMMAND', 'DATA'];

export interface EventsQuery {
  /** Null: all streams. With a dash at the end a category. */
  readonly stream: string | null;
  readonly typePrefix: string | null;
  readonly sinceMs: number | null;
  /** Exclusive. */
  readonly untilMs: number | null;
  readonly limit: number | null;
  readonly follow: boolean;
  readonly open: boolean;
  readonly json: boolean;
}

export interface EventsSource {
  readonly store: EventStore;
  readonly codec: EventCodec;
  readonly signal?: AbortSignal;
}

export const run = (args: readonly string[]): Promise<number> =>
  subcommand(HELP, async (output) => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        stream: { type: 'string' },
        type: { type: 'string' },
        since: { type: 'string' },
        until: { type: 'string' },
        limit: { type: 'string' },
        follow: { type: 'boolean', default: false },
        open: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return await output.line(HELP).then(() => 0);
    const { stream = null, type = null, follow, open, json } = values;
    const query: EventsQuery = {
      stream: stream === null ? null : streamOption(stream),
      typePrefix: type,
      sinceMs: instantOption('since', values.since),
      untilMs: instantOption('until', values.until),
      limit: countOption('limit', values.limit),
      follow,
      open,
      json,
    };
    const interrupted = new AbortController();
    if (follow) process.once('SIGINT', () => interrupted.abort());
    return await withReaderStores(async (stores) => {
      await writeEvents({ ...stores, signal: interrupted.signal }, query, output);
      return 0;
    });
  });

function streamOption(name: string): string {
  if (STREAM_NAME.test(name) || /^[a-z][a-z0-9]*-$/.test(name)) return name;
  throw new UsageError(`--stream takes a stream such as user-7f0c… or a category such as user-, not ${name}`);
}

/** How many were written. */
export async function writeEvents(source: EventsSource, query: EventsQuery, output: Output): Promise<number> {
  if (!query.json) await output.line(inWidths(HEADS, WIDTHS));
  let written = 0;
  let last: Position | 'start' = 'start';
  for await (const batch of batches(stored(source.store, query))) {
    for (const event of await readable(source, query, batch)) {
      await write(event, query, output);
      written += 1;
    }
    last = batch.at(-1)?.position ?? last;
    if (source.signal?.aborted === true) return written;
    if (query.limit !== null && written >= query.limit) return written;
  }
  if (!query.follow) return written;
  return written + (await follow(source, { query, last, written }, output));
}

async function* stored(store: EventStore, query: EventsQuery): AsyncIterable<RecordedEvent> {
  let found = 0;
  for await (const event of candidates(store, query)) {
    if (!matches(event, query)) continue;
    yield event;
    found += 1;
    if (found === query.limit) return;
  }
}

function candidates(store: EventStore, { stream, typePrefix }: EventsQuery): AsyncIterable<RecordedEvent> {
  if (stream !== null && !stream.endsWith('-')) return store.readStream(stream);
  const filter = filterOf(stream, typePrefix);
  return store.readAll(filter === null ? { after: 'start' } : { after: 'start', filter });
}

function filterOf(stream: string | null, typePrefix: string | null): EventFilter | null {
  if (stream !== null) return { streamPrefixes: [stream] };
  return typePrefix === null ? null : { typePrefixes: [typePrefix] };
}

function matches({ stream, type, meta }: RecordedEvent, query: EventsQuery): boolean {
  if (query.stream !== null && !query.stream.endsWith('-') && stream !== query.stream) return false;
  if (query.typePrefix !== null && !type.startsWith(query.typePrefix)) return false;
  const at = Date.parse(meta.at);
  if (query.sinceMs !== null && at < query.sinceMs) return false;
  return query.untilMs === null || at < query.untilMs;
}

async function follow(
  { store, codec, signal }: EventsSource,
  {
    query,
    last,
    written,
  }: { readonly query: EventsQuery; readonly last: Position | 'start'; readonly written: number },
  output: Output,
): Promise<number> {
  const filter = filterOf(query.stream, query.typePrefix);
  const options = { after: last, ...(filter === null ? {} : { filter }), ...(signal === undefined ? {} : { signal }) };
  let followed = 0;
  for await (const message of store.subscribe(options)) {
    if (message.kind !== 'event' || !matches(message.event, query)) continue;
    for (const event of await readable({ codec }, query, [message.event])) await write(event, query, output);
    followed += 1;
    if (query.limit !== null && written + followed >= query.limit) break;
  }
  return followed;
}

async function* batches(events: AsyncIterable<RecordedEvent>): AsyncIterable<readonly RecordedEvent[]> {
  let batch: RecordedEvent[] = [];
  for await (const event of events) {
    batch.push(event);
    if (batch.length < OPEN_BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

type Readable = Omit<DomainEvent, 'erased'> & { readonly erased?: boolean };

/** As stored, or opened and lifted to the newest versions. */
const readable = async (
  { codec }: Pick<EventsSource, 'codec'>,
  { open }: EventsQuery,
  batch: readonly RecordedEvent[],
): Promise<readonly Readable[]> => (open ? await codec.decode(batch) : batch);

async function write(event: Readable, { json }: EventsQuery, output: Output): Promise<void> {
  const { id, type, data, meta, stream, revision, position, erased } = event;
  if (json) {
    const place = { position: encodePosition(position), stream, revision: String(revision) };
    return await writeJson(output, { ...place, id, type, ...(erased === undefined ? {} : { erased }), data, meta });
  }
  const note = erased === true ? '(erased) ' : '';
  const cells = [meta.at, stream, String(revision), type, shown(meta.actor), shown(meta.command)];
  await output.line(inWidths([...cells, `${note}${shown(withoutEnvelopes(data))}`], WIDTHS));
}

/** An envelope is three lines of Base64 that tell a person nothing. */
function withoutEnvelopes(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  if ('$enc' in value) return '(sealed)';
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutEnvelopes(inner)]));
}
