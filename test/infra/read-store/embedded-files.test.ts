import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { boardSlot, createProgressBoard } from '../../../infra/read-store/embedded/progress-board.ts';
import { openEmbeddedReadStore } from '../../../infra/read-store/embedded/reader.ts';
import {
  type EmbeddedReadStoreWriter,
  openEmbeddedReadStoreWriter,
} from '../../../infra/read-store/embedded/writer.ts';
import type { ReadStore, Write } from '../../../infra/read-store/read-store.ts';

const things = { name: 'things', version: 1, collections: [{ name: 'things', fields: [] }], logIdentity: 'log' };
const at = (number: number) => ({ commit: BigInt(number), prepare: BigInt(number) });
const put = (id: string): Write => ({ kind: 'put', collection: 'things', document: { id, tenant: 't', org: 'o' } });

describe('the files of the embedded read store', () => {
  let directory: string;
  let writer: EmbeddedReadStoreWriter;
  let store: ReadStore;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'muniment-files-'));
    writer = openEmbeddedReadStoreWriter({ directory });
    store = openEmbeddedReadStore({ directory });
  });
  afterEach(async () => {
    await store.close();
    await writer.close();
    rmSync(directory, { recursive: true });
  });

  it('are followed by a reader after they were deleted and made anew', async () => {
    await (await writer.open(things)).apply([put('a')], at(1));
    expect(await store.find('things', 't', 'a')).not.toBeNull();
    await writer.close();
    for (const file of readdirSync(directory)) rmSync(join(directory, file));
    writer = openEmbeddedReadStoreWriter({ directory });
    await (await writer.open(things)).apply([put('b')], at(1));
    await expect.poll(() => store.find('things', 't', 'b')).not.toBeNull();
    expect(await store.find('things', 't', 'a')).toBeNull();
  });

  it('are one database per projection, once a rebuild took its place', async () => {
    const live = await writer.open(things);
    await live.apply([put('a')], at(1));
    await (await live.beside()).apply([put('b')], at(1));
    const beside = await live.beside();
    await beside.apply([put('c')], at(1));
    await beside.promote();
    expect(readdirSync(directory).filter((file) => file.endsWith('.db'))).toEqual(['things.2.db']);
    expect(await store.find('things', 't', 'c')).not.toBeNull();
  });

  it('can be read at every moment while they are made and while another generation takes their place', async () => {
    const busy = new Int32Array(new SharedArrayBuffer(4));
    const reading = new Worker(new URL('./reading-thread.ts', import.meta.url), { workerData: { directory, busy } });
    const ended = new Promise((resolve, reject) => reading.once('exit', resolve).once('error', reject));
    await new Promise((resolve) => reading.once('online', resolve));
    for (let k = 0; k < 150; k += 1) {
      const live = await writer.open({ ...things, name: `things-${k}` });
      await live.apply([], at(1));
      const beside = await live.beside();
      await beside.apply([], at(2));
      await beside.promote();
    }
    Atomics.store(busy, 0, 1);
    expect(await ended).toBe(0);
    expect(await store.status()).toHaveLength(150);
  });

  it('keep nothing of a rebuild that a crash cut short', async () => {
    const live = await writer.open(things);
    await live.apply([put('a')], at(1));
    await (await live.beside()).apply([put('b')], at(1));
    await writer.close();
    writer = openEmbeddedReadStoreWriter({ directory });
    const again = await writer.open(things);
    expect(again.checkpoint).toEqual(at(1));
    expect(readdirSync(directory).filter((file) => file.endsWith('.db'))).toEqual(['things.1.db']);
    expect(await store.find('things', 't', 'a')).not.toBeNull();
  });
});

describe('the progress board', () => {
  it('wakes who waits for a position, and nobody before', async () => {
    const slot = boardSlot(createProgressBoard(['a', 'b']), 'b');
    if (slot === null) throw new Error('the board has no slot for b');
    expect(slot.position).toBeNull();
    const waiting = slot.waitFor(at(2), 5_000);
    slot.publish(at(1), 1);
    expect(slot.hasReached(at(2))).toBe(false);
    slot.publish({ commit: 2n, prepare: 1n }, 1);
    expect(slot.hasReached(at(2))).toBe(false);
    slot.publish({ commit: 3n, prepare: 0n }, 2);
    expect(await waiting).toBe('reached');
    expect(slot.generation).toBe(2);
  });

  it('lets a wait end when its time is over', async () => {
    const slot = boardSlot(createProgressBoard(['a']), 'a');
    expect(await slot?.waitFor(at(1), 10)).toBe('behind');
  });

  it('has no slot for a projection that it does not name', () => {
    expect(boardSlot(createProgressBoard(['a']), 'b')).toBeNull();
  });
});
