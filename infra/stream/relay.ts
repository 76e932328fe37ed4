/**
 * Carries the log onwards: one process at a time reads everything from its checkpoint, publishes it in log order, and
 * moves the checkpoint once the stream has acknowledged. Killed at any moment it repeats some events and misses none.
 *
 * It only reads the log: a broker that is away makes the lag grow and holds nobody up.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { arrivals } from '../event-store/arrivals.ts';
import type { EventStore, RecordedEvent } from '../event-store/event-store.ts';
import type { Lease, Leases } from '../lease/lease.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { TransientStore } from '../transient-store/transient-store.ts';
import { Checkpoint } from './checkpoints.ts';
import { BATCH_EVENTS_MAX, type EventPublisher, StreamMisconfigured, StreamUnavailable } from './stream.ts';

const RELAY_LEASE = 'relay';

const AGAIN_MS_MIN = 100;
/** A broker that is back is used again within this. */
const AGAIN_MS_MAX = 3_000;
/** How often the checkpoint follows while there is nothing to publish. */
const PASS_EVERY_MS = 1_000;
const STOP_MS_MAX = 2_000;
const DELAY_BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300];

export interface RelayOptions {
  readonly store: EventStore;
  readonly publisher: EventPublisher;
  /** Where to: each destination has a checkpoint of its own, and a new one gets the whole log. */
  readonly destination: string;
  /** Keeps the checkpoint. */
  readonly transient: TransientStore;
  /** Null where no other process shares the transient store. */
  readonly leases: Leases | null;
  /** Which events leave. */
  readonly carries: (event: RecordedEvent) => boolean;
  readonly clock: () => number;
  readonly telemetry: Telemetry;
}

export interface Relay {
  /** `ok` false: events wait. What waits is not lost. */
  health(): { readonly ok: boolean; readonly detail: string };
  /** Lets the batch in hand end, for at most {@link STOP_MS_MAX}: what is cut off is carried again. */
  stop(): Promise<void>;
}

export function startRelay(options: RelayOptions): Relay {
  const relay = new LogRelay(options);
  const running = relay.run();
  return {
    health: () => relay.health(),
    async stop() {
      relay.stopping.abort();
      await Promise.race([running, pause(STOP_MS_MAX, undefined, { ref: false })]);
    },
  };
}

class LogRelay {
  readonly stopping = new AbortController();
  readonly #options: RelayOptions;
  readonly #published;
  readonly #delay;
  #holds = false;
  /** Why events wait; null while they do not. */
  #trouble: string | null = null;
  /** When the oldest event in hand was recorded, epoch milliseconds. */
  #waitingSinceMs: number | null = null;

  constructor(options: RelayOptions) {
    this.#options = options;
    const { telemetry, clock } = options;
    this.#published = telemetry.counter({
      name: 'muniment_relay_events_total',
      help: 'Events that the stream has acknowledged.',
    });
    this.#delay = telemetry.histogram({
      name: 'muniment_relay_delay_seconds',
      help: 'From the record in the log to the acknowledgement of the stream, for the oldest event of each batch.',
      bucketsS: DELAY_BUCKETS_S,
    });
    telemetry.gauge(
      { name: 'muniment_relay_lag_seconds', help: 'Age of the oldest event that waits to be relayed by this process.' },
      () => (this.#waitingSinceMs === null ? 0 : Math.max(0, clock() - this.#waitingSinceMs) / 1_000),
    );
  }

  health(): { ok: boolean; detail: string } {
    if (this.#trouble !== null) return { ok: false, detail: this.#trouble };
    return { ok: true, detail: this.#holds ? 'relaying' : 'another process relays' };
  }

  async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await this.#turn();
      } catch (error) {
        if (signal.aborted) return;
        this.#report(
          'relay.failed',
          error,
          'The relay begins again by itself at its checkpoint; events wait until then.',
        );
        await this.#pause(AGAIN_MS_MAX, signal);
      }
    }
  }

  async #turn(): Promise<void> {
    const { leases } = this.#options;
    const lease = leases === null ? null : await leases.acquire(RELAY_LEASE, this.stopping.signal);
    this.#holds = true;
    try {
      await this.#relay(lease);
    } finally {
      this.#holds = false;
      this.#waitingSinceMs = null;
      await lease?.release();
    }
  }

  async #relay(lease: Lease | null): Promise<void> {
    const { store, destination } = this.#options;
    const stops = [this.stopping.signal, ...(lease === null ? [] : [lease.lost])];
    const signal = AbortSignal.any(stops);
    const checkpoint = new Checkpoint({ ...this.#options, name: `relay-${destination}`, log: store.identity });
    const after = (await checkpoint.read()) ?? 'start';
    let movedMs = performance.now();
    const messages = store.subscribe({ after, signal, bufferEvents: BATCH_EVENTS_MAX });
    for await (const { events, through } of arrivals(messages, BATCH_EVENTS_MAX)) {
      const leaving = events.filter(this.#options.carries);
      if (!(await this.#publish(leaving, signal))) return;
      const isDue = leaving.length > 0 || performance.now() - movedMs >= PASS_EVERY_MS;
      if (through === null || !isDue) continue;
      // A power cut may bring an older one back: the events after it are then carried twice.
      await checkpoint.move(through, { survives: 'crash' });
      movedMs = performance.now();
    }
  }

  /** False when it was told to stop before the stream had taken them. */
  async #publish(events: readonly RecordedEvent[], signal: AbortSignal): Promise<boolean> {
    const [oldest] = events;
    if (oldest === undefined) return !signal.aborted;
    this.#waitingSinceMs = oldest.recordedAt.getTime();
    for (let againMs = AGAIN_MS_MIN; ; againMs = Math.min(againMs * 2, AGAIN_MS_MAX)) {
      if (signal.aborted) return false;
      if (await this.#tryToPublish(events)) break;
      await this.#pause(againMs, signal);
    }
    this.#delay.observe(Math.max(0, this.#options.clock() - this.#waitingSinceMs) / 1_000);
    this.#published.add(events.length);
    this.#waitingSinceMs = null;
    return true;
  }

  async #tryToPublish(events: readonly RecordedEvent[]): Promise<boolean> {
    try {
      await this.#options.publisher.publish(events);
    } catch (error) {
      if (error instanceof StreamMisconfigured) this.#wait(error, 'Events wait until the stream is as declared.');
      else if (error instanceof StreamUnavailable)
        this.#wait(error, 'Events wait, and go out by themselves afterwards.');
      else throw error;
      return false;
    }
    if (this.#trouble !== null) this.#options.telemetry.log.info('relay.resumed');
    this.#trouble = null;
    return true;
  }

  /** Said once, however often it is tried. */
  #wait(error: Error, action: string): void {
    if (this.#trouble === null) this.#report('relay.waits', error, action);
    this.#trouble = error.message;
  }

  #report(event: string, error: unknown, action: string): void {
    this.#options.telemetry.log.error(event, { error, action });
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await pause(ms * (0.5 + Math.random() / 2), undefined, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
