/**
 * Events whose effect failed, and those of the same stream that wait behind them, until an attempt succeeds or an
 * operator skips the first. Only references are kept: the event itself is read from the log again.
 */
import type { RecordedEvent } from '../infra/event-store/event-store.ts';
import { encodePosition } from '../infra/event-store/position.ts';
import type { TransientEntry, TransientKey, TransientStore } from '../infra/transient-store/transient-store.ts';

const KEPT_MS = 10 * 365 * 24 * 3_600_000;
const ERROR_CHARACTERS_MAX = 500;
/** Streams looked at in one go; those behind them have their turn when these are done. */
const PARKED_STREAMS_MAX = 1_000;
const WAITING_COUNTED_MAX = 1_000;

/** A type, not an interface, as JSON values are. */
export type ParkedEvent = {
  readonly consumer: string;
  readonly stream: string;
  readonly revision: string;
  /** Encoded. */
  readonly position: string;
  readonly id: string;
  readonly type: string;
  readonly attempts: number;
  /** Null while it only waits behind another. */
  readonly error: string | null;
  /** Epoch milliseconds; null: not by itself any more. */
  readonly nextAttemptMs: number | null;
  readonly parkedAtMs: number;
};

export interface ParkedHead {
  readonly event: ParkedEvent;
  readonly version: number;
}

export interface Failure {
  readonly attempts: number;
  readonly error: unknown;
  readonly nextAttemptMs: number | null;
}

export class ParkedEvents {
  readonly #transient: TransientStore;
  readonly #clock: () => number;
  readonly #consumer: string;

  constructor(consumer: string, { transient, clock }: { transient: TransientStore; clock: () => number }) {
    this.#consumer = consumer;
    this.#transient = transient;
    this.#clock = clock;
  }

  /** Of no failure: it waits behind one. */
  async park(event: RecordedEvent, failure: Failure | null): Promise<void> {
    const { stream, id, type } = event;
    await this.#put({
      consumer: this.#consumer,
      stream,
      revision: String(event.revision),
      position: encodePosition(event.position),
      id,
      type,
      attempts: failure?.attempts ?? 0,
      error: failure === null ? null : asText(failure.error),
      nextAttemptMs: failure === null ? this.#clock() : failure.nextAttemptMs,
      parkedAtMs: this.#clock(),
    });
  }

  async failedAgain({ event }: ParkedHead, { attempts, error, nextAttemptMs }: Failure): Promise<void> {
    await this.#put({ ...event, attempts, error: asText(error), nextAttemptMs });
  }

  /** False: another process has it in hand, or it is gone. Until then nobody else tries it. */
  async claim({ event, version }: ParkedHead, untilMs: number): Promise<boolean> {
    return await this.#put({ ...event, nextAttemptMs: untilMs }, version);
  }

  /** For another full series of attempts, beginning at once. */
  async tryAnew({ event }: ParkedHead): Promise<void> {
    await this.#put({ ...event, attempts: 0, nextAttemptMs: this.#clock() });
  }

  async remove({ event }: ParkedHead): Promise<void> {
    await this.#transient.commit([{ op: 'remove', key: keyOf(event), expect: 'any' }]);
  }

  async isParked(stream: string): Promise<boolean> {
    return (await this.head(stream)) !== null;
  }

  /** The event that a stream stands at. */
  async head(stream: string): Promise<ParkedHead | null> {
    const found = await this.#first(prefixOf(this.#consumer, stream));
    return found?.event.stream === stream ? found : null;
  }

  /** One per stream, by stream. */
  async heads(max = PARKED_STREAMS_MAX): Promise<readonly ParkedHead[]> {
    const heads: ParkedHead[] = [];
    let after = '';
    while (heads.length < max) {
      const head = await this.#first(after);
      if (head === null) break;
      heads.push(head);
      // Behind every position, which are hex digits and a slash.
      after = `${prefixOf(this.#consumer, head.event.stream)}g`;
    }
    return heads;
  }

  /** Events that wait behind the first, counted up to a thousand. */
  async waiting(stream: string): Promise<number> {
    const found = await this.#transient.byTag<ParkedEvent>({
      ...this.#query,
      limit: WAITING_COUNTED_MAX + 1,
      afterId: prefixOf(this.#consumer, stream),
    });
    return Math.max(0, found.filter(({ entry }) => entry.value.stream === stream).length - 1);
  }

  get #query() {
    return { type: 'parked-event', tenant: 'server', tag: `consumer:${this.#consumer}` } as const;
  }

  async #first(afterId: string): Promise<ParkedHead | null> {
    const [found] = await this.#transient.byTag<ParkedEvent>({ ...this.#query, limit: 1, afterId });
    return found === undefined ? null : headOf(found.entry);
  }

  async #put(value: ParkedEvent, version?: number): Promise<boolean> {
    const put = { op: 'put', key: keyOf(value), value, tags: [this.#query.tag] } as const;
    const expiresAtMs = this.#clock() + KEPT_MS;
    return await this.#transient.commit([{ ...put, expiresAtMs, expect: version ?? 'any' }]);
  }
}

const headOf = ({ value, version }: TransientEntry<ParkedEvent>): ParkedHead => ({ event: value, version });

const prefixOf = (consumer: string, stream: string): string => `${consumer}|${stream}|`;

const keyOf = ({ consumer, stream, position }: ParkedEvent): TransientKey => ({
  type: 'parked-event',
  tenant: 'server',
  id: `${prefixOf(consumer, stream)}${position}`,
});

const asText = (error: unknown): string =>
  (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, ERROR_CHARACTERS_MAX);
