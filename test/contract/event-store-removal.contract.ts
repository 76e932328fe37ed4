import { expect, it } from 'vitest';
import { InvalidArgument, StreamTombstoned, WrongExpectedRevision } from '../../infra/event-store/errors.ts';
import { collect, eventually, idsOf, messagesUntil, newEvents, newStream } from '../support/event-store.ts';
import type { Opened } from './event-store-under-test.ts';

export function removalContract(opened: Opened): void {
  it('[E26] hides a stream that is softly deleted, and goes on with its next revision', async () => {
    const { store } = opened();
    const stream = newStream();
    await store.append(stream, 'no-stream', newEvents(3));
    await expect(store.deleteStream(stream, 1n)).rejects.toMatchObject({
      name: WrongExpectedRevision.name,
      actual: 2n,
    });
    await store.deleteStream(stream, 2n);
    expect(await store.streamInfo(stream)).toEqual({ state: 'soft-deleted', revision: 2n });
    expect(await collect(store.readStream(stream))).toEqual([]);
    expect(await collect(store.readStream(stream, { direction: 'backward', max: 1 }))).toEqual([]);

    const later = newEvents(2);
    const { revision, position } = await store.append(stream, 2n, later);
    expect(revision).toBe(4n);
    const read = await collect(store.readStream(stream));
    expect(read.map((event) => [event.id, event.revision])).toEqual([
      [later[0]?.id, 3n],
      [later[1]?.id, 4n],
    ]);
    expect(read[1]?.position).toEqual(position);
    expect(await store.streamInfo(stream)).toEqual({ state: 'present', revision: 4n });
    expect(idsOf(await collect(store.readStream(stream, { direction: 'backward' })))).toEqual(
      idsOf(later.toReversed()),
    );
  });

  it('[E26] takes no-stream for a stream that is softly deleted', async () => {
    const { store } = opened();
    const stream = newStream();
    await store.append(stream, 'no-stream', newEvents(2));
    await store.deleteStream(stream, 'any');
    expect(await store.append(stream, 'no-stream', newEvents(1))).toMatchObject({ revision: 2n });
    await expect(store.append(stream, 'no-stream', newEvents(1))).rejects.toBeInstanceOf(WrongExpectedRevision);
  });

  it('[E26] refuses to delete a stream that was never written', async () => {
    const { store } = opened();
    await expect(store.deleteStream(newStream(), 'any')).rejects.toMatchObject({ actual: 'no-stream' });
  });

  it('[E27] answers everything about a tombstoned stream with that', async () => {
    const { store } = opened();
    const stream = newStream();
    const { position } = await store.append(stream, 'no-stream', newEvents(2));
    await expect(store.tombstone(stream, 0n)).rejects.toBeInstanceOf(WrongExpectedRevision);
    await store.tombstone(stream, 1n);

    expect(await store.streamInfo(stream)).toEqual({ state: 'tombstoned' });
    for (const expected of ['any', 'exists', 'no-stream', 1n] as const) {
      await expect(store.append(stream, expected, newEvents(1))).rejects.toBeInstanceOf(StreamTombstoned);
    }
    await expect(collect(store.readStream(stream))).rejects.toBeInstanceOf(StreamTombstoned);
    await expect(store.tombstone(stream, 'any')).rejects.toBeInstanceOf(StreamTombstoned);
    await expect(store.deleteStream(stream, 'any')).rejects.toBeInstanceOf(StreamTombstoned);
    const { events } = await messagesUntil(store.subscribe({ after: 'start' }), ({ kind }) => kind === 'caught-up');
    expect(events.map((event) => event.type.startsWith('$'))).not.toContain(true);
    expect(await store.head()).toEqual(position);
  });

  it('[E28] hides all but the last events of a stream with a count', async () => {
    const { store } = opened();
    const stream = newStream('snap');
    const events = newEvents(3);
    await store.append(stream, 'no-stream', events);
    await store.setRetention(stream, { maxCount: 1 });
    expect(idsOf(await collect(store.readStream(stream)))).toEqual(idsOf(events.slice(2)));
    expect(await store.append(stream, 2n, newEvents(1))).toMatchObject({ revision: 3n });
    const read = await collect(store.readStream(stream, { direction: 'backward' }));
    expect(read.map(({ revision }) => revision)).toEqual([3n]);
  });

  it('[E28] hides events that are older than the stream allows', async () => {
    const { store } = opened();
    const stream = newStream('session');
    await store.append(stream, 'no-stream', newEvents(2));
    await store.setRetention(stream, { maxAgeSeconds: 1 });
    await eventually(async () => (await collect(store.readStream(stream))).length === 0);
    expect(await store.append(stream, 1n, newEvents(1))).toMatchObject({ revision: 2n });
    expect((await collect(store.readStream(stream))).map(({ revision }) => revision)).toEqual([2n]);
  });

  it('[E28] hides events before a revision, also after the retention is changed or the stream deleted', async () => {
    const { store } = opened();
    const stream = newStream('job');
    await store.append(stream, 'no-stream', newEvents(5));
    await store.setRetention(stream, { truncateBefore: 3n });
    const revisions = async () => (await collect(store.readStream(stream))).map(({ revision }) => revision);
    expect(await revisions()).toEqual([3n, 4n]);
    await store.setRetention(stream, { maxCount: 100 });
    expect(await revisions()).toEqual([3n, 4n]);
    await store.deleteStream(stream, 'any');
    await store.setRetention(stream, { maxCount: 100 });
    expect(await revisions()).toEqual([]);
    await store.append(stream, 4n, newEvents(1));
    expect(await revisions()).toEqual([5n]);
  });

  it('[E28] keeps the permanent record: only technical streams take a retention', async () => {
    const { store } = opened();
    const stream = newStream('user');
    await store.append(stream, 'no-stream', newEvents(1));
    await expect(store.setRetention(stream, { maxCount: 1 })).rejects.toBeInstanceOf(InvalidArgument);
    await expect(store.setRetention(newStream('snap'), { maxCount: 0 })).rejects.toBeInstanceOf(InvalidArgument);
    await expect(store.setRetention(newStream('snap'), { maxAgeSeconds: 0.5 })).rejects.toBeInstanceOf(InvalidArgument);
  });
}
