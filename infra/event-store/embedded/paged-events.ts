/** Iterates over pages that are read when the consumer asks for them. Holds nothing open between two events. */
import { setImmediate as nextTurn } from 'node:timers/promises';

export interface Page<T> {
  readonly items: readonly T[];
  /** No page follows. */
  readonly last: boolean;
}

export class PagedEvents<T> implements AsyncIterableIterator<T> {
  readonly #read: () => Page<T>;
  readonly #signal: AbortSignal | undefined;
  #items: readonly T[] = [];
  #next = 0;
  #pages = 0;
  #last = false;

  constructor(read: () => Page<T>, signal: AbortSignal | undefined) {
    this.#read = read;
    this.#signal = signal;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T>> {
    const item = this.#items[this.#next];
    if (item === undefined) return this.#nextPage();
    this.#next += 1;
    return Promise.resolve({ done: false, value: item });
  }

  return(): Promise<IteratorResult<T>> {
    this.#items = [];
    this.#last = true;
    return Promise.resolve({ done: true, value: undefined });
  }

  /** An aborted read fails: a shorter answer would look like the whole. */
  async #nextPage(): Promise<IteratorResult<T>> {
    while (!this.#last) {
      // A long read must let the rest of the process live.
      if (this.#pages > 0) await nextTurn();
      this.#signal?.throwIfAborted();
      const { items, last } = this.#read();
      this.#pages += 1;
      this.#last = last;
      this.#items = items;
      this.#next = 1;
      const [first] = items;
      if (first !== undefined) return { done: false, value: first };
    }
    return { done: true, value: undefined };
  }
}
