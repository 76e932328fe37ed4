import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EventStoreError } from '../../infra/event-store/errors.ts';
import type { EventStore, NewEvent } from '../../infra/event-store/event-store.ts';
import { collect, idsOf, messagesUntil, newEvents } from '../support/event-store.ts';
import { type DriverAt, openStoreAt, urlOf } from '../support/event-store-esdb.ts';
import { type EndpointProcess, startEndpointProcess } from '../support/eventstore-endpoint-process.ts';

const KILLS = 5;
const WRITERS = 4;
const GROUP = 5;

interface Watched {
  stopped: boolean;
  /** Of failures that callers saw. */
  readonly failures: unknown[];
  readonly successesMs: number[];
  readonly acknowledged: Map<string, bigint>;
}

/** The server runs in a process of its own. */
export function serverKilledContract(name: string, driver: DriverAt): void {
  let directory: string;
  let server: EndpointProcess;
  let store: EventStore;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'muniment-endpoint-'));
    server = await startEndpointProcess(directory);
    store = await openStoreAt(driver, urlOf(server.port));
  });
  afterEach(async () => {
    await store.close();
    await server.kill();
    await rm(directory, { recursive: true, force: true });
  });

  /** As callers do: what may be tried again is tried again, with the same ids. */
  async function write(writer: number, watched: Watched): Promise<void> {
    let revision: bigint | null = null;
    let events: NewEvent[] = newEvents(GROUP);
    while (!watched.stopped) {
      try {
        const expected: bigint | 'no-stream' = revision ?? 'no-stream';
        const result = await store.append(`user-writer${writer}`, expected, events);
        ({ revision } = result);
        watched.successesMs.push(performance.now());
        for (const { id } of events) watched.acknowledged.set(id, result.position.commit);
        events = newEvents(GROUP);
      } catch (error) {
        watched.failures.push(error);
      }
    }
  }

  async function read(watched: Watched): Promise<void> {
    while (!watched.stopped) {
      try {
        await collect(store.readStream('user-writer0'));
        await pause(20);
      } catch (error) {
        watched.failures.push(error);
      }
    }
  }

  it(`[E36] ${name}: a server that is killed and comes back costs callers a retry and nobody an event`, {
    timeout: 60_000,
  }, async () => {
    const watched: Watched = { stopped: false, failures: [], successesMs: [], acknowledged: new Map() };
    const following = messagesUntil(
      store.subscribe({ after: 'start' }),
      ({ kind }, events) => kind === 'event' && events.at(-1)?.stream === 'user-last',
    );
    const working = [...Array.from({ length: WRITERS }, (_, writer) => write(writer, watched)), read(watched)];
    for (let kill = 0; kill < KILLS; kill += 1) {
      await pause(250 + Math.random() * 200);
      await server.kill();
      server = await startEndpointProcess(directory, server.port);
      const restartedMs = performance.now();
      await pause(700);
      const first = watched.successesMs.find((ms) => ms > restartedMs) ?? Number.POSITIVE_INFINITY;
      expect(first - restartedMs).toBeLessThan(2_000);
    }
    watched.stopped = true;
    await Promise.all(working);
    await store.append('user-last', 'no-stream', newEvents(1));

    expect(watched.failures.filter((error) => !(error instanceof EventStoreError && error.retryable))).toEqual([]);
    const all = await collect(store.readAll({ after: 'start' }));
    expect(new Set(idsOf(all)).size).toBe(all.length);
    const positions = new Map(all.map(({ id, position }) => [id, position.commit]));
    expect([...watched.acknowledged.keys()].filter((id) => !positions.has(id))).toEqual([]);
    expect(watched.acknowledged.size).toBeGreaterThan(100);
    for (let writer = 0; writer < WRITERS; writer += 1) {
      const revisions = all.filter(({ stream }) => stream === `user-writer${writer}`).map(({ revision }) => revision);
      expect(revisions).toEqual(revisions.map((_, index) => BigInt(index)));
      expect(revisions.length % GROUP).toBe(0);
    }
    expect(idsOf((await following).events)).toEqual(idsOf(all));
  });
}
