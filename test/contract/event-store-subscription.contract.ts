import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { EventStore, RecordedEvent, SubscriptionMessage } from '../../infra/event-store/event-store.ts';
import { comparePositions } from '../../infra/event-store/position.ts';
import { collect, idsOf, messagesUntil, newEvents, newStream } from '../support/event-store.ts';
import type { Opened } from './event-store-under-test.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const MEBIBYTE = 1_048_576;

async function fill(store: EventStore, events: number, type = 'test.thing.happened.v1'): Promise<void> {
  for (let written = 0; written < events; written += 250) {
    await store.append(newStream(), 'no-stream', newEvents(Math.min(250, events - written), { type }));
  }
}

/** Milliseconds an append takes: the 99th of a hundred. */
async function slowAppendMs(store: EventStore, events: number): Promise<number> {
  const writer = async (times: number[]) => {
    const stream = newStream();
    for (let index = 0; index < events / 8 / 5; index += 1) {
      const start = performance.now();
      await store.append(stream, 'any', newEvents(5, { data: { text: 'x'.repeat(100) } }));
      times.push(performance.now() - start);
    }
  };
  const times: number[] = [];
  await Promise.all(Array.from({ length: 8 }, () => writer(times)));
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0;
}

const isCaughtUp = (message: SubscriptionMessage): boolean => message.kind === 'caught-up';

export function subscriptionContract(opened: Opened): void {
  it('[E19] gives all that was there, says that it has caught up, and goes on live', async () => {
    const { store } = opened();
    await fill(store, 1_000);
    const messages = store.subscribe({ after: 'start' });
    let appended = false;
    const followed = await messagesUntil(messages, (message, events) => {
      if (isCaughtUp(message) && !appended) {
        appended = true;
        void fill(store, 500);
      }
      return events.length === 1_500;
    });
    const kinds = followed.messages.map(({ kind }) => kind);
    expect(kinds.indexOf('caught-up')).toBe(1_000);
    expect(idsOf(followed.events)).toEqual(idsOf(await collect(store.readAll({ after: 'start' }))));
  });

  it('[E19] delivers an event within moments of its append', async () => {
    const { store } = opened();
    const messages = store.subscribe({ after: 'end' })[Symbol.asyncIterator]();
    await messages.next();
    const delays: number[] = [];
    for (let index = 0; index < 50; index += 1) {
      const next = messages.next();
      await store.append(newStream(), 'no-stream', newEvents(1));
      const acknowledged = performance.now();
      await next;
      delays.push(performance.now() - acknowledged);
    }
    await messages.return?.();
    expect(delays.toSorted((a, b) => a - b)[25]).toBeLessThan(5);
  });

  it('[E20] resumes after any checkpoint with exactly the rest', async () => {
    const { store } = opened();
    await fill(store, 700);
    const all = await collect(store.readAll({ after: 'start' }));
    const cuts = fc.integer({ min: 0, max: all.length - 1 });
    const buffers = fc.integer({ min: 1, max: 600 });
    await fc.assert(
      fc.asyncProperty(cuts, buffers, async (cut, bufferEvents) => {
        const after = (all[cut] as RecordedEvent).position;
        const { events } = await messagesUntil(store.subscribe({ after, bufferEvents }), isCaughtUp);
        expect(idsOf(events)).toEqual(idsOf(all.slice(cut + 1)));
      }),
      { numRuns: 100 },
    );
  });

  it('[E21] gives only later events when it starts at the end', async () => {
    const { store } = opened();
    await fill(store, 300);
    const messages = store.subscribe({ after: 'end' });
    expect((await messages[Symbol.asyncIterator]().next()).value).toMatchObject({ kind: 'caught-up' });
    const later = newEvents(3);
    await store.append(newStream(), 'no-stream', later);
    const { events } = await messagesUntil(messages, (_, seen) => seen.length === 3);
    expect(idsOf(events)).toEqual(idsOf(later));
  });

  it('[E22] says how far it has come while a filter passes over everything', async () => {
    const { store } = opened();
    await fill(store, 5_000);
    const filter = { typePrefixes: ['test.rare_thing.'] };
    const fourThousandth = (await collect(store.readAll({ after: 'start', max: 4_000 }))).at(-1)?.position;
    const reached = await messagesUntil(store.subscribe({ after: 'start', filter }), (message) => {
      if (message.kind !== 'checkpoint') return false;
      return comparePositions(message.position, fourThousandth ?? message.position) >= 0;
    });
    expect(reached.events).toEqual([]);

    const checkpoint = reached.messages.at(-1);
    const rare = newEvents(2, { type: 'test.rare_thing.happened.v1' });
    await store.append(newStream(), 'no-stream', rare);
    const after = checkpoint?.kind === 'checkpoint' ? checkpoint.position : 'end';
    const resumed = await messagesUntil(store.subscribe({ after, filter }), (_, events) => events.length === 2);
    expect(idsOf(resumed.events)).toEqual(idsOf(rare));
  });

  it('[E23] lets a consumer that stops pulling hold up neither writers nor memory', { timeout: 120_000 }, async () => {
    const { store } = opened();
    await slowAppendMs(store, 2_000);
    const ratios: number[] = [];
    let written = 2_000;
    for (let round = 0; round < 4 && !ratios.some((ratio) => ratio <= 3); round += 1) {
      const undisturbed = await slowAppendMs(store, 20_000);
      const paused = store.subscribe({ after: 'start' })[Symbol.asyncIterator]();
      await paused.next();
      collectGarbage();
      const before = process.memoryUsage().heapUsed;
      ratios.push((await slowAppendMs(store, 20_000)) / undisturbed);
      collectGarbage();
      expect(process.memoryUsage().heapUsed - before).toBeLessThan(64 * MEBIBYTE);
      written += 40_000;
      let seen = 1;
      for (let next = await paused.next(); next.value.kind === 'event'; next = await paused.next()) seen += 1;
      expect(seen).toBe(written);
      await paused.return?.();
    }
    expect(Math.min(...ratios)).toBeLessThanOrEqual(3);
  });

  it('[E24] holds nothing of reads and subscriptions that were left in the middle', { timeout: 180_000 }, async () => {
    const { store } = opened();
    await fill(store, 500);
    const stream = newStream();
    await store.append(stream, 'no-stream', newEvents(300));
    const cycles = async (count: number) => {
      for (let cycle = 0; cycle < count; cycle += 1) {
        for await (const _ of store.readStream(stream)) break;
        for await (const _ of store.readAll({ after: 'start' })) break;
        for await (const _ of store.subscribe({ after: 'start' })) break;
        const abort = new AbortController();
        const waiting = messagesUntil(store.subscribe({ after: 'end', signal: abort.signal }), () => false);
        await Promise.resolve();
        abort.abort();
        await waiting;
      }
    };
    await cycles(200);
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    await cycles(1_000);
    collectGarbage();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(4 * MEBIBYTE);
  });

  it('[E24] ends when it is aborted or left while it waits', async () => {
    const { store } = opened();
    const abort = new AbortController();
    const aborted = messagesUntil(store.subscribe({ after: 'end', signal: abort.signal }), () => false);
    const left = store.subscribe({ after: 'end' })[Symbol.asyncIterator]();
    await left.next();
    const waiting = left.next();
    abort.abort();
    await left.return?.();
    expect((await aborted).events).toEqual([]);
    expect(await waiting).toEqual({ done: true, value: undefined });
  });
}
