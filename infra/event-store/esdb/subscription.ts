/** Follows the log over connections that break: resumes after what it has seen, and holds no more than was asked for. */
import type { EventFilter, SubscriptionMessage } from '../event-store.ts';
import { comparePositions, type Position } from '../position.ts';
import type { ClientPool, Lease } from './client-pool.ts';
import { type DriverEvent, DriverFailure, type DriverSubscription } from './driver.ts';
import { recordedEvent } from './recorded-event.ts';
import { storeFailure } from './store-failure.ts';

const RECONNECT_MS_MIN = 100;
/** Ten attempts in the first minute, and after an outage of seconds no wait of ten more. */
const RECONNECT_MS_MAX = 7_500;
const RECONNECT_GROWTH = 4;
const RECONNECT_SPREAD = 1 / 8;
/** Without a delivery for so long, the consumer is told how far the log was looked at. */
const CHECKPOINT_IDLE_MS = 5_000;

export interface SubscriptionParts {
  readonly pool: ClientPool;
  readonly closing: AbortSignal;
  /** How many are cut off from the server; for health. */
  readonly broken: Set<Pick<EsdbSubscription, 'tryNow'>>;
}

export interface SubscriptionRequest {
  /** Exclusive; asked of the server where it must be found out. */
  readonly after: () => Promise<Position | 'start'>;
  readonly filter: EventFilter | undefined;
  readonly bufferEvents: number;
  readonly signal: AbortSignal | undefined;
}

type Result = IteratorResult<SubscriptionMessage>;
interface Waiter {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

const DONE: Result = { done: true, value: undefined };

export class EsdbSubscription implements AsyncIterableIterator<SubscriptionMessage> {
  readonly #parts: SubscriptionParts;
  readonly #request: SubscriptionRequest;
  readonly #queue: SubscriptionMessage[] = [];
  readonly #waiters: Waiter[] = [];
  readonly #end = (): void => this.#finish();
  #seen: Position | 'start' | null = null;
  #lease: Lease | null = null;
  #live: DriverSubscription | null = null;
  #paused = false;
  #failures = 0;
  #timer: NodeJS.Timeout | null = null;
  #deliveredMs = performance.now();
  #error: unknown = null;
  #done = false;

  constructor(parts: SubscriptionParts, request: SubscriptionRequest) {
    this.#parts = parts;
    this.#request = request;
    for (const signal of [parts.closing, request.signal]) {
      if (signal?.aborted === true) this.#done = true;
      else signal?.addEventListener('abort', this.#end, { once: true });
    }
    if (!this.#done) void this.#connect();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    const value = this.#queue.shift();
    if (value !== undefined) {
      this.#unpause();
      return Promise.resolve({ done: false, value });
    }
    if (this.#error !== null) {
      const error = this.#error;
      this.#error = null;
      return Promise.reject(error);
    }
    if (this.#done) return Promise.resolve(DONE);
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  return(): Promise<Result> {
    this.#finish();
    return Promise.resolve(DONE);
  }

  /** The server has just answered somebody else: a pause before the next attempt ends. */
  tryNow(): void {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    void this.#connect();
  }

  async #connect(): Promise<void> {
    this.#timer = null;
    try {
      const after = this.#seen ?? (await this.#request.after());
      if (this.#done) return;
      this.#seen = after;
      this.#open(after);
    } catch (error) {
      this.#failed(error);
    }
  }

  #open(after: Position | 'start'): void {
    this.#lease ??= this.#parts.pool.lease();
    const { filter } = this.#request;
    this.#live = this.#lease.driver.subscribe(filter === undefined ? { after } : { after, filter }, {
      event: (event) => this.#event(event),
      checkpoint: (position) => this.#checkpoint(position),
      caughtUp: () => this.#caughtUp(),
      failed: (error) => this.#failed(error),
    });
    if (this.#paused) this.#live.pause();
  }

  #event(stored: DriverEvent): void {
    if (!this.#advance(stored.position)) return;
    const event = recordedEvent(stored);
    if (event !== null) this.#deliver({ kind: 'event', event });
  }

  #checkpoint(position: Position): void {
    if (!this.#advance(position)) return;
    // Where everything is delivered, the last event says as much.
    const quiet = performance.now() - this.#deliveredMs >= CHECKPOINT_IDLE_MS;
    if (this.#request.filter !== undefined || quiet) this.#deliver({ kind: 'checkpoint', position });
  }

  #caughtUp(): void {
    const seen = this.#seen;
    this.#works();
    this.#deliver(seen === null || seen === 'start' ? { kind: 'caught-up' } : { kind: 'caught-up', position: seen });
  }

  /** False: it was seen before. */
  #advance(position: Position): boolean {
    this.#works();
    const seen = this.#seen;
    if (seen !== null && seen !== 'start' && comparePositions(position, seen) <= 0) return false;
    this.#seen = position;
    return true;
  }

  #works(): void {
    if (this.#failures === 0) return;
    this.#failures = 0;
    this.#parts.broken.delete(this);
  }

  #deliver(message: SubscriptionMessage): void {
    this.#deliveredMs = performance.now();
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      waiter.resolve({ done: false, value: message });
      return;
    }
    // A newer checkpoint says what the one before it says.
    if (message.kind === 'checkpoint' && this.#queue.at(-1)?.kind === 'checkpoint') this.#queue.pop();
    this.#queue.push(message);
    if (this.#paused || this.#queue.length < this.#request.bufferEvents) return;
    this.#paused = true;
    this.#live?.pause();
  }

  #unpause(): void {
    if (!this.#paused || this.#queue.length > this.#request.bufferEvents / 2) return;
    this.#paused = false;
    this.#live?.resume();
  }

  #failed(error: unknown): void {
    if (this.#done) return;
    this.#disconnect();
    if (!(error instanceof DriverFailure) || !isPassing(error)) {
      this.#fail(storeFailure(error));
      return;
    }
    const pauseMs = Math.min(RECONNECT_MS_MAX, RECONNECT_MS_MIN * RECONNECT_GROWTH ** this.#failures);
    const ms = pauseMs * (1 + Math.random() * RECONNECT_SPREAD);
    this.#failures += 1;
    this.#parts.broken.add(this);
    this.#timer = setTimeout(() => void this.#connect(), ms);
  }

  #fail(error: unknown): void {
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#error = error;
    else waiter.reject(error);
    this.#finish({ keepQueue: true });
  }

  #disconnect(): void {
    this.#live?.close();
    this.#live = null;
    this.#lease?.release();
    this.#lease = null;
  }

  #finish({ keepQueue = false } = {}): void {
    this.#done = true;
    if (!keepQueue) this.#queue.length = 0;
    this.#disconnect();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#parts.broken.delete(this);
    this.#parts.closing.removeEventListener('abort', this.#end);
    this.#request.signal?.removeEventListener('abort', this.#end);
    for (const { resolve } of this.#waiters.splice(0)) resolve(DONE);
  }
}

const isPassing = ({ kind }: DriverFailure): boolean => kind === 'unreached' || kind === 'lost' || kind === 'timeout';
