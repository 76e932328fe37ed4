import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { EventStore, RecordedEvent } from '../../infra/event-store/event-store.ts';
import { comparePositions } from '../../infra/event-store/position.ts';
import { collect, idsOf, messagesUntil, newEvents, newStream } from '../support/event-store.ts';
import type { Opened } from './event-store-under-test.ts';

const WRITERS = 8;

async function writeFromMany(
  store: EventStore,
  { streams, appends }: { streams: readonly string[]; appends: number },
): Promise<void> {
  const write = async (writer: number) => {
    for (let index = 0; index < appends; index += 1) {
      const stream = streams[(index * WRITERS + writer * 7) % streams.length] ?? '';
      await store.append(stream, 'any', newEvents(1 + (index % 3)));
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
}

function expectGaplessStreams(events: readonly RecordedEvent[]): void {
  const next = new Map<string, bigint>();
  for (const { stream, revision } of events) {
    expect(revision).toBe(next.get(stream) ?? 0n);
    next.set(stream, revision + 1n);
  }
}

export function orderContract(opened: Opened): void {
  it('[E17] gives subscribers the order that readers see, without gap or repeat', async () => {
    const { store } = opened();
    const streams = Array.from({ length: 50 }, () => newStream());
    const total = WRITERS * (20 * 6);
    const following = messagesUntil(store.subscribe({ after: 'start' }), (_, events) => events.length === total);
    await writeFromMany(store, { streams, appends: 60 });

    const { events } = await following;
    const all = await collect(store.readAll({ after: 'start' }));
    expect(idsOf(events)).toEqual(idsOf(all));
    expect(new Set(idsOf(all)).size).toBe(total);
    expectGaplessStreams(all);
  });

  it('[E18] never adds an event at or before a position that somebody has seen', async () => {
    const { store } = opened();
    const streams = Array.from({ length: 50 }, () => newStream());
    const seen: { readonly head: RecordedEvent['position']; readonly ids: readonly string[] }[] = [];
    const writing = { done: false };
    const look = async () => {
      while (!writing.done) {
        const events = await collect(store.readAll({ after: 'start' }));
        const head = events.at(-1)?.position;
        if (head !== undefined) seen.push({ head, ids: idsOf(events) });
        await nextTurn();
      }
    };
    const write = async () => {
      await writeFromMany(store, { streams, appends: 60 });
      writing.done = true;
    };
    await Promise.all([write(), look()]);

    const all = await collect(store.readAll({ after: 'start' }));
    expect(seen.length).toBeGreaterThan(1);
    for (const { head, ids } of seen) {
      expect(ids).toEqual(idsOf(all.filter(({ position }) => comparePositions(position, head) <= 0)));
    }
  });

  it('[E33] keeps identity, positions, checkpoints and retention over a restart', async () => {
    const before = opened().store;
    const hidden = newStream('session');
    await before.append(hidden, 'no-stream', newEvents(3));
    await before.setRetention(hidden, { maxCount: 1 });
    await before.append(newStream(), 'no-stream', newEvents(5));
    const events = await collect(before.readAll({ after: 'start' }));
    const checkpoint = events[4]?.position ?? 'start';
    const { identity } = before;
    const head = await before.head();

    const after = await opened().reopen();
    expect(after.identity).toBe(identity);
    expect(await after.head()).toEqual(head);
    expect(await collect(after.readAll({ after: 'start' }))).toEqual(events);
    expect(idsOf(await collect(after.readAll({ after: checkpoint })))).toEqual(idsOf(events.slice(5)));
    expect(await collect(after.readStream(hidden))).toHaveLength(1);
    const { position } = await after.append(newStream(), 'no-stream', newEvents(1));
    expect(comparePositions(position, events.at(-1)?.position ?? position)).toBeGreaterThan(0);
  });
}
