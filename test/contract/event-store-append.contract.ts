import { expect, it } from 'vitest';
import type { JsonObject } from '../../domain/json.ts';
import { AppendTooLarge, InvalidArgument, Unsupported, WrongExpectedRevision } from '../../infra/event-store/errors.ts';
import type { EventStore, Expected, NewEvent } from '../../infra/event-store/event-store.ts';
import { collect, idsOf, newEvent, newEvents, newStream, withoutAtomicAppend } from '../support/event-store.ts';
import type { Opened } from './event-store-under-test.ts';

const AWKWARD: JsonObject = {
  text: 'Grüße, 世界, 😀 — \u0000 \u2028 "quoted" \\ \ud800',
  empty: {},
  list: [null, true, { deep: [] }],
  most: Number.MAX_SAFE_INTEGER,
  least: Number.MIN_SAFE_INTEGER,
  long: 'ä'.repeat(100_000),
};

/** An event whose size by the rule of the port is exactly that. */
export function eventOfSize(bytes: number): NewEvent {
  const event = newEvent({ data: { text: '' } });
  const rest = Buffer.byteLength(JSON.stringify(event.data) + JSON.stringify(event.meta)) + 2 * event.type.length;
  return { ...event, data: { text: 'x'.repeat(bytes - rest) } };
}

async function expectNothingWritten(store: EventStore, stream: string): Promise<void> {
  expect(await store.streamInfo(stream)).toEqual({ state: 'absent' });
  expect(await store.head()).toBeNull();
}

async function expectNoAtomicAppend(store: EventStore): Promise<void> {
  const part = { stream: newStream(), expected: 'no-stream' as const, events: newEvents(1) };
  await expect(store.appendAtomic([part])).rejects.toBeInstanceOf(Unsupported);
  await expectNothingWritten(store, part.stream);
}

export function appendContract(opened: Opened): void {
  it('[E1] keeps ids, types, data and metadata as they were given, at consecutive revisions', async () => {
    const { store } = opened();
    const stream = newStream();
    const events = [
      newEvent({ data: AWKWARD }),
      newEvent({ data: {} }),
      newEvent({ type: 'test.other_thing.done.v12' }),
    ];

    const result = await store.append(stream, 'no-stream', events);

    const read = await collect(store.readStream(stream));
    expect(read.map(({ id, type, data, meta }) => ({ id, type, data, meta }))).toEqual(events);
    expect(read.map(({ revision }) => revision)).toEqual([0n, 1n, 2n]);
    expect(result).toEqual({ revision: 2n, position: read[2]?.position });
    expect(
      read.every((event) => event.stream === stream && Math.abs(event.recordedAt.getTime() - Date.now()) < 60_000),
    ).toBe(true);
  });

  it('[E2] refuses no-stream for a stream that exists, and says where it is', async () => {
    const { store } = opened();
    const stream = newStream();
    await store.append(stream, 'no-stream', newEvents(1));
    const refused = store.append(stream, 'no-stream', newEvents(1));
    await expect(refused).rejects.toBeInstanceOf(WrongExpectedRevision);
    await expect(refused).rejects.toMatchObject({ stream, expected: 'no-stream', actual: 0n, retryable: false });
  });

  it('[E3] appends at the revision expected and at no other', async () => {
    const { store } = opened();
    const stream = newStream();
    await expect(store.append(stream, 0n, newEvents(1))).rejects.toMatchObject({ expected: 0n, actual: 'no-stream' });
    await store.append(stream, 'no-stream', newEvents(2));
    expect(await store.append(stream, 1n, newEvents(1))).toMatchObject({ revision: 2n });
    await expect(store.append(stream, 1n, newEvents(1))).rejects.toMatchObject({ expected: 1n, actual: 2n });
    await expect(store.append(stream, 3n, newEvents(1))).rejects.toMatchObject({ expected: 3n, actual: 2n });
    expect(await store.streamInfo(stream)).toEqual({ state: 'present', revision: 2n });
  });

  it('[E4] takes exists for a stream that is present only', async () => {
    const { store } = opened();
    const stream = newStream();
    await expect(store.append(stream, 'exists', newEvents(1))).rejects.toMatchObject({
      expected: 'exists',
      actual: 'no-stream',
    });
    await store.append(stream, 'any', newEvents(1));
    expect(await store.append(stream, 'exists', newEvents(1))).toMatchObject({ revision: 1n });
    await store.deleteStream(stream, 'any');
    await expect(store.append(stream, 'exists', newEvents(1))).rejects.toBeInstanceOf(WrongExpectedRevision);
  });

  it('[E5] lets exactly one of twenty parallel appends with the same expectation win', async () => {
    const { store } = opened();
    const stream = newStream();
    await store.append(stream, 'no-stream', newEvents(1));
    const attempts = Array.from({ length: 20 }, () => newEvent());
    const outcomes = await Promise.allSettled(attempts.map((event) => store.append(stream, 0n, [event])));
    const losers = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(losers).toHaveLength(19);
    expect(losers.every((error) => error instanceof WrongExpectedRevision && error.actual === 1n)).toBe(true);
    const winner = attempts[outcomes.findIndex(({ status }) => status === 'fulfilled')];
    expect(idsOf(await collect(store.readStream(stream, { from: 1n })))).toEqual([winner?.id]);
  });

  it.each<[string, string, Expected, () => NewEvent[]]>([
    ['no event', newStream(), 'any', () => []],
    ['501 events', newStream(), 'any', () => newEvents(501)],
    ['an empty type', newStream(), 'any', () => [newEvent({ type: '' })]],
    ['a type with a dollar', newStream(), 'any', () => [newEvent({ type: '$test.thing.happened.v1' })]],
    ['a type without version', newStream(), 'any', () => [newEvent({ type: 'test.thing.happened' })]],
    ['a stream name in upper case', 'user-A', 'any', () => newEvents(1)],
    ['a stream name without category', 'user', 'any', () => newEvents(1)],
    ['a stream name of the system', '$$user-1', 'any', () => newEvents(1)],
    ['a stream name that is too long', `user-${'a'.repeat(201)}`, 'any', () => newEvents(1)],
    ['an id that is no UUID', newStream(), 'any', () => [newEvent({ id: 'not-a-uuid' })]],
    ['an id in upper case', newStream(), 'any', () => [newEvent({ id: '0F9619FF-8B86-4011-B42D-00C04FC964FF' })]],
    ['a negative revision', newStream(), -1n, () => newEvents(1)],
  ])('[E11] refuses %s and writes nothing', async (_, stream, expected, events) => {
    const { store } = opened();
    await expect(store.append(stream, expected, events())).rejects.toBeInstanceOf(InvalidArgument);
    expect(await store.head()).toBeNull();
  });

  it('[E12] takes an event and an append of exactly the limit', async () => {
    const { store } = opened();
    expect(await store.append(newStream(), 'no-stream', [eventOfSize(262_144)])).toMatchObject({ revision: 0n });
    const events = Array.from({ length: 4 }, () => eventOfSize(250_000));
    expect(await store.append(newStream(), 'no-stream', events)).toMatchObject({ revision: 3n });
  });

  it('[E12] refuses one byte more, and writes nothing', async () => {
    const { store } = opened();
    const stream = newStream();
    const large = store.append(stream, 'no-stream', [eventOfSize(262_145)]);
    await expect(large).rejects.toMatchObject({ name: AppendTooLarge.name, limit: 262_144, size: 262_145 });
    const events = [eventOfSize(250_001), ...Array.from({ length: 3 }, () => eventOfSize(250_000))];
    const many = store.append(stream, 'no-stream', events);
    await expect(many).rejects.toMatchObject({ name: AppendTooLarge.name, limit: 1_000_000, size: 1_000_001 });
    await expectNothingWritten(store, stream);
  });

  it('[E29] appends to several streams at once, or to none', async () => {
    const { store } = opened();
    if (!store.capabilities.atomicMultiStream) return await expectNoAtomicAppend(store);
    const [a, b, c] = [newStream(), newStream('org'), newStream('role')];
    const parts = [a, b, c].map((stream) => ({ stream, expected: 'no-stream' as const, events: newEvents(2) }));
    const first = await store.appendAtomic(parts);
    expect(first.revisions).toEqual(new Map([a, b, c].map((stream) => [stream, 1n])));
    expect(first.position).toEqual(await store.head());
    expect(await store.appendAtomic(parts)).toEqual(first);

    const conflict = store.appendAtomic([
      { stream: a, expected: 1n, events: newEvents(1) },
      { stream: b, expected: 1n, events: newEvents(1) },
      { stream: c, expected: 0n, events: newEvents(1) },
    ]);
    await expect(conflict).rejects.toMatchObject({ name: WrongExpectedRevision.name, stream: c, actual: 1n });
    expect(await store.head()).toEqual(first.position);
  });

  it('[E29] refuses several streams at once of which one was written before and another was not', async () => {
    const { store } = opened();
    if (!store.capabilities.atomicMultiStream) return await expectNoAtomicAppend(store);
    const [a, b] = [newStream(), newStream()];
    const written = { stream: a, expected: 'no-stream' as const, events: newEvents(1) };
    const { position } = await store.append(a, 'no-stream', written.events);
    const mixed = store.appendAtomic([written, { stream: b, expected: 'no-stream', events: newEvents(1) }]);
    await expect(mixed).rejects.toMatchObject({ name: WrongExpectedRevision.name, stream: a });
    expect(await store.head()).toEqual(position);
  });

  it('[E29] checks a stream that it does not write, where the store can', async () => {
    const { store } = opened();
    if (!store.capabilities.checkUnwrittenStreams) return;
    const [written, checked] = [newStream(), newStream()];
    const part = { stream: written, expected: 'no-stream' as const, events: newEvents(1) };
    const refused = store.appendAtomic([part, { stream: checked, expected: 0n, events: [] }]);
    await expect(refused).rejects.toMatchObject({ stream: checked, actual: 'no-stream' });
    const accepted = await store.appendAtomic([part, { stream: checked, expected: 'no-stream', events: [] }]);
    expect(accepted.revisions).toEqual(new Map([[written, 0n]]));
  });

  it('[E29] says that it is unsupported where the capability is absent', async () => {
    const store = withoutAtomicAppend(opened().store);
    expect(store.capabilities.atomicMultiStream).toBe(false);
    const parts = [{ stream: newStream(), expected: 'no-stream' as const, events: newEvents(1) }];
    await expect(store.appendAtomic(parts)).rejects.toBeInstanceOf(Unsupported);
    expect(await store.head()).toBeNull();
  });
}
