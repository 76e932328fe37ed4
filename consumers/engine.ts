/** All consumers of the stream: starts and stops them, says how they are, and lets an operator decide about parked events. */
import { systemCaller } from '../commands/bootstrap.ts';
import { skipEvent } from '../commands/consumers/skip-event.ts';
import type { Kernel } from '../commands/kernel.ts';
import { execute } from '../commands/pipeline.ts';
import { SUPER_ORG_ID } from '../domain/ids.ts';
import type { EventStream } from '../infra/stream/stream.ts';
import type { Consumer } from './consumer.ts';
import { ENGINE_PACE, type EnginePace } from './engine-pace.ts';
import { ConsumerRunner } from './engine-runner.ts';
import type { ParkedEvent, ParkedHead } from './parked-events.ts';

export const PARKED_SHOWN_MAX = 20;
const DELAY_BUCKETS_S = [0.005, 0.025, 0.1, 0.5, 1, 5, 30, 300, 3_600];

export interface ConsumerStatus {
  readonly name: string;
  readonly state: 'following' | 'waiting';
  /** Encoded; of the last event that this process took in, null before the first. */
  readonly position: string | null;
  readonly lagS: number;
  /** Why it waits; null while it follows. */
  readonly detail: string | null;
  /** As of the last look. */
  readonly parkedStreams: number;
  /** The first event of parked streams, at most {@link PARKED_SHOWN_MAX}, and how many wait behind it. */
  readonly parked: readonly (ParkedEvent & { readonly waiting: number })[];
}

export interface ConsumerEngineOptions {
  readonly kernel: Kernel;
  readonly stream: EventStream;
  readonly consumers: readonly Consumer[];
  readonly pace?: EnginePace;
}

/** What an operator asked for cannot be done; the message says why. */
export class ConsumerRequestRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConsumerRequestRefused';
  }
}

export class ConsumerEngine {
  readonly #kernel: Kernel;
  readonly #runners: ReadonlyMap<string, ConsumerRunner>;
  readonly #stopping = new AbortController();
  readonly #running: Promise<unknown>;

  constructor({ kernel, stream, consumers, pace = ENGINE_PACE }: ConsumerEngineOptions) {
    this.#kernel = kernel;
    const { telemetry } = kernel;
    const delay = telemetry.histogram({
      name: 'muniment_consumer_delay_seconds',
      help: 'From the record in the log to the end of the effect, for the oldest event of each batch.',
      labels: ['consumer'],
      bucketsS: DELAY_BUCKETS_S,
    });
    const { signal } = this.#stopping;
    const runners = consumers.map((consumer) => {
      const observe = (delayS: number) => delay.observe(delayS, { consumer: consumer.name });
      return new ConsumerRunner({ consumer, stream, kernel, pace, signal, observe });
    });
    this.#runners = new Map(runners.map((runner) => [runner.name, runner]));
    telemetry.gauge(
      { name: 'muniment_consumer_lag_seconds', help: 'Age of the oldest event in the hands of any consumer.' },
      () => Math.max(0, ...runners.map((runner) => runner.lagS())),
    );
    telemetry.gauge(
      { name: 'muniment_consumer_parked_streams', help: 'Streams that wait because an effect keeps failing.' },
      () => runners.reduce((sum, { parkedStreams }) => sum + parkedStreams, 0),
    );
    this.#running = Promise.all(runners.map((runner) => runner.run()));
    // Awaited by `stop`; a consumer that ends before shows there.
    this.#running.catch((error: unknown) => {
      telemetry.log.error('consumer.ended', { error, action: 'Restart the server; this is a fault of the software.' });
    });
  }

  async status(): Promise<readonly ConsumerStatus[]> {
    return await Promise.all([...this.#runners.values()].map((runner) => statusOf(runner)));
  }

  /** By consumer. `ok` false: it waits, or streams are parked. */
  health(): ReadonlyMap<string, { readonly ok: boolean; readonly detail: string }> {
    return new Map(
      [...this.#runners.values()].map((runner) => {
        const { trouble, parkedStreams } = runner;
        const detail = trouble ?? (parkedStreams === 0 ? 'following' : `${parkedStreams} streams are parked`);
        return [runner.name, { ok: trouble === null && parkedStreams === 0, detail }];
      }),
    );
  }

  /** Tries the parked streams again, or the one that stands at an event. Throws {@link ConsumerRequestRefused}. */
  async retry(name: string, eventId: string | null): Promise<void> {
    const { parked } = this.#runner(name);
    const heads = eventId === null ? await parked.heads() : [await this.#parkedAt(name, eventId)];
    for (const head of heads) await parked.tryAnew(head);
  }

  /** Passes over the event that a stream stands at, and records why. Throws {@link ConsumerRequestRefused}. */
  async skip(name: string, eventId: string, reason: string): Promise<void> {
    const head = await this.#parkedAt(name, eventId);
    const { id: event, stream, position } = head.event;
    const caller = systemCaller(SUPER_ORG_ID, 'operator');
    const input = { consumer: name, event, stream, position, reason };
    const recorded = await execute(this.#kernel, skipEvent, input, { caller, correlationId: this.#kernel.uuid() });
    if (!recorded.ok) throw new ConsumerRequestRefused(`the skip cannot be recorded: ${recorded.refusal.reason}`);
    await this.#runner(name).parked.remove(head);
  }

  async #parkedAt(name: string, eventId: string): Promise<ParkedHead> {
    const heads = await this.#runner(name).parked.heads();
    const head = heads.find(({ event }) => event.id === eventId);
    if (head === undefined) throw new ConsumerRequestRefused(`no stream of ${name} stands at event ${eventId}`);
    return head;
  }

  #runner(name: string): ConsumerRunner {
    const runner = this.#runners.get(name);
    if (runner !== undefined) return runner;
    const known = [...this.#runners.keys()];
    const there = known.length === 0 ? 'there are none' : `there are ${known.join(', ')}`;
    throw new ConsumerRequestRefused(`there is no consumer ${name}; ${there}`);
  }

  /** Resolves when no effect is under way any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }
}

async function statusOf(runner: ConsumerRunner): Promise<ConsumerStatus> {
  const heads = await runner.parked.heads(PARKED_SHOWN_MAX);
  const parked = await Promise.all(
    heads.map(async ({ event }) => ({ ...event, waiting: await runner.parked.waiting(event.stream) })),
  );
  return {
    name: runner.name,
    state: runner.trouble === null ? 'following' : 'waiting',
    position: runner.position,
    lagS: runner.lagS(),
    detail: runner.trouble,
    parkedStreams: Math.max(runner.parkedStreams, parked.length),
    parked,
  };
}
