/**
 * How far the log has come in one context, where other nodes write too: what is new in the log is read, and nothing
 * else. Callers that wait at the same time share one read, and nobody gets what was read before he asked.
 */
import type { Position } from '../position.ts';
import { boundedRead } from './bounded-read.ts';
import type { DriverEvent, DriverRead } from './driver.ts';

/** With more new events than this, the head stands for the context. */
const NEW_EVENTS_MAX = 64;

export interface LogEnd {
  head(): Promise<Position | null>;
  /** Forward and inclusive, system events too. */
  readFrom(from: Position): DriverRead;
}

interface Known {
  /** Everything up to here was looked at. */
  readonly seen: Position;
  readonly context: Position;
}

export class ContextTail {
  readonly #log: LogEnd;
  readonly #context: string;
  #known: Known | null = null;
  #running: Promise<unknown> | null = null;
  #next: Promise<Position | null> | null = null;

  /** `context` is a beginning of event types. */
  constructor(log: LogEnd, context: string) {
    this.#log = log;
    this.#context = context;
  }

  /** No earlier than the last event of the context that was recorded before the call; null when the log is empty. */
  head(): Promise<Position | null> {
    if (this.#running === null) return this.#begin();
    const begin = () => {
      this.#next = null;
      return this.#begin();
    };
    this.#next ??= this.#running.then(begin, begin);
    return this.#next;
  }

  #begin(): Promise<Position | null> {
    const read = this.#look().finally(() => {
      if (this.#running === read) this.#running = null;
    });
    this.#running = read;
    return read;
  }

  async #look(): Promise<Position | null> {
    const known = this.#known === null ? null : await this.#readOn(this.#known);
    if (known !== null) {
      this.#known = known;
      return known.context;
    }
    const head = await this.#log.head();
    this.#known = head === null ? null : { seen: head, context: head };
    return head;
  }

  /** Null: too much is new. */
  async #readOn({ seen, context }: Known): Promise<Known | null> {
    let [last, ofContext] = [seen, context];
    // Servers write events of their own for ever, so that they count as seen.
    const open = (read: DriverEvent | null) =>
      noting(this.#log.readFrom(read?.position ?? seen), ({ position }) => {
        last = position;
      });
    // One more for the event that is there already.
    let left = NEW_EVENTS_MAX + 1;
    for await (const { type, position } of boundedRead(open, { max: left, signal: undefined })) {
      if (type.startsWith(this.#context)) ofContext = position;
      left -= 1;
    }
    return left === 0 ? null : { seen: last, context: ofContext };
  }
}

const noting = (read: DriverRead, note: (event: DriverEvent) => void): DriverRead => ({
  cancel: () => read.cancel(),
  async *[Symbol.asyncIterator]() {
    for await (const event of read) {
      note(event);
      yield event;
    }
  },
});
