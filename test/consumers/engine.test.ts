import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Consumer, EffectScope } from '../../consumers/consumer.ts';
import { ConsumerEngine, ConsumerRequestRefused } from '../../consumers/engine.ts';
import { ENGINE_PACE, type EnginePace, nextAttempt } from '../../consumers/engine-pace.ts';
import type { DomainEvent } from '../../domain/event.ts';
import { openEmbeddedStream } from '../../infra/stream/embedded/embedded-stream.ts';
import type { EventStream } from '../../infra/stream/stream.ts';
import { collect, eventually, idsOf, newEvents, newStream } from '../support/event-store.ts';
import { openTestKernel, type TestKernel } from '../support/kernel.ts';

const PACE: EnginePace = {
  attemptsInPlace: 2,
  pauseInPlaceMs: 1,
  parkedMsMin: 20,
  parkedMsMax: 50,
  attemptsMax: 5,
  lookEveryMs: 10,
};

const TYPE = 'test.thing.happened.v1';

describe('the consumer engine', () => {
  let opened: TestKernel;
  let stream: EventStream;
  let engine: ConsumerEngine | null;
  const done: DomainEvent[] = [];
  const attempts: { readonly id: string; readonly attempt: number }[] = [];
  /** Ids whose effect fails. */
  const poisoned = new Set<string>();

  const consumer: Consumer = {
    name: 'recorder',
    categories: ['user'],
    types: new Set([TYPE]),
    onRepeat: 'same',
    async effect(event, { attempt }: EffectScope) {
      attempts.push({ id: event.id, attempt });
      if (poisoned.has(event.id)) throw new Error('the other side refuses it');
      done.push(event);
    },
  };

  beforeEach(async () => {
    opened = await openTestKernel();
    stream = open();
    engine = null;
    done.length = 0;
    attempts.length = 0;
    poisoned.clear();
  });
  afterEach(async () => {
    await engine?.stop();
    await stream.close();
    await opened.close();
  });

  const open = () => openEmbeddedStream({ ...opened.kernel, leases: null });
  function start(consumers: readonly Consumer[] = [consumer], pace = PACE): ConsumerEngine {
    engine = new ConsumerEngine({ kernel: opened.kernel, stream, consumers, pace });
    return engine;
  }
  async function restart(consumers?: readonly Consumer[]): Promise<ConsumerEngine> {
    await engine?.stop();
    await stream.close();
    stream = open();
    return start(consumers);
  }
  async function append(key: string, count: number, type = TYPE) {
    const events = newEvents(count, { type });
    await opened.kernel.store.append(key, 'any', events);
    return idsOf(events);
  }
  const doneOf = (key: string) => idsOf(done.filter((event) => event.stream === key));
  const parkedOf = async (from: ConsumerEngine) => (await from.status())[0]?.parked ?? [];

  it('does its effect once for each event of its types, in order per stream, and goes on there after a restart', async () => {
    const [one, two] = [newStream('user'), newStream('user')];
    const ofOne = await append(one, 20);
    const ofTwo = await append(two, 20);
    await append(one, 1, 'other.thing.happened.v1');
    await append(newStream('role'), 1);
    start();
    await eventually(() => done.length === 40);
    await restart();
    const later = await append(one, 3);
    await eventually(() => done.length === 43);
    expect(doneOf(one)).toEqual([...ofOne, ...later]);
    expect(doneOf(two)).toEqual(ofTwo);
  });

  it('parks the stream of an event whose effect keeps failing, and only that stream', async () => {
    const [sick, well] = [newStream('user'), newStream('user')];
    const [first = '', poison = '', behind = ''] = await append(sick, 3);
    poisoned.add(poison);
    const ofWell = await append(well, 3);
    const running = start();
    await eventually(() => done.length === 4);
    const more = await append(well, 2);
    const [last = ''] = await append(sick, 1);
    await eventually(() => doneOf(well).length === 5);
    await eventually(async () => (await parkedOf(running))[0]?.waiting === 2);
    expect(doneOf(sick)).toEqual([first]);
    expect(doneOf(well)).toEqual([...ofWell, ...more]);
    expect(running.health().get('recorder')).toEqual({ ok: false, detail: '1 streams are parked' });

    poisoned.clear();
    await running.retry('recorder', null);
    await eventually(() => doneOf(sick).length === 4);
    expect(doneOf(sick)).toEqual([first, poison, behind, last]);
    await eventually(() => running.health().get('recorder')?.ok === true);
  });

  it('tries a parked event again by itself, less and less often, and then leaves it to the operator', async () => {
    const sick = newStream('user');
    const [poison = ''] = await append(sick, 1);
    poisoned.add(poison);
    const running = start();
    await eventually(async () => (await parkedOf(running))[0]?.nextAttemptMs === null);
    expect(attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5]);
    const [head] = await parkedOf(running);
    expect(head).toMatchObject({ id: poison, stream: sick, attempts: 5, error: 'Error: the other side refuses it' });
  });

  it('succeeds by itself when the cause goes away in time', async () => {
    const sick = newStream('user');
    const ids = await append(sick, 3);
    poisoned.add(ids[0] ?? '');
    const running = start([consumer], { ...PACE, attemptsMax: 1_000 });
    await eventually(() => attempts.length >= 4);
    poisoned.clear();
    await eventually(() => done.length === 3);
    expect(doneOf(sick)).toEqual(ids);
    await eventually(async () => (await parkedOf(running)).length === 0);
  });

  it('keeps a stream parked over a restart', async () => {
    const sick = newStream('user');
    const ids = await append(sick, 2);
    poisoned.add(ids[0] ?? '');
    const before = start();
    await eventually(async () => (await parkedOf(before))[0]?.nextAttemptMs === null);
    const after = await restart();
    const later = await append(sick, 2);
    await eventually(async () => (await parkedOf(after))[0]?.waiting === 3);
    expect(done).toEqual([]);
    poisoned.clear();
    await after.retry('recorder', ids[0] ?? '');
    await eventually(() => done.length === 4);
    expect(doneOf(sick)).toEqual([...ids, ...later]);
  });

  it('passes over an event when an operator says so, and records his reason', async () => {
    const sick = newStream('user');
    const [poison = '', next = ''] = await append(sick, 2);
    poisoned.add(poison);
    const running = start();
    await eventually(async () => (await parkedOf(running))[0]?.nextAttemptMs === null);
    await running.skip('recorder', poison, 'the receiver was shut down');
    await eventually(() => done.length === 1);
    expect(doneOf(sick)).toEqual([next]);
    const [recorded] = await collect(opened.kernel.store.readStream('consumer-recorder'));
    expect(recorded?.type).toBe('operations.consumer.event_skipped.v1');
    expect(recorded?.data).toMatchObject({ event: poison, stream: sick, reason: 'the receiver was shut down' });
    expect(recorded?.meta).toMatchObject({ actorType: 'system', actor: 'operator', command: 'SkipConsumerEvent' });
  });

  it('refuses to skip or retry what does not stand, and a skip without a reason', async () => {
    const sick = newStream('user');
    const [poison = '', behind = ''] = await append(sick, 2);
    poisoned.add(poison);
    const running = start();
    await eventually(async () => (await parkedOf(running)).length === 1);
    await expect(running.skip('recorder', behind, 'out of turn')).rejects.toThrow(ConsumerRequestRefused);
    await expect(running.skip('recorder', poison, ' ')).rejects.toThrow(ConsumerRequestRefused);
    await expect(running.retry('nobody', null)).rejects.toThrow('there is no consumer nobody; there are recorder');
    expect(await parkedOf(running)).toHaveLength(1);
  });

  it('remembers what ended, where a consumer cannot tell a repeat, when the stream hands it over again', async () => {
    const ids = await append(newStream('user'), 3);
    const forgetful: Consumer = { ...consumer, onRepeat: 'remember' };
    start([forgetful]);
    await eventually(() => done.length === 3);
    await engine?.stop();
    const checkpoint = { type: 'consumer', tenant: 'server', id: 'stream-recorder' } as const;
    await opened.kernel.transient.commit([{ op: 'remove', key: checkpoint, expect: 'any' }]);
    await restart([forgetful]);
    const [later = ''] = await append(newStream('user'), 1);
    await eventually(() => done.length === 4);
    expect(idsOf(done)).toEqual([...ids, later]);
  });

  it('stops in the middle of an effect, and repeats it at the next start', async () => {
    const ids = await append(newStream('user'), 2);
    let isFirst = true;
    const slow: Consumer = {
      ...consumer,
      async effect(event, scope) {
        if (!isFirst) return await consumer.effect(event, scope);
        attempts.push({ id: event.id, attempt: scope.attempt });
        await new Promise((_, reject) => {
          scope.signal.addEventListener('abort', () => reject(new Error('cut off')), { once: true });
        });
      },
    };
    start([slow]);
    await eventually(() => attempts.length === 1);
    await engine?.stop();
    isFirst = false;
    const after = await restart([slow]);
    await eventually(() => done.length === 2);
    expect(idsOf(done)).toEqual(ids);
    expect(await parkedOf(after)).toEqual([]);
  });
});

describe('the pace of attempts', () => {
  it('doubles the pause up to the most, with jitter, and ends', () => {
    const pauses = Array.from({ length: 20 }, (_, index) => nextAttempt(ENGINE_PACE, index + 3, 0) ?? -1);
    const wholes = Array.from({ length: 17 }, (_, index) => Math.min(1_000 * 2 ** index, 300_000));
    for (const [index, whole] of wholes.entries()) {
      expect(pauses[index]).toBeGreaterThanOrEqual(whole / 2);
      expect(pauses[index]).toBeLessThanOrEqual(whole);
    }
    expect(pauses.slice(17)).toEqual([-1, -1, -1]);
  });
});
