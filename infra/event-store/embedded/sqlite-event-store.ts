import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Database } from '../../sqlite/database.ts';
import { checkExpected, checkStreamName, encodeAppend, encodeParts } from '../encode-append.ts';
import { InvalidArgument, StreamTombstoned, Unsupported } from '../errors.ts';
import {
  APPEND_BYTES_MAX,
  type AppendOptions,
  type AppendResult,
  type AtomicAppendResult,
  type Capabilities,
  EVENT_BYTES_MAX,
  type EventStore,
  type Expected,
  type NewEvent,
  type ReadAllOptions,
  type ReadStreamOptions,
  type RecordedEvent,
  type Retention,
  type StoreHealth,
  type StreamAppend,
  type StreamInfo,
  type StreamName,
  SUBSCRIPTION_BUFFER_EVENTS,
  type SubscribeOptions,
  type SubscriptionMessage,
} from '../event-store.ts';
import type { Position } from '../position.ts';
import type { StoredLog } from '../stored-log.ts';
import { checkRetention } from '../technical-streams.ts';
import { ContextHeads } from './context-heads.ts';
import { compileFilter } from './event-filter.ts';
import { type HeadWatch, watchHead } from './head-watch.ts';
import { type LogAppender, type ScavengeReport, spaceSentence } from './log-appender.ts';
import { LogReader, PAGE_EVENTS } from './log-reader.ts';
import { type Page, PagedEvents } from './paged-events.ts';
import { readLogRow } from './schema.ts';
import { SqliteStoredLog } from './sqlite-stored-log.ts';
import { StreamHeads } from './stream-heads.ts';
import { Subscription } from './subscription.ts';
import { type AppendPart, type AppendReply, expectedNumber } from './writer-jobs.ts';

export interface EmbeddedEventStore extends EventStore {
  /** For readers in other threads of the process; null where this store itself has none. */
  readonly headSignal: SharedArrayBuffer | null;
  /** Deletes what retention and removal hide and overwrites its bytes. Positions keep their gaps. */
  scavenge(): Promise<ScavengeReport>;
  /** The same log as it lies there. */
  readonly stored: StoredLog;
}

export interface EventStoreParts {
  readonly file: string;
  /** Read-only. */
  readonly database: Database;
  readonly freeBytesMin: number;
  /** Null: opened for reading. */
  readonly appender: LogAppender | null;
  readonly headSignal: SharedArrayBuffer | null;
}

const CAPABILITIES: Capabilities = {
  atomicMultiStream: true,
  checkUnwrittenStreams: true,
  physicalErase: true,
  maxAppendBytes: APPEND_BYTES_MAX,
  maxEventBytes: EVENT_BYTES_MAX,
};

const REVISION_MAX = 2n ** 62n;

const positionOf = (commit: bigint): Position => ({ commit, prepare: commit });

export class SqliteEventStore implements EmbeddedEventStore {
  readonly identity: string;
  readonly capabilities = CAPABILITIES;
  readonly headSignal: SharedArrayBuffer | null;
  readonly stored: StoredLog;
  readonly #parts: EventStoreParts;
  readonly #reader: LogReader;
  readonly #watch: HeadWatch;
  readonly #closing = new AbortController();
  /** Null where another thread or process writes; the next one as well. */
  readonly #heads: StreamHeads | null;
  readonly #contexts: ContextHeads | null;

  constructor(parts: EventStoreParts) {
    this.#parts = parts;
    this.#heads = parts.appender === null ? null : new StreamHeads();
    this.#reader = new LogReader(parts.database);
    this.#contexts = parts.appender === null ? null : new ContextHeads(() => this.#reader.lastPosition() ?? 0n);
    this.#watch = watchHead(parts.headSignal, () => this.#reader.head());
    this.headSignal = parts.headSignal;
    this.identity = readLogRow(parts.database).identity;
    this.stored = new SqliteStoredLog({
      reader: this.#reader,
      watch: this.#watch,
      appender: () => this.#appender(),
      advanced: (streams, reply) => {
        this.#advance(streams, reply);
        this.#contexts?.forget();
      },
      removed: (stream) => this.#heads?.forget(stream),
    });
  }

  async append(
    stream: StreamName,
    expected: Expected,
    events: readonly NewEvent[],
    options?: AppendOptions,
  ): Promise<AppendResult> {
    const part: AppendPart = [stream, expectedNumber(expected), encodeAppend({ stream, expected, events })];
    const settled = (reply: AppendReply | null): void => {
      this.#advance([stream], reply);
      this.#advanceContexts(events, reply);
    };
    const [position, revision] = await this.#appender().submit<AppendReply>([part], settled, options);
    return { revision: BigInt(revision as number), position: positionOf(BigInt(position as number)) };
  }

  async appendAtomic(parts: readonly StreamAppend[], options?: AppendOptions): Promise<AtomicAppendResult> {
    const encoded = encodeParts(parts);
    const job = parts.map(({ stream, expected }, index): AppendPart => {
      return [stream, expectedNumber(expected), encoded[index] ?? []];
    });
    const streams = parts.map(({ stream }) => stream);
    const settled = (reply: AppendReply | null): void => {
      this.#advance(streams, reply);
      for (const { events } of parts) this.#advanceContexts(events, reply);
    };
    const [position, ...last] = await this.#appender().submit<AppendReply>(job, settled, options);
    const revisions = new Map<StreamName, bigint>();
    for (const [index, { stream, events }] of parts.entries()) {
      if (events.length > 0) revisions.set(stream, BigInt(last[index] as number));
    }
    return { position: positionOf(BigInt(position as number)), revisions };
  }

  readStream(stream: StreamName, options: ReadStreamOptions = {}): AsyncIterable<RecordedEvent> {
    checkStreamName(stream);
    const { direction = 'forward', max, signal } = options;
    let left = checkedMax(max);
    let from = firstRevision(options);
    const read = (): Page<RecordedEvent> => {
      const limit = Math.min(left, PAGE_EVENTS);
      const items = from < 0n ? [] : this.#reader.streamPage({ stream, direction, from, limit });
      const last = items.at(-1);
      if (last === undefined) this.#refuseTombstoned(stream);
      else from = last.revision + (direction === 'forward' ? 1n : -1n);
      left -= items.length;
      return { items, last: items.length < limit || left === 0 };
    };
    return new PagedEvents(read, signal);
  }

  readAll({ after, filter, max, signal }: ReadAllOptions): AsyncIterable<RecordedEvent> {
    const compiled = compileFilter(filter);
    let left = checkedMax(max);
    let from = after === 'start' ? 0n : after.commit;
    const read = (): Page<RecordedEvent> => {
      const head = this.#watch.head();
      const limit = Math.min(left, PAGE_EVENTS);
      const { events, scannedTo } = this.#reader.logPage({ after: from, head, limit, filter: compiled });
      from = scannedTo;
      left -= events.length;
      return { items: events, last: left === 0 || scannedTo >= head };
    };
    return new PagedEvents(read, signal);
  }

  async head(): Promise<Position | null> {
    const last = this.#reader.lastPosition();
    return last === null ? null : positionOf(last);
  }

  async headOf(context: string): Promise<Position | null> {
    if (this.#contexts === null) return this.head();
    const head = this.#contexts.of(context);
    return head === 0n ? null : positionOf(head);
  }

  subscribe({ after, filter, bufferEvents, signal }: SubscribeOptions): AsyncIterable<SubscriptionMessage> {
    const buffer = bufferEvents ?? SUBSCRIPTION_BUFFER_EVENTS;
    if (!Number.isInteger(buffer) || buffer < 1)
      throw new InvalidArgument('bufferEvents must be a whole number from 1');
    const source = { reader: this.#reader, watch: this.#watch, closing: this.#closing.signal };
    return new Subscription(source, {
      after: this.#startOf(after),
      filter: compileFilter(filter),
      bufferEvents: Math.min(buffer, PAGE_EVENTS),
      signal,
    });
  }

  async streamInfo(stream: StreamName): Promise<StreamInfo> {
    const known = this.#heads?.get(stream);
    if (known !== undefined) return known;
    checkStreamName(stream);
    const info = this.#reader.streamInfo(stream);
    this.#heads?.learn(stream, info);
    return info;
  }

  async setRetention(stream: StreamName, retention: Retention): Promise<void> {
    checkStreamName(stream);
    checkRetention(stream, retention);
    const { maxCount = null, maxAgeSeconds = null, truncateBefore } = retention;
    const first = truncateBefore === undefined ? null : Number(truncateBefore);
    const job = { kind: 'retention', stream, maxCount, maxAgeSeconds, truncateBefore: first } as const;
    await this.#appender().submit(job, () => this.#heads?.forget(stream));
  }

  async deleteStream(stream: StreamName, expected: Expected): Promise<void> {
    await this.#remove('delete', stream, expected);
  }

  async tombstone(stream: StreamName, expected: Expected): Promise<void> {
    await this.#remove('tombstone', stream, expected);
  }

  async scavenge(): Promise<ScavengeReport> {
    return await this.#appender().scavenge();
  }

  async health(): Promise<StoreHealth> {
    const stopped = this.#parts.appender?.stopped() ?? null;
    if (stopped !== null) return { ok: false, detail: `the log cannot be written: ${stopped}` };
    const { bavail, bsize } = await statfs(dirname(this.#parts.file));
    const space = { freeBytes: bavail * bsize, freeBytesMin: this.#parts.freeBytesMin };
    if (space.freeBytes < space.freeBytesMin) return { ok: false, detail: spaceSentence(space) };
    return {
      ok: true,
      detail: this.#parts.appender === null ? 'the log can be read' : 'the log can be read and written',
    };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#watch.close();
    // Before the writer, so that the last connection to close is the one that may tidy the file up.
    this.#parts.database.close();
    await this.#parts.appender?.close();
  }

  async #remove(kind: 'delete' | 'tombstone', stream: StreamName, expected: Expected): Promise<void> {
    checkStreamName(stream);
    checkExpected(expected);
    const job = { kind, stream, expected: expectedNumber(expected) } as const;
    await this.#appender().submit(job, () => this.#heads?.forget(stream));
  }

  /** Before the caller hears of it, so that his next question meets what he wrote. */
  #advance(streams: readonly StreamName[], reply: AppendReply | null): void {
    if (reply === null) this.#heads?.forgetAll();
    const [, ...revisions] = reply ?? [];
    for (const [index, stream] of streams.entries()) {
      const revision = revisions[index];
      if (typeof revision === 'number' && revision >= 0) this.#heads?.advance(stream, BigInt(revision));
    }
  }

  #advanceContexts(events: readonly NewEvent[], reply: AppendReply | null): void {
    const [position] = reply ?? [];
    if (typeof position === 'number') this.#contexts?.advance(events, BigInt(position));
    else this.#contexts?.forget();
  }

  #appender(): LogAppender {
    const { appender } = this.#parts;
    if (appender === null) throw new Unsupported('writing: this log was opened for reading');
    return appender;
  }

  #startOf(after: Position | 'start' | 'end'): bigint {
    if (after === 'start') return 0n;
    return after === 'end' ? this.#watch.head() : after.commit;
  }

  #refuseTombstoned(stream: StreamName): void {
    if (this.#reader.streamInfo(stream).state === 'tombstoned') throw new StreamTombstoned(stream);
  }
}

function checkedMax(max: number | undefined): number {
  if (max === undefined) return Number.POSITIVE_INFINITY;
  if (!Number.isInteger(max) || max < 1) throw new InvalidArgument('max must be a whole number from 1');
  return max;
}

function firstRevision({ from, direction = 'forward' }: ReadStreamOptions): bigint {
  switch (from ?? (direction === 'forward' ? 'start' : 'end')) {
    case 'start':
      return 0n;
    case 'end':
      return REVISION_MAX;
    default:
      return from as bigint;
  }
}
