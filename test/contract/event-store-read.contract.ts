import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { InvalidArgument } from '../../infra/event-store/errors.ts';
import { type EventFilter, STREAM_NAME } from '../../infra/event-store/event-store.ts';
import { comparePositions, encodePosition, type Position } from '../../infra/event-store/position.ts';
import { collect, idsOf, newEvent, newEvents, newStream } from '../support/event-store.ts';
import type { Opened } from './event-store-under-test.ts';

export function readContract(opened: Opened): void {
  it('[E13] shows a batch whole or not at all', async () => {
    const { store } = opened();
    const stream = newStream();
    const counts: number[] = [];
    const writing = { done: false };
    const write = async () => {
      // A store that is far away answers a reader less often.
      for (let batch = 0; batch < 15 || (batch < 200 && new Set(counts).size <= 2); batch += 1) {
        await store.append(stream, 'any', newEvents(200));
      }
      writing.done = true;
    };
    const poll = async () => {
      while (!writing.done) {
        counts.push((await collect(store.readStream(stream))).length);
        await nextTurn();
      }
    };
    await Promise.all([write(), poll()]);
    expect(counts.filter((count) => count % 200 !== 0)).toEqual([]);
    expect(new Set(counts).size).toBeGreaterThan(2);
  });

  it('[E14] reads a stream from anywhere, both ways, over several pages', async () => {
    const { store } = opened();
    const stream = newStream();
    const events = [...newEvents(500), ...newEvents(500), ...newEvents(200)];
    for (let start = 0; start < events.length; start += 400)
      await store.append(stream, 'any', events.slice(start, start + 400));
    const ids = idsOf(events);
    const read = async (options: Parameters<typeof store.readStream>[1]) =>
      idsOf(await collect(store.readStream(stream, options)));

    expect(await read({})).toEqual(ids);
    expect(await read({ from: 700n })).toEqual(ids.slice(700));
    expect(await read({ from: 700n, max: 3 })).toEqual(ids.slice(700, 703));
    expect(await read({ from: 'start', max: 1_000 })).toEqual(ids.slice(0, 1_000));
    expect(await read({ direction: 'backward' })).toEqual(ids.toReversed());
    expect(await read({ direction: 'backward', max: 1 })).toEqual(ids.slice(-1));
    expect(await read({ direction: 'backward', from: 600n, max: 2 })).toEqual([ids[600], ids[599]]);
    expect(await read({ direction: 'backward', from: 5_000n, max: 1 })).toEqual(ids.slice(-1));
    expect(await read({ direction: 'backward', from: 'start' })).toEqual(ids.slice(0, 1));
    expect(await read({ from: 1_200n })).toEqual([]);
    expect(await read({ from: 'end' })).toEqual([]);
  });

  it('[E14] finds nothing in a stream that was never written', async () => {
    const { store } = opened();
    const stream = newStream();
    expect(await collect(store.readStream(stream))).toEqual([]);
    expect(await collect(store.readStream(stream, { direction: 'backward', max: 1 }))).toEqual([]);
    expect(await store.streamInfo(stream)).toEqual({ state: 'absent' });
  });

  it('[E14] fails a read that is aborted, so that a part is not taken for the whole', async () => {
    const { store } = opened();
    const stream = newStream();
    for (let batch = 0; batch < 3; batch += 1) await store.append(stream, 'any', newEvents(400));
    const abort = new AbortController();
    const read = async () => {
      for await (const _ of store.readStream(stream, { signal: abort.signal })) abort.abort();
    };
    await expect(read()).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('[E15] reads the whole log in order, each event once, without the events of the system', async () => {
    const { store } = opened();
    const streams = Array.from({ length: 100 }, () => newStream('session'));
    const appends = streams.flatMap((stream) => Array.from({ length: 20 }, () => ({ stream, events: newEvents(5) })));
    for (let start = 0; start < appends.length; start += 200) {
      const some = appends.slice(start, start + 200);
      await Promise.all(some.map(({ stream, events }) => store.append(stream, 'any', events)));
    }
    for (const stream of streams.slice(0, 10)) await store.setRetention(stream, { maxCount: 1_000 });

    const all = await collect(store.readAll({ after: 'start' }));
    expect(all).toHaveLength(10_000);
    expect(new Set(idsOf(all))).toEqual(new Set(appends.flatMap(({ events }) => idsOf(events))));
    expect(all.every(({ type, stream }) => !type.startsWith('$') && STREAM_NAME.test(stream))).toBe(true);
    expect(
      all.every(
        (event, index) =>
          index === 0 || comparePositions(all[index - 1]?.position ?? event.position, event.position) < 0,
      ),
    ).toBe(true);
    expect(await store.head()).toEqual(all.at(-1)?.position);

    const after = all[6_543]?.position ?? 'start';
    expect(idsOf(await collect(store.readAll({ after })))).toEqual(idsOf(all.slice(6_544)));
    expect(idsOf(await collect(store.readAll({ after, max: 700 })))).toEqual(idsOf(all.slice(6_544, 7_244)));
  });

  it('[E15] gives positions that sort as text', async () => {
    const { store } = opened();
    for (let batch = 0; batch < 20; batch += 1) await store.append(newStream(), 'no-stream', newEvents(1));
    const encoded = (await collect(store.readAll({ after: 'start' }))).map(({ position }) => encodePosition(position));
    expect(encoded.toSorted()).toEqual(encoded);
  });

  it('[E15] knows how far a context has come: never less than its last event, whoever asks when', async () => {
    const { store } = opened();
    const inContext = () => newEvent({ type: 'access.role.created.v1' });
    const outside = () => newEvent({ type: 'identity.user.created.v1' });
    const reaches = async (position: Position) => {
      const head = await store.headOf('access.');
      expect(head !== null && comparePositions(head, position) >= 0).toBe(true);
      expect(comparePositions(head ?? position, (await store.head()) ?? position)).toBeLessThanOrEqual(0);
    };
    await reaches((await store.append(newStream('user'), 'no-stream', [outside()])).position);
    const appends = Array.from({ length: 50 }, async (_, index) => {
      const { position } = await store.append(newStream('role'), 'no-stream', [outside(), inContext()]);
      if (index % 2 === 0) await store.append(newStream('user'), 'no-stream', [outside()]);
      await reaches(position);
    });
    await Promise.all(appends);
    if (!store.capabilities.atomicMultiStream) return;
    const parts = [newStream('role'), newStream('user')].map((stream, index) => ({
      stream,
      expected: 'no-stream' as const,
      events: [index === 0 ? inContext() : outside()],
    }));
    await store.appendAtomic(parts);
    // Of the event itself: the whole append may end behind it.
    for await (const { position } of store.readStream(parts[0]?.stream ?? '')) await reaches(position);
  });

  it('[E15] has no head while it is empty', async () => {
    expect(await opened().store.head()).toBeNull();
    expect(await opened().store.headOf('access.')).toBeNull();
    expect(await collect(opened().store.readAll({ after: 'start' }))).toEqual([]);
  });

  it('[E16] filters by the beginnings of stream names or of types', async () => {
    const { store } = opened();
    const events = {
      user: [newEvent({ type: 'identity.user.created.v1' }), newEvent({ type: 'identity.user.locked.v1' })],
      org: [newEvent({ type: 'org.organization.created.v1' })],
      users: [newEvent({ type: 'identity.userstore.added.v1' })],
    };
    await store.append(newStream('user'), 'no-stream', events.user);
    await store.append(newStream('org'), 'no-stream', events.org);
    await store.append(newStream('users'), 'no-stream', events.users);
    const found = async (filter: EventFilter) => idsOf(await collect(store.readAll({ after: 'start', filter })));

    expect(await found({ streamPrefixes: ['user-'] })).toEqual(idsOf(events.user));
    expect(await found({ streamPrefixes: ['org-', 'users-'] })).toEqual(idsOf([...events.org, ...events.users]));
    expect(await found({ typePrefixes: ['identity.user'] })).toEqual(idsOf([...events.user, ...events.users]));
    expect(await found({ typePrefixes: ['identity.user.locked.'] })).toEqual(idsOf(events.user.slice(1)));
    expect(await found({ streamPrefixes: ['user-%', 'user_'] })).toEqual([]);
  });

  it('[E16] refuses a filter of both kinds and one of none', async () => {
    const { store } = opened();
    const read = (filter: object) => collect(store.readAll({ after: 'start', filter: filter as EventFilter }));
    const both = async () => await read({ streamPrefixes: ['a'], typePrefixes: ['b'] });
    await expect(both()).rejects.toBeInstanceOf(InvalidArgument);
    await expect((async () => await read({}))()).rejects.toBeInstanceOf(InvalidArgument);
  });

  it('[E42] delivers events of other programs and leaves out those of the system', async () => {
    const [binary, plain, list] = [newStream(), newStream(), newStream()];
    const store = await opened().reopenWith([
      { stream: binary, type: 'Picture', data: new Uint8Array([0, 255, 1]), json: false, meta: '' },
      { stream: plain, type: 'Something-Else', data: '{"a":1}', json: true, meta: '{"who":"me"}' },
      { stream: list, type: 'Listed', data: '[1,2]', json: true, meta: 'not json' },
      { stream: plain, type: '$>', data: `0@${binary}`, json: false, meta: '' },
    ]);
    const all = await collect(store.readAll({ after: 'start' }));
    expect(all.map(({ stream, type, data }) => ({ stream, type, data }))).toEqual([
      { stream: binary, type: 'Picture', data: { $base64: 'AP8B' } },
      { stream: plain, type: 'Something-Else', data: { a: 1 } },
      { stream: list, type: 'Listed', data: { $value: [1, 2] } },
    ]);
    expect(all[1]?.meta).toEqual({
      who: 'me',
      $correlationId: all[1]?.id,
      $causationId: all[1]?.id,
      at: expect.any(String),
    });
    await store.append(newStream(), 'no-stream', newEvents(1));
    expect(await collect(store.readAll({ after: 'start' }))).toHaveLength(4);
  });
}
