/** The event store on a server of EventStoreDB or KurrentDB. */
import { checkExpected, checkStreamName, encodeAppend, encodeParts } from '../encode-append.ts';
import { InvalidArgument, StoreUnavailable, Unsupported, WrongExpectedRevision } from '../errors.ts';
import { checkFilter } from '../event-filter.ts';
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
import { comparePositions, type Position } from '../position.ts';
import { checkRetention } from '../technical-streams.ts';
import { appendAtomicWithRetries, appendWithRetries } from './append-retry.ts';
import { boundedRead } from './bounded-read.ts';
import { ClientPool } from './client-pool.ts';
import { ContextTail } from './context-tail.ts';
import type { DriverEvent, DriverRead, EsdbDriver, OpenDriver, ServerInfo } from './driver.ts';
import { checkServer } from './start-check.ts';
import { storeFailure } from './store-failure.ts';
import { removeStream, setStreamRetention, streamInfo } from './stream-state.ts';
import { EsdbSubscription } from './subscription.ts';

export interface EsdbEventStoreOptions {
  /** See `loadDriver`. */
  readonly driver: OpenDriver;
  /** Of the log, by configuration: checkpoints of a log with another name are refused. */
  readonly identity: string;
}

/** One connection per server operation of appending and reading; subscriptions have others. */
export class EsdbEventStore implements EventStore {
  #identity: string;
  readonly capabilities: Capabilities;
  readonly #driver: EsdbDriver;
  readonly #pool: ClientPool;
  readonly #closing = new AbortController();
  readonly #broken = new Set<Pick<EsdbSubscription, 'tryNow'>>();
  /** By context: few, each named in the code. */
  readonly #tails = new Map<string, ContextTail>();

  constructor(driver: EsdbDriver, info: ServerInfo, { driver: open, identity }: EsdbEventStoreOptions) {
    this.#identity = identity;
    this.capabilities = capabilitiesOf(driver, info);
    this.#driver = driver;
    this.#pool = new ClientPool(open);
  }

  get identity(): string {
    return this.#identity;
  }

  /** Of a log that was empty when it was opened. */
  identify(identity: string): void {
    this.#identity = identity;
  }

  async append(
    stream: StreamName,
    expected: Expected,
    events: readonly NewEvent[],
    options?: AppendOptions,
  ): Promise<AppendResult> {
    encodeAppend({ stream, expected, events });
    this.#refuseClosed();
    return await appendWithRetries(this.#driver, { stream, expected, events }, options);
  }

  async appendAtomic(parts: readonly StreamAppend[], options?: AppendOptions): Promise<AtomicAppendResult> {
    encodeParts(parts);
    this.#refuseClosed();
    const { appendAtomic } = this.#driver;
    const { atomicMultiStream, checkUnwrittenStreams } = this.capabilities;
    if (appendAtomic === null || !atomicMultiStream) throw new Unsupported('appending to several streams at once');
    if (!checkUnwrittenStreams && parts.some(({ events }) => events.length === 0))
      throw new Unsupported('checking a stream that is not written');
    return await appendAtomicWithRetries(appendAtomic, parts, options);
  }

  readStream(stream: StreamName, options: ReadStreamOptions = {}): AsyncIterable<RecordedEvent> {
    checkStreamName(stream);
    const { direction = 'forward', max, signal } = options;
    const from = options.from ?? (direction === 'forward' ? 'start' : 'end');
    if (typeof from === 'bigint') checkExpected(from);
    const limit = checkedMax(max);
    const step = direction === 'forward' ? 1n : -1n;
    const open = (last: DriverEvent | null): DriverRead | null => {
      const next = last === null ? from : last.revision + step;
      if (next === -1n) return null;
      return this.#open().readStream(stream, { from: next, direction, ...(max === undefined ? {} : { max }) });
    };
    return boundedRead(open, { stream, max: limit, signal });
  }

  readAll({ after, filter, max, signal }: ReadAllOptions): AsyncIterable<RecordedEvent> {
    checkFilter(filter);
    const limit = checkedMax(max);
    if (filter !== undefined) return this.#readFiltered({ after, filter, max: limit, ...(signal ? { signal } : {}) });
    // The server begins with the event at the position.
    let from = after;
    const skip = ({ position }: RecordedEvent): boolean => from !== 'start' && comparePositions(position, from) <= 0;
    const open = (last: DriverEvent | null): DriverRead => {
      from = last?.position ?? after;
      return this.#open().readAll({ from });
    };
    return boundedRead(open, { max: limit, signal, skip });
  }

  async head(): Promise<Position | null> {
    const read = boundedRead(() => this.#open().readAll({ backward: true }), { max: 1, signal: undefined });
    for await (const { position } of read) return position;
    return null;
  }

  headOf(context: string): Promise<Position | null> {
    let tail = this.#tails.get(context);
    if (tail === undefined) {
      const log = { head: () => this.head(), readFrom: (from: Position) => this.#open().readAll({ from }) };
      tail = new ContextTail(log, context);
      this.#tails.set(context, tail);
    }
    return tail.head();
  }

  subscribe({ after, filter, bufferEvents, signal }: SubscribeOptions): AsyncIterable<SubscriptionMessage> {
    checkFilter(filter);
    const buffer = bufferEvents ?? SUBSCRIPTION_BUFFER_EVENTS;
    if (!Number.isInteger(buffer) || buffer < 1)
      throw new InvalidArgument('bufferEvents must be a whole number from 1');
    this.#refuseClosed();
    return new EsdbSubscription(
      { pool: this.#pool, closing: this.#closing.signal, broken: this.#broken },
      {
        // A place that is known can be returned to when the connection breaks; the end cannot.
        after: async () => (after === 'end' ? ((await this.#headOfDriver()) ?? 'start') : after),
        filter,
        bufferEvents: buffer,
        signal,
      },
    );
  }

  async streamInfo(stream: StreamName): Promise<StreamInfo> {
    checkStreamName(stream);
    return await this.#told(stream, () => streamInfo(this.#open(), stream));
  }

  async setRetention(stream: StreamName, retention: Retention): Promise<void> {
    checkStreamName(stream);
    checkRetention(stream, retention);
    await this.#told(stream, () => setStreamRetention(this.#open(), stream, retention));
  }

  async deleteStream(stream: StreamName, expected: Expected): Promise<void> {
    await this.#remove('delete', stream, expected);
  }

  async tombstone(stream: StreamName, expected: Expected): Promise<void> {
    await this.#remove('tombstone', stream, expected);
  }

  async health(): Promise<StoreHealth> {
    try {
      await this.head();
    } catch (error) {
      return { ok: false, detail: `the event store cannot be read: ${(error as Error).message}` };
    }
    const broken = [...this.#broken];
    for (const subscription of broken) subscription.tryNow();
    if (broken.length > 0)
      return { ok: false, detail: `${broken.length} subscriptions are without a connection and try again` };
    return { ok: true, detail: 'the event store can be read' };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([this.#driver.close(), this.#pool.close()]);
  }

  /** The client reads without a filter only; a subscription filters at the server, and tells when it has read all. */
  async *#readFiltered(options: ReadAllOptions & { readonly max: number }): AsyncGenerator<RecordedEvent> {
    const { max, signal, ...request } = options;
    signal?.throwIfAborted();
    let left = max;
    for await (const message of this.subscribe({ ...request, ...(signal ? { signal } : {}) })) {
      if (message.kind === 'caught-up') return;
      if (message.kind !== 'event') continue;
      yield message.event;
      left -= 1;
      if (left === 0) return;
      signal?.throwIfAborted();
    }
    signal?.throwIfAborted();
    // It ended before it caught up: a shorter answer would look like the whole.
    throw new StoreUnavailable('the event store was closed', 'not-applied');
  }

  /** Failures of the driver, so that a subscription knows which of them pass. */
  async #headOfDriver(): Promise<Position | null> {
    for await (const { type, position } of this.#driver.readAll({ backward: true })) {
      if (!type.startsWith('$')) return position;
    }
    return null;
  }

  async #remove(kind: 'delete' | 'tombstone', stream: StreamName, expected: Expected): Promise<void> {
    checkStreamName(stream);
    checkExpected(expected);
    try {
      await removeStream(this.#open(), { kind, stream, expected });
    } catch (error) {
      if (error instanceof WrongExpectedRevision) throw error;
      throw storeFailure(error, { stream, expected });
    }
  }

  async #told<T>(stream: StreamName, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw storeFailure(error, { stream });
    }
  }

  #open(): EsdbDriver {
    this.#refuseClosed();
    return this.#driver;
  }

  #refuseClosed(): void {
    if (this.#closing.signal.aborted) throw new StoreUnavailable('the event store was closed', 'not-applied');
  }
}

/** Throws `AccessDenied`, `StoreUnavailable` or `Unsupported` with a sentence for the operator. */
export async function openEsdbEventStore(options: EsdbEventStoreOptions): Promise<EventStore> {
  const driver = options.driver();
  try {
    const info = await checkServer(driver);
    return new EsdbEventStore(driver, info, options);
  } catch (error) {
    await driver.close();
    throw error;
  }
}

const capabilitiesOf = ({ appendAtomic }: EsdbDriver, { appendSession, appendRecords }: ServerInfo): Capabilities => ({
  atomicMultiStream: appendAtomic !== null && appendSession,
  checkUnwrittenStreams: appendAtomic !== null && appendRecords,
  physicalErase: true,
  maxAppendBytes: APPEND_BYTES_MAX,
  maxEventBytes: EVENT_BYTES_MAX,
});

function checkedMax(max: number | undefined): number {
  if (max === undefined) return Number.POSITIVE_INFINITY;
  if (!Number.isInteger(max) || max < 1) throw new InvalidArgument('max must be a whole number from 1');
  return max;
}
