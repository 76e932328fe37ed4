/** Follows the log: reads what is there, then waits for more. The consumer pulls; nothing runs ahead of it. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RecordedEvent, SubscriptionMessage } from '../event-store.ts';
import type { CompiledFilter } from './event-filter.ts';
import type { HeadWatch } from './head-watch.ts';
import type { LogReader } from './log-reader.ts';

/** Positions that a filter may pass over before the consumer is told how far it has come. */
const CHECKPOINT_POSITIONS = 1_000n;
const CHECKPOINT_IDLE_MS = 5_000;

export interface SubscriptionSource {
  readonly reader: LogReader;
  readonly watch: HeadWatch;
  readonly closing: AbortSignal;
}

export interface SubscriptionStart {
  /** Exclusive. */
  readonly after: bigint;
  readonly filter: CompiledFilter | null;
  readonly bufferEvents: number;
  readonly signal: AbortSignal | undefined;
}

export class Subscription implements AsyncIterableIterator<SubscriptionMessage> {
  readonly #source: SubscriptionSource;
  readonly #start: SubscriptionStart;
  readonly #end = (): void => this.#finish();
  #events: readonly RecordedEvent[] = [];
  #next = 0;
  /** Everything up to here was looked at, and up to there the consumer knows of it. */
  #scanned: bigint;
  #told: bigint;
  #toldMs = performance.now();
  #live = false;
  /** The event loop has turned since the last page. */
  #rested = true;
  #done = false;
  #cancelWait: (() => void) | null = null;
  #pending: Promise<unknown> = Promise.resolve();

  constructor(source: SubscriptionSource, start: SubscriptionStart) {
    this.#source = source;
    this.#start = start;
    this.#scanned = start.after;
    this.#told = start.after;
    for (const signal of [source.closing, start.signal]) {
      if (signal?.aborted === true) this.#done = true;
      else signal?.addEventListener('abort', this.#end, { once: true });
    }
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<SubscriptionMessage>> {
    const event = this.#nextEvent();
    if (event !== null) return Promise.resolve({ done: false, value: { kind: 'event', event } });
    const more = this.#pending.then(() => this.#more());
    this.#pending = more.catch(() => undefined);
    return more;
  }

  return(): Promise<IteratorResult<SubscriptionMessage>> {
    this.#finish();
    return Promise.resolve({ done: true, value: undefined });
  }

  #finish(): void {
    this.#done = true;
    this.#events = [];
    this.#cancelWait?.();
    this.#source.closing.removeEventListener('abort', this.#end);
    this.#start.signal?.removeEventListener('abort', this.#end);
  }

  #nextEvent(): RecordedEvent | null {
    const event = this.#events[this.#next];
    if (event === undefined) return null;
    this.#next += 1;
    this.#tell(event.position.commit);
    return event;
  }

  #tell(position: bigint): void {
    if (position > this.#told) this.#told = position;
    this.#toldMs = performance.now();
  }

  async #more(): Promise<IteratorResult<SubscriptionMessage>> {
    while (!this.#done) {
      const event = this.#nextEvent();
      if (event !== null) return { done: false, value: { kind: 'event', event } };
      const message = await this.#advance();
      if (message !== null) return { done: false, value: message };
    }
    return { done: true, value: undefined };
  }

  /** One page, or one wait. */
  async #advance(): Promise<SubscriptionMessage | null> {
    const { watch } = this.#source;
    const head = watch.head();
    if (this.#scanned < head) return await this.#readPage(head);
    if (!this.#live) {
      this.#live = true;
      return this.#notice('caught-up');
    }
    const idleMs = performance.now() - this.#toldMs;
    if (this.#scanned > this.#told && idleMs >= CHECKPOINT_IDLE_MS) return this.#notice('checkpoint');
    await this.#waitForMore(CHECKPOINT_IDLE_MS - idleMs);
    return null;
  }

  async #readPage(head: bigint): Promise<SubscriptionMessage | null> {
    // A consumer that is always ready, behind a log that always grows, must still let the rest of the thread live.
    if (!this.#rested) await nextTurn();
    this.#rested = false;
    if (this.#done) return null;
    const { filter, bufferEvents } = this.#start;
    const { events, scannedTo } = this.#source.reader.logPage({
      after: this.#scanned,
      head,
      limit: bufferEvents,
      filter,
    });
    this.#events = events;
    this.#next = 0;
    this.#scanned = scannedTo;
    this.#live &&= scannedTo >= head;
    if (events.length > 0 || scannedTo - this.#told < CHECKPOINT_POSITIONS) return null;
    return this.#notice('checkpoint');
  }

  #notice(kind: 'checkpoint' | 'caught-up'): SubscriptionMessage {
    this.#tell(this.#scanned);
    const position = { commit: this.#scanned, prepare: this.#scanned };
    // Position zero is before the first event and no place in the log.
    return kind === 'caught-up' && this.#scanned === 0n ? { kind } : { kind, position };
  }

  async #waitForMore(idleMs: number): Promise<void> {
    const wait = this.#source.watch.wait(this.#scanned);
    this.#cancelWait = wait.cancel;
    const timer = this.#scanned > this.#told ? setTimeout(wait.cancel, idleMs) : null;
    await wait.done;
    this.#rested = true;
    this.#cancelWait = null;
    if (timer !== null) clearTimeout(timer);
  }
}
