/**
 * Measures the way of an event from the log to an effect, embedded and over the Kafka that MUNIMENT_KAFKA_BROKERS names:
 * `node scripts/servers/kafka.mjs node bench/stream.ts`. The log commits to the disk; nothing but log, relay and
 * consumer runs in this process.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Consumer } from '../consumers/consumer.ts';
import { ENGINE_PACE } from '../consumers/engine-pace.ts';
import { ConsumerRunner } from '../consumers/engine-runner.ts';
import { createEventCodec } from '../infra/event-codec/sealing-codec.ts';
import { openEmbeddedEventStore } from '../infra/event-store/embedded/embedded-event-store.ts';
import type { EventStore, NewEvent, RecordedEvent } from '../infra/event-store/event-store.ts';
import { openSideStores } from '../infra/side-stores/open-side-stores.ts';
import { openEmbeddedStream } from '../infra/stream/embedded/embedded-stream.ts';
import { openKafkaStream } from '../infra/stream/kafka/kafka-stream.ts';
import { startRelay } from '../infra/stream/relay.ts';
import type { EventStream } from '../infra/stream/stream.ts';
import { noTelemetry } from '../infra/telemetry/no-telemetry.ts';
import { type Single, singlesTable } from './report.ts';

const HELP = `node bench/stream.ts [options]

  --rate N       events appended per second, one append each, default 1000
  --seconds N    for so long, default 10
  --events N     events for the throughput of a consumer that begins late, default 50000
  --json         one JSON object per line
`;

const TYPE = 'bench.thing.happened.v1';
const STREAMS = 500;
const TICK_MS = 10;
const APPEND_EVENTS = 100;
const WARM_UP_S = 2;
const DONE_MS_MAX = 120_000;

interface Options {
  readonly rate: number;
  readonly seconds: number;
  readonly events: number;
}

const data = { text: 'x'.repeat(200) };

function event(): NewEvent {
  const id = randomUUID();
  const meta = { $correlationId: id, $causationId: id, at: new Date().toISOString(), tenant: id, org: id };
  return { id, type: TYPE, data, meta };
}

class Ground {
  readonly acknowledgedMs = new Map<string, number>();
  readonly publishedMs = new Map<string, number>();
  readonly handledMs = new Map<string, number>();
  readonly #directory: string;
  readonly #sides;
  readonly store: EventStore;

  static async open(): Promise<Ground> {
    const directory = await mkdtemp(join(tmpdir(), 'muniment-bench-stream-'));
    const store = await openEmbeddedEventStore({ directory, mode: 'writer', durability: 'full' });
    const deploymentKey = Buffer.alloc(32, 1);
    return new Ground(directory, store, await openSideStores({ directory, deploymentKey, clock: Date.now }));
  }

  private constructor(directory: string, store: EventStore, sides: Awaited<ReturnType<typeof openSideStores>>) {
    this.#directory = directory;
    this.store = store;
    this.#sides = sides;
  }

  openStream(broker: string | null): EventStream {
    const { store } = this;
    const { transient } = this.#sides;
    if (broker === null) return openEmbeddedStream({ store, transient, clock: Date.now, leases: null });
    return openKafkaStream({
      place: { brokers: [broker], tls: null, credentials: null },
      topics: { prefix: `bench-${randomUUID()}`, partitions: 6, retentionMs: 3_600_000, replicas: null },
      logIdentity: store.identity,
      log: noTelemetry.log,
    });
  }

  relay(stream: EventStream) {
    const { publisher } = stream;
    if (publisher === null) return null;
    const observed = {
      publish: async (events: readonly RecordedEvent[]) => {
        await publisher.publish(events);
        const nowMs = performance.now();
        for (const { id } of events) this.publishedMs.set(id, nowMs);
      },
    };
    return startRelay({
      destination: 'bench',
      store: this.store,
      publisher: observed,
      transient: this.#sides.transient,
      leases: null,
      carries: () => true,
      clock: Date.now,
      telemetry: noTelemetry,
    });
  }

  consume(stream: EventStream, signal: AbortSignal): Promise<void> {
    const consumer: Consumer = {
      name: `bench-${randomUUID()}`,
      categories: ['user'],
      types: new Set([TYPE]),
      onRepeat: 'same',
      effect: async ({ id }) => void this.handledMs.set(id, performance.now()),
    };
    const { vault, transient } = this.#sides;
    const codec = createEventCodec({ vault, catalogue: new Map() });
    const kernel = { store: this.store, codec, transient, clock: Date.now, telemetry: noTelemetry };
    return new ConsumerRunner({ consumer, stream, kernel, pace: ENGINE_PACE, signal, observe: () => undefined }).run();
  }

  async append(count: number): Promise<void> {
    const events = Array.from({ length: count }, event);
    await this.store.append(`user-${Math.floor(Math.random() * STREAMS)}`, 'any', events);
    const nowMs = performance.now();
    for (const { id } of events) this.acknowledgedMs.set(id, nowMs);
  }

  forget(): void {
    for (const each of [this.acknowledgedMs, this.publishedMs, this.handledMs]) each.clear();
  }

  async close(): Promise<void> {
    await this.#sides.transient.close();
    await this.#sides.vault.close();
    await this.store.close();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = performance.now() + DONE_MS_MAX;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`what was appended is not there after ${DONE_MS_MAX} ms`);
    await pause(1);
  }
}

/** At a steady rate, whether the last ones are acknowledged or not. */
async function appendSteadily(ground: Ground, rate: number, seconds: number): Promise<void> {
  const pending: Promise<void>[] = [];
  const beganMs = performance.now();
  const total = rate * seconds;
  while (pending.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - beganMs) / 1_000) * rate));
    while (pending.length < due) pending.push(ground.append(1));
    await pause(TICK_MS);
  }
  await Promise.all(pending);
}

function quantiles(after: ReadonlyMap<string, number>, before: ReadonlyMap<string, number>) {
  const delays = [...after].map(([id, ms]) => Math.max(0, ms - (before.get(id) ?? ms))).toSorted((a, b) => a - b);
  const at = (share: number) => delays[Math.min(delays.length - 1, Math.floor(delays.length * share))] ?? 0;
  return { p50: at(0.5), p99: at(0.99) };
}

async function measure(target: string, broker: string | null, options: Options): Promise<readonly Single[]> {
  const { rate, seconds, events } = options;
  const singles: Single[] = [];
  const add = (measure: string, value: number, unit: string) => singles.push({ target, measure, value, unit });
  const ground = await Ground.open();
  const stream = ground.openStream(broker);
  const relay = ground.relay(stream);
  const stopping = new AbortController();
  const running = [ground.consume(stream, stopping.signal)];
  await appendSteadily(ground, rate, WARM_UP_S);
  await until(() => ground.handledMs.size === ground.acknowledgedMs.size);
  ground.forget();
  await appendSteadily(ground, rate, seconds);
  await until(() => ground.handledMs.size === ground.acknowledgedMs.size);
  if (relay !== null) {
    const { p50, p99 } = quantiles(ground.publishedMs, ground.acknowledgedMs);
    add(`at ${rate} events/s, commit to broker's acknowledgement, p50`, p50, 'ms');
    add(`at ${rate} events/s, commit to broker's acknowledgement, p99`, p99, 'ms');
  }
  const { p50, p99 } = quantiles(ground.handledMs, ground.acknowledgedMs);
  add(`at ${rate} events/s, commit to effect, p50`, p50, 'ms');
  add(`at ${rate} events/s, commit to effect, p99`, p99, 'ms');

  let beganMs = performance.now();
  for (let left = events; left > 0; left -= APPEND_EVENTS) await ground.append(Math.min(APPEND_EVENTS, left));
  if (relay !== null) {
    await until(() => ground.publishedMs.size === ground.acknowledgedMs.size);
    add(`append and relay of ${events} events`, (events / (performance.now() - beganMs)) * 1_000, 'events/s');
  }
  await until(() => ground.handledMs.size === ground.acknowledgedMs.size);
  const total = ground.handledMs.size + rate * WARM_UP_S;
  ground.handledMs.clear();
  beganMs = performance.now();
  running.push(ground.consume(stream, stopping.signal));
  await until(() => ground.handledMs.size === total);
  add(`a late consumer through ${total} events`, (total / (performance.now() - beganMs)) * 1_000, 'events/s');

  stopping.abort();
  await Promise.all(running);
  await relay?.stop();
  await stream.close();
  await ground.close();
  return singles;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rate: { type: 'string', default: '1000' },
      seconds: { type: 'string', default: '10' },
      events: { type: 'string', default: '50000' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const options = { rate: Number(values.rate), seconds: Number(values.seconds), events: Number(values.events) };
  const [broker = ''] = (process.env['MUNIMENT_KAFKA_BROKERS'] ?? '').split(',');
  const singles = [
    ...(await measure('embedded', null, options)),
    ...(broker === '' ? [] : await measure('kafka', broker, options)),
  ];
  if (values.json) for (const single of singles) process.stdout.write(`${JSON.stringify(single)}\n`);
  else process.stdout.write(`${singlesTable(singles)}\n`);
}

await main();
