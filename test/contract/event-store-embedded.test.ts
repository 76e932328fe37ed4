/** What only the embedded store can be asked: its file, its threads, its scavenge. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collect, eventually, idsOf, newEvent, newEvents, newStream } from '../support/event-store.ts';
import { type EmbeddedUnderTest, embeddedUnderTest } from '../support/event-store-embedded.ts';

let current: EmbeddedUnderTest;
beforeEach(async () => {
  current = await embeddedUnderTest();
});
afterEach(() => current.dispose());

async function bytesOnDisk(): Promise<Buffer> {
  const files = await readdir(current.directory);
  return Buffer.concat(await Promise.all(files.map((file) => readFile(join(current.directory, file)))));
}

describe('scavenging', () => {
  it('[E28] deletes what retention hides, keeps the last event, and keeps order and positions', async () => {
    const { store } = current;
    const [counted, truncated, kept] = [newStream('snap'), newStream('job'), newStream()];
    for (let round = 0; round < 5; round += 1) {
      for (const stream of [counted, truncated, kept]) await store.append(stream, 'any', newEvents(500));
    }
    await store.setRetention(counted, { maxCount: 3 });
    await store.setRetention(truncated, { truncateBefore: 5_000n });
    const before = await collect(store.readAll({ after: 'start' }));

    expect(await store.scavenge()).toEqual({ deletedEvents: 2_497 + 2_499, compacted: true });

    const stays = before.filter(
      ({ stream, revision }) => stream === kept || revision >= (stream === counted ? 2_497n : 2_499n),
    );
    expect(await collect(store.readAll({ after: 'start' }))).toEqual(stays);
    expect(await store.append(counted, 2_499n, newEvents(1))).toMatchObject({ revision: 2_500n });
    expect(await store.append(truncated, 2_499n, newEvents(1))).toMatchObject({ revision: 2_500n });
    const reopened = await current.reopen();
    expect((await reopened.head())?.commit).toBeGreaterThan(before.at(-1)?.position.commit ?? 0n);
    expect(await reopened.scavenge()).toMatchObject({ deletedEvents: 2 });
  });

  it('[E28] deletes events that are too old, and all but the last of a deleted stream', async () => {
    const { store } = current;
    const [aged, deleted, dead] = [newStream('session'), newStream(), newStream()];
    for (const stream of [aged, deleted, dead]) await store.append(stream, 'no-stream', newEvents(4));
    await store.setRetention(aged, { maxAgeSeconds: 1 });
    await store.deleteStream(deleted, 'any');
    await store.tombstone(dead, 'any');
    await eventually(async () => (await collect(store.readStream(aged))).length === 0);
    expect(await store.scavenge()).toMatchObject({ deletedEvents: 3 + 3 + 4 });
    expect(await store.streamInfo(deleted)).toEqual({ state: 'soft-deleted', revision: 3n });
    expect(await store.append(deleted, 3n, newEvents(1))).toMatchObject({ revision: 4n });
    await (await current.reopen()).scavenge();
  });

  it('[E28] leaves no byte of what it deleted in any file', async () => {
    const { store } = current;
    const stream = newStream('session');
    const planted = Array.from({ length: 20 }, (_, index) => `planted-${index}-${newStream()}`);
    for (const text of planted) await store.append(stream, 'any', [newEvent({ data: { text } })]);
    await store.append(stream, 'any', newEvents(1));
    expect((await bytesOnDisk()).includes(planted[7] ?? '')).toBe(true);
    await store.setRetention(stream, { maxCount: 1 });
    expect(await store.scavenge()).toEqual({ deletedEvents: 20, compacted: true });
    const bytes = await bytesOnDisk();
    expect(planted.filter((text) => bytes.includes(text))).toEqual([]);
  });

  it('[E24] finds no statement open after reads that were left in the middle', async () => {
    const { store } = current;
    const stream = newStream();
    for (let round = 0; round < 3; round += 1) await store.append(stream, 'any', newEvents(500));
    const left = [
      store.readStream(stream)[Symbol.asyncIterator](),
      store.readAll({ after: 'start' })[Symbol.asyncIterator](),
      store.subscribe({ after: 'start' })[Symbol.asyncIterator](),
    ];
    for (const iterator of left) await iterator.next();
    await store.append(stream, 'any', newEvents(1));
    expect(await store.scavenge()).toMatchObject({ compacted: true });
  });
});

describe('a reader in another thread', () => {
  const FOLLOWER = `
    import { parentPort, workerData } from 'node:worker_threads';
    const { openEmbeddedEventStore } = await import(workerData.module);
    const store = await openEmbeddedEventStore({ directory: workerData.directory, mode: 'reader', headSignal: workerData.headSignal });
    const messages = store.subscribe({ after: 'end' });
    for await (const message of messages) {
      parentPort.postMessage(message.kind === 'event' ? message.event.id : message.kind);
    }
  `;

  it('follows by the signal of the writer, without asking at intervals', async () => {
    const { store, directory } = current;
    const module = new URL('../../infra/event-store/embedded/embedded-event-store.ts', import.meta.url).href;
    const workerData = { module, directory, headSignal: store.headSignal };
    const follower = new Worker(new URL(`data:text/javascript,${encodeURIComponent(FOLLOWER)}`), { workerData });
    const received: { id: string; atMs: number }[] = [];
    follower.on('message', (id: string) => received.push({ id, atMs: performance.now() }));
    await eventually(() => received.length === 1);

    const delays: number[] = [];
    for (let index = 0; index < 30; index += 1) {
      const event = newEvent();
      await store.append(newStream(), 'no-stream', [event]);
      const acknowledgedMs = performance.now();
      await eventually(() => received.some(({ id }) => id === event.id));
      delays.push((received.at(-1)?.atMs ?? 0) - acknowledgedMs);
    }
    await follower.terminate();
    expect(delays.toSorted((a, b) => a - b)[15]).toBeLessThan(5);
  });
});

describe('waiting for the writer', () => {
  it('ends with an unknown outcome when the caller has no more time', async () => {
    const { store } = current;
    const abort = new AbortController();
    const stream = newStream();
    const given = store.append(stream, 'no-stream', newEvents(1), { signal: abort.signal });
    abort.abort();
    await expect(given).rejects.toMatchObject({ name: 'StoreTimeout', outcome: 'unknown', retryable: true });
    await eventually(async () => (await store.streamInfo(stream)).state === 'present');
  });

  it('refuses everything once it is closed', async () => {
    const { store } = current;
    await store.close();
    await expect(store.append(newStream(), 'any', newEvents(1))).rejects.toMatchObject({
      name: 'StoreUnavailable',
      outcome: 'not-applied',
    });
    await current.reopen();
    expect(idsOf(await collect(current.store.readAll({ after: 'start' })))).toEqual([]);
  });
});
