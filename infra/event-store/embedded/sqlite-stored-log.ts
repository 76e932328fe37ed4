/** The stored log over the tables of the embedded store. */
import { InvalidArgument } from '../errors.ts';
import type { Expected, StreamInfo, StreamName } from '../event-store.ts';
import type {
  HeadWait,
  NewStoredEvent,
  StoredAppendResult,
  StoredBytes,
  StoredEvent,
  StoredLog,
  StoredLogEvents,
  StoredLogPage,
  StoredSession,
  StoredSessionResult,
  StoredStreamPage,
} from '../stored-log.ts';
import { compileFilter } from './event-filter.ts';
import type { HeadWatch } from './head-watch.ts';
import type { LogAppender } from './log-appender.ts';
import type { LogReader } from './log-reader.ts';
import { readStoredLog, readStoredStream } from './stored-events.ts';
import { type AppendPart, type AppendReply, expectedNumber, type SessionJob } from './writer-jobs.ts';

export const STORED_STREAM_NAME_MAX = 1_000;
const METASTREAM = '$$';

export interface StoredLogParts {
  readonly reader: LogReader;
  readonly watch: HeadWatch;
  /** Throws where the log was opened for reading. */
  readonly appender: () => LogAppender;
  /** Hears the writer's answer about streams; null: unknown. */
  readonly advanced: (streams: readonly StreamName[], reply: AppendReply | null) => void;
  readonly removed: (stream: StreamName) => void;
}

export class SqliteStoredLog implements StoredLog {
  readonly #parts: StoredLogParts;

  constructor(parts: StoredLogParts) {
    this.#parts = parts;
  }

  head(): bigint {
    return this.#parts.watch.head();
  }

  waitBehind(after: bigint): HeadWait {
    return this.#parts.watch.wait(after);
  }

  readStream(page: StoredStreamPage): readonly StoredEvent[] {
    return readStoredStream(this.#parts.reader.database, page);
  }

  readAll(page: StoredLogPage): StoredLogEvents {
    const filter = compileFilter(page.filter);
    return readStoredLog(this.#parts.reader.database, { ...page, head: this.head(), compiled: filter });
  }

  streamInfo(stream: string): StreamInfo {
    return this.#parts.reader.streamInfo(stream);
  }

  async append(stream: string, expected: Expected, events: readonly NewStoredEvent[]): Promise<StoredAppendResult> {
    checkWritable(stream, events);
    const settled = (reply: AppendReply | null): void => this.#settled([stream], reply);
    const [position = 0, revision = -1] = await this.#parts
      .appender()
      .submit<AppendReply>([[stream, expectedNumber(expected), encodedEvents(events)]], settled);
    return {
      revision: revision < 0 ? null : BigInt(revision),
      position: events.length === 0 ? null : BigInt(position),
    };
  }

  async appendSession({ parts, order }: StoredSession): Promise<StoredSessionResult> {
    for (const { stream, events } of parts) checkWritable(stream, events);
    const encoded = parts.map(({ stream, expected, events }): AppendPart => {
      return [stream, expectedNumber(expected), encodedEvents(events)];
    });
    const streams = parts.map(({ stream }) => stream);
    const settled = (reply: AppendReply | null): void => this.#settled(streams, reply);
    const job: SessionJob = { kind: 'session', parts: encoded, order };
    const [position = 0, ...revisions] = await this.#parts.appender().submit<AppendReply>(job, settled);
    return {
      revisions: parts.map(({ events }, index) => (events.length === 0 ? null : BigInt(revisions[index] ?? 0))),
      position: BigInt(position),
    };
  }

  async remove(kind: 'delete' | 'tombstone', stream: string, expected: Expected): Promise<bigint> {
    checkName(stream);
    if (stream.startsWith('$')) throw new InvalidArgument('a stream of the system cannot be removed');
    const job = { kind, stream, expected: expectedNumber(expected) } as const;
    const removed = (): void => this.#parts.removed(stream);
    const [position = 0] = await this.#parts.appender().submit<AppendReply>(job, removed);
    return BigInt(position);
  }

  #settled(streams: readonly string[], reply: AppendReply | null): void {
    this.#parts.advanced(streams, reply);
    for (const stream of streams) {
      if (stream.startsWith(METASTREAM)) this.#parts.removed(stream.slice(METASTREAM.length));
    }
  }
}

const encodedEvents = (events: readonly NewStoredEvent[]): StoredBytes[] =>
  events.flatMap(({ id, type, data, meta }) => [id, type, data, meta]);

function checkName(stream: string): void {
  if (stream === '' || stream.length > STORED_STREAM_NAME_MAX)
    throw new InvalidArgument(`a stream name has 1 to ${STORED_STREAM_NAME_MAX} characters`);
}

/** What begins with a dollar is the system's; of that only the metadata of a stream may be written. */
function checkWritable(stream: string, events: readonly NewStoredEvent[]): void {
  checkName(stream);
  const isMetastream = stream.startsWith(METASTREAM);
  if (stream.startsWith('$') && (!isMetastream || stream.startsWith('$', METASTREAM.length) || stream.length < 3))
    throw new InvalidArgument(`stream ${stream} belongs to the system`);
  for (const { type, data } of events) {
    if (isMetastream ? type !== '$metadata' : type === '' || type.startsWith('$'))
      throw new InvalidArgument(`events of type ${JSON.stringify(type)} cannot be written to ${stream}`);
    if (isMetastream && typeof data !== 'string') throw new InvalidArgument('metadata of a stream is JSON');
  }
}
