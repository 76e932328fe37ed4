/**
 * One consumer on the stream: effects in order per stream, several streams at a time. An effect that keeps failing parks
 * its stream; the others go on, and the checkpoint with them, since what is parked is kept apart.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Kernel } from '../commands/kernel.ts';
import type { RecordedEvent } from '../infra/event-store/event-store.ts';
import { encodePosition } from '../infra/event-store/position.ts';
import { type EventStream, type StreamBatch, StreamMisconfigured } from '../infra/stream/stream.ts';
import type { Consumer } from './consumer.ts';
import { Effects } from './effects.ts';
import { type EnginePace, nextAttempt, withJitter } from './engine-pace.ts';
import { type ParkedEvent, ParkedEvents, type ParkedHead } from './parked-events.ts';

/** Streams whose effects run at once. */
const STREAMS_AT_ONCE = 8;
/** While one process tries a parked event, no other does for this long. */
const CLAIM_MS = 60_000;
const RESTART_MS = 10_000;

export type RunnerKernel = Pick<Kernel, 'store' | 'codec' | 'transient' | 'clock' | 'telemetry'>;

export interface RunnerOptions {
  readonly consumer: Consumer;
  readonly stream: EventStream;
  readonly kernel: RunnerKernel;
  readonly pace: EnginePace;
  readonly signal: AbortSignal;
  readonly observe: (delayS: number) => void;
}

export class ConsumerRunner {
  readonly parked: ParkedEvents;
  readonly #options: RunnerOptions;
  readonly #effects: Effects;
  /** Of the oldest event of each batch in hand: when it was recorded. */
  readonly #inHand = new Map<StreamBatch, number>();
  /** Why it does not follow the stream; null while it does. */
  #trouble: string | null = null;
  #position: string | null = null;
  #parkedStreams = 0;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#effects = new Effects(options.consumer, options.kernel);
    this.parked = new ParkedEvents(options.consumer.name, options.kernel);
  }

  get name(): string {
    return this.#options.consumer.name;
  }

  get trouble(): string | null {
    return this.#trouble;
  }

  /** Encoded; of the last event that this process took in, of whatever partition. */
  get position(): string | null {
    return this.#position;
  }

  /** As of the last look. */
  get parkedStreams(): number {
    return this.#parkedStreams;
  }

  /** Age of the oldest event in hand, in seconds. */
  lagS(): number {
    if (this.#inHand.size === 0) return 0;
    return Math.max(0, this.#options.kernel.clock() - Math.min(...this.#inHand.values())) / 1_000;
  }

  async run(): Promise<void> {
    await Promise.all([this.#follow(), this.#watchParked()]);
  }

  async #follow(): Promise<void> {
    const { consumer, stream, signal } = this.#options;
    while (!signal.aborted) {
      try {
        await stream.follow({
          group: consumer.name,
          categories: consumer.categories,
          signal,
          handle: (batch) => this.#take(batch),
          onTrouble: (error) => this.#note(error, 'The consumer waits, and goes on by itself.'),
        });
      } catch (error) {
        if (!(error instanceof StreamMisconfigured)) throw error;
        this.#note(error, 'The consumer stands until the stream is as declared.');
      }
      await this.#pause(RESTART_MS, signal);
    }
  }

  /** Said once, however often it happens before a batch succeeds. */
  #note(error: unknown, action: string): void {
    if (this.#trouble === null) {
      this.#options.kernel.telemetry.log.error('consumer.waits', { consumer: this.name, error, action });
    }
    this.#trouble = (error as Error).message;
  }

  async #take(batch: StreamBatch): Promise<void> {
    const { clock } = this.#options.kernel;
    const wanted = batch.events.filter((event) => this.#effects.concerns(event));
    const oldestMs = batch.events[0]?.recordedAt.getTime() ?? clock();
    this.#inHand.set(batch, oldestMs);
    try {
      await this.#takeStreams([...byStream(wanted)].values(), batch.signal);
    } finally {
      this.#inHand.delete(batch);
    }
    this.#trouble = null;
    const last = batch.events.at(-1);
    if (last !== undefined) this.#position = encodePosition(last.position);
    this.#options.observe(Math.max(0, clock() - oldestMs) / 1_000);
  }

  async #takeStreams(lanes: Iterator<readonly RecordedEvent[]>, signal: AbortSignal): Promise<void> {
    const worker = async (): Promise<void> => {
      for (let lane = lanes.next(); lane.done !== true; lane = lanes.next()) await this.#takeStream(lane.value, signal);
    };
    const settled = await Promise.allSettled(Array.from({ length: STREAMS_AT_ONCE }, worker));
    const failed = settled.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #takeStream(events: readonly RecordedEvent[], signal: AbortSignal): Promise<void> {
    let isParked = await this.parked.isParked(events[0]?.stream ?? '');
    for (const event of events) {
      if (isParked) {
        await this.parked.park(event, null);
        continue;
      }
      const error = await this.#tryInPlace(event, signal);
      if (error === null) continue;
      const { attemptsInPlace: attempts } = this.#options.pace;
      const nextAttemptMs = nextAttempt(this.#options.pace, attempts, this.#options.kernel.clock());
      await this.parked.park(event, { attempts, error, nextAttemptMs });
      this.#parkedStreams += 1;
      isParked = true;
      this.#reportParked(event, error);
    }
  }

  /** Null when it succeeded, the error otherwise. Rejects when it was cut off: nothing is known of it then. */
  async #tryInPlace(event: RecordedEvent, signal: AbortSignal): Promise<unknown> {
    const { attemptsInPlace, pauseInPlaceMs } = this.#options.pace;
    for (let attempt = 1; ; attempt += 1) {
      signal.throwIfAborted();
      try {
        await this.#effects.on(event, { attempt, signal });
        return null;
      } catch (error) {
        signal.throwIfAborted();
        if (attempt >= attemptsInPlace) return error;
      }
      await pause(withJitter(pauseInPlaceMs * 2 ** (attempt - 1)), undefined, { signal });
    }
  }

  #reportParked({ id, type, position }: RecordedEvent, error: unknown): void {
    this.#options.kernel.telemetry.log.error('consumer.parked', {
      consumer: this.name,
      eventId: id,
      eventType: type,
      position: encodePosition(position),
      error,
      action: 'It is tried again by itself for a while; see `muniment consumers`.',
    });
  }

  async #watchParked(): Promise<void> {
    const { signal, pace, kernel } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#tryParked();
      } catch (error) {
        if (signal.aborted) return;
        const action = 'Parked events wait until the transient store and the log can be read.';
        kernel.telemetry.log.error('consumer.parked.unreadable', { consumer: this.name, error, action });
      }
      await this.#pause(pace.lookEveryMs, signal);
    }
  }

  async #tryParked(): Promise<void> {
    const heads = await this.parked.heads();
    this.#parkedStreams = heads.length;
    const nowMs = this.#options.kernel.clock();
    for (const head of heads) {
      const { nextAttemptMs } = head.event;
      if (nextAttemptMs !== null && nextAttemptMs <= nowMs) await this.#unpark(head);
    }
  }

  /** The first, and as long as that succeeds those behind it. */
  async #unpark(first: ParkedHead): Promise<void> {
    const { signal, kernel } = this.#options;
    for (let head: ParkedHead | null = first; head !== null; head = await this.parked.head(first.event.stream)) {
      if (signal.aborted || !(await this.parked.claim(head, kernel.clock() + CLAIM_MS))) return;
      const isDone = await this.#tryAgain(head, signal);
      if (!isDone) return;
      await this.parked.remove(head);
    }
  }

  async #tryAgain(head: ParkedHead, signal: AbortSignal): Promise<boolean> {
    const { pace, kernel } = this.#options;
    const attempt = head.event.attempts + 1;
    try {
      const event = await this.#recorded(head.event);
      if (event !== null) await this.#effects.on(event, { attempt, signal });
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      const nextAttemptMs = nextAttempt(pace, attempt, kernel.clock());
      await this.parked.failedAgain(head, { attempts: attempt, error, nextAttemptMs });
      if (nextAttemptMs === null) this.#reportGivenUp(head.event, error);
      return false;
    }
  }

  #reportGivenUp({ id, type, position, attempts }: ParkedEvent, error: unknown): void {
    this.#options.kernel.telemetry.log.error('consumer.given-up', {
      consumer: this.name,
      eventId: id,
      eventType: type,
      position,
      attempts: attempts + 1,
      error,
      action: 'Mend the cause, then `muniment consumers retry`; or `muniment consumers skip` with a reason.',
    });
  }

  /** Null when the log no longer shows it: a technical event whose time is over. */
  async #recorded({ stream, revision, id, type, position }: ParkedEvent): Promise<RecordedEvent | null> {
    const from = BigInt(revision);
    for await (const event of this.#options.kernel.store.readStream(stream, { from, max: 1 })) {
      if (event.id === id) return event;
    }
    this.#options.kernel.telemetry.log.error('consumer.parked.expired', {
      consumer: this.name,
      eventId: id,
      eventType: type,
      position,
      action: 'Nothing: the retention of its stream removed the event before its effect succeeded.',
    });
    return null;
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await pause(ms, undefined, { signal, ref: false });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

function byStream(events: readonly RecordedEvent[]): Iterable<readonly RecordedEvent[]> {
  const streams = new Map<string, RecordedEvent[]>();
  for (const event of events) {
    const others = streams.get(event.stream);
    if (others === undefined) streams.set(event.stream, [event]);
    else others.push(event);
  }
  return streams.values();
}
