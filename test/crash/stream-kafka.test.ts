/** Application and broker killed under load: what was recorded is carried, in order per stream and without a gap. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEmbeddedEventStore } from '../../infra/event-store/embedded/embedded-event-store.ts';
import { hasKafka, requireKafka } from '../support/kafka.ts';
import { recordsOf } from '../support/kafka-records.ts';
import { type KafkaServer, kafkaServer } from '../support/kafka-server.ts';
import { type StreamProcess, startStreamProcess } from '../support/stream-process.ts';

const TEST_MS_MAX = 180_000;
const CARRIED_MS_MAX = 60_000;
const READY_MS_MAX = 10_000;
const PREFIX = 'crash';
const TOPIC = 'crash.identity.user';

requireKafka();

describe.runIf(hasKafka)('a log that is relayed to Kafka', { timeout: TEST_MS_MAX }, () => {
  let server: KafkaServer;
  let directory: string;
  let application: StreamProcess;
  let acknowledged: string[];
  let opened: AsyncDisposableStack;
  beforeEach(async () => {
    opened = new AsyncDisposableStack();
    directory = await mkdtemp(join(tmpdir(), 'muniment-stream-crash-'));
    opened.defer(() => rm(directory, { recursive: true, force: true }));
    server = await kafkaServer();
    opened.defer(() => server.remove());
    acknowledged = [];
    application = await startStreamProcess(directory, server.broker, PREFIX);
    opened.defer(() => application.end('SIGKILL'));
  });
  afterEach(() => opened.disposeAsync());

  async function killApplication(): Promise<void> {
    await application.end('SIGKILL');
    acknowledged.push(...application.acknowledged);
    application = await startStreamProcess(directory, server.broker, PREFIX);
  }

  const effects = async (): Promise<string[]> => {
    try {
      return (await readFile(join(directory, 'effects'), 'utf8')).trim().split('\n');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  };
  const someLoad = (ms: number) => pause(ms * (0.5 + Math.random()));

  async function until(what: string, withinMs: number, isTrue: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (!(await isTrue())) {
      if (performance.now() > deadline) throw new Error(`${what} took more than ${withinMs} ms`);
      await pause(50);
    }
  }

  /** Nothing more is written; what was written is everywhere. Ids by stream, as the log has them. */
  async function settled(): Promise<ReadonlyMap<string, readonly string[]>> {
    application.writeNoMore();
    let count = -1;
    await until('the last write', CARRIED_MS_MAX, async () => {
      const before = count;
      count = application.acknowledged.length;
      await pause(200);
      return before === count;
    });
    acknowledged.push(...application.acknowledged);
    const log = new Map<string, string[]>();
    const reader = await openEmbeddedEventStore({ directory, mode: 'reader' });
    for await (const { stream, id } of reader.readAll({ after: 'start', filter: { streamPrefixes: ['user-'] } })) {
      log.set(stream, [...(log.get(stream) ?? []), id]);
    }
    await reader.close();
    const all = new Set([...log.values()].flat());
    await until('what is left to carry', CARRIED_MS_MAX, async () => new Set(await effects()).size >= all.size);
    expect(acknowledged.filter((id) => !all.has(id))).toEqual([]);
    return log;
  }

  async function expectCarried(log: ReadonlyMap<string, readonly string[]>): Promise<void> {
    const records = await recordsOf(server.broker, (topic) => topic === TOPIC);
    const carried = records.map(({ key, value }) => ({ key, id: (JSON.parse(value) as { id: string }).id }));
    const followed = await effects();
    for (const [stream, ids] of log) {
      const first = new Set(carried.filter(({ key }) => key === stream).map(({ id }) => id));
      expect([...first], `records of ${stream}`).toEqual(ids);
      const own = new Set(ids);
      expect([...new Set(followed.filter((id) => own.has(id)))], `effects on ${stream}`).toEqual(ids);
    }
  }

  it('[SEC-L9] misses nothing and keeps the order of each stream when the application is killed', async () => {
    for (let kill = 0; kill < 6; kill += 1) {
      await someLoad(1_200);
      await killApplication();
    }
    await someLoad(500);
    await expectCarried(await settled());
  });

  it('misses nothing when Kafka is killed, goes on writing meanwhile, and carries on within 10 s of its return', async () => {
    for (let kill = 0; kill < 2; kill += 1) {
      await someLoad(1_500);
      await server.kill();
      const before = application.acknowledged.length;
      await someLoad(1_500);
      expect(application.acknowledged.length).toBeGreaterThan(before);
      await server.startAgain();
      const newest = application.acknowledged.at(-1) ?? '';
      await until('the way of a new event', READY_MS_MAX, async () => (await effects()).includes(newest));
    }
    await expectCarried(await settled());
  });

  it('misses nothing when both are killed, the application while Kafka is away', async () => {
    await someLoad(1_500);
    await server.kill();
    await someLoad(500);
    await killApplication();
    await someLoad(1_000);
    await Promise.all([server.startAgain(), someLoad(500).then(killApplication)]);
    await someLoad(1_000);
    await expectCarried(await settled());
  });
});
