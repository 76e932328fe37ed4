import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEmbeddedEventStore } from '../../../infra/event-store/embedded/embedded-event-store.ts';
import { openLogFileSource, openLogFileTarget } from '../../../infra/event-store/embedded/log-file.ts';
import { StoreUnavailable } from '../../../infra/event-store/errors.ts';
import { dbClientDriver } from '../../../infra/event-store/esdb/db-client-driver.ts';
import { openWireLog } from '../../../infra/event-store/esdb/log-wire.ts';
import {
  CopyDiffers,
  type CopyReport,
  copyLog,
  ForeignTarget,
  SourceGrows,
} from '../../../infra/event-store/log-copy/copy-log.ts';
import type { LogItem, LogSource, LogTarget } from '../../../infra/event-store/log-copy/log-side.ts';
import { collect, newEvents } from '../../support/event-store.ts';
import { type EsdbUnderTest, esdbUnderTest } from '../../support/event-store-esdb.ts';
import { essenceOf, fillRandomly } from '../../support/random-log.ts';

let folder: string;
let server: EsdbUnderTest;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muniment-copy-'));
  server = await esdbUnderTest(dbClientDriver);
});
afterEach(async () => {
  await server.dispose();
  await rm(folder, { recursive: true, force: true });
});

const at = (name: string): string => join(folder, name);
const open = (name: string) =>
  openEmbeddedEventStore({ directory: at(name), mode: 'writer', durability: 'normal', freeBytesMin: 0 });

async function filled(name: string, seed: number, appends = 600): Promise<void> {
  const target = await openLogFileTarget(at(name));
  await target.complete();
  await target.close();
  const store = await open(name);
  await fillRandomly(store, { seed, appends });
  await store.close();
}

async function copy(from: LogSource, target: LogTarget): Promise<CopyReport> {
  try {
    return await copyLog({ source: from, target, progress: () => undefined });
  } finally {
    await from.close();
    await target.close();
  }
}

const toServer = (name: string) => copy(openLogFileSource(at(name)), openWireLog(server.url));
const toFolder = async (name: string) => copy(openWireLog(server.url), await openLogFileTarget(at(name)));

async function itemsAt(name: string): Promise<LogItem[]> {
  const source = openLogFileSource(at(name));
  const items = await collect(source.items());
  await source.close();
  return items;
}

describe('copying a log', () => {
  it('keeps every id, byte, revision and their order from a folder to a server and back to a folder', {
    timeout: 60_000,
  }, async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    await filled('source', seed);
    const report = await toServer('source');
    const back = await toFolder('back');
    expect(back.log, `seed ${seed}`).toEqual(report.log);
    expect(report.log.events).toBeGreaterThan(500);
    expect(report.log.metadata).toBeGreaterThan(10);
    expect(report.log.tombstones).toBeGreaterThan(0);
    const [source, copied] = [await itemsAt('source'), await itemsAt('back')];
    expect(essenceOf(copied), `seed ${seed}`).toEqual(essenceOf(source));
  });

  it('keeps the times of events between folders, and gives the copy an identity of its own', async () => {
    await filled('source', 7);
    await copy(openLogFileSource(at('source')), await openLogFileTarget(at('copy')));
    expect(await itemsAt('copy')).toEqual(await itemsAt('source'));
    const [source, target] = [await open('source'), await open('copy')];
    expect(target.identity).not.toBe(source.identity);
    await Promise.all([source.close(), target.close()]);
  });

  it('leaves streams that are read, hidden, brought back, and refused as they were', async () => {
    await filled('source', 11);
    await toServer('source');
    await toFolder('back');
    const [source, back] = [await open('source'), await open('back')];
    for (const stream of new Set((await collect(source.readAll({ after: 'start' }))).map((event) => event.stream))) {
      const state = source.stored.streamInfo(stream);
      expect(back.stored.streamInfo(stream), stream).toEqual(state);
      expect(server.log.store.stored.streamInfo(stream), stream).toEqual(state);
      if (state.state === 'tombstoned') continue;
      const ids = (await collect(source.readStream(stream))).map(({ id }) => id);
      expect(
        (await collect(back.readStream(stream))).map(({ id }) => id),
        stream,
      ).toEqual(ids);
      expect(
        (await collect(server.store.readStream(stream))).map(({ id }) => id),
        stream,
      ).toEqual(ids);
    }
    await Promise.all([source.close(), back.close()]);
  });

  it('keeps revisions where a scavenge has removed the beginning of a stream', async () => {
    await filled('source', 3, 50);
    const store = await open('source');
    await store.append('job-long', 'no-stream', newEvents(400));
    await store.append('job-long', 399n, newEvents(400));
    await store.setRetention('job-long', { maxCount: 10 });
    expect((await store.scavenge()).deletedEvents).toBeGreaterThan(700);
    await store.append('job-long', 799n, newEvents(3));
    await store.close();
    const { log } = await toServer('source');
    expect((await toFolder('back')).log).toEqual(log);
    const events = await collect(server.store.readStream('job-long'));
    expect(events.map(({ revision }) => revision)).toEqual(Array.from({ length: 10 }, (_, i) => BigInt(793 + i)));
    expect(essenceOf(await itemsAt('back'))).toEqual(essenceOf(await itemsAt('source')));
  });

  it('says nothing is left to do when all is there', async () => {
    await filled('source', 5, 100);
    const first = await toServer('source');
    const again = await toServer('source');
    expect(first.found).toBe(0);
    expect(again).toEqual({ found: first.written, written: 0, log: first.log });
    await toFolder('back');
    expect((await toFolder('back')).written).toBe(0);
  });

  it('goes on behind what the target has', async () => {
    await filled('source', 6, 200);
    const { log } = await toServer('source');
    const store = await open('source');
    await fillRandomly(store, { seed: 61, appends: 100 });
    await store.close();
    const more = await toServer('source');
    expect(more.found).toBe(log.events + log.metadata + log.tombstones);
    expect(more.written).toBeGreaterThan(50);
  });
});

describe('a copy is refused', () => {
  it('into a server that holds something else, and writes nothing there', async () => {
    await filled('source', 8, 50);
    await server.store.append(`user-${randomUUID()}`, 'no-stream', newEvents(1));
    await expect(toServer('source')).rejects.toThrow(ForeignTarget);
    expect(await collect(server.store.readAll({ after: 'start' }))).toHaveLength(1);
  });

  it('into a folder that holds another log', async () => {
    await filled('source', 8, 50);
    await toServer('source');
    await filled('other', 9, 50);
    await expect(toFolder('other')).rejects.toThrow(/holds another log/);
  });

  it('from a folder whose server runs', async () => {
    await filled('source', 8, 50);
    const running = await open('source');
    expect(() => openLogFileSource(at('source'))).toThrow(StoreUnavailable);
    await running.close();
  });

  it('into a folder that another copy fills', async () => {
    const first = await openLogFileTarget(at('target'));
    await expect(openLogFileTarget(at('target'))).rejects.toThrow(StoreUnavailable);
    await first.close();
  });

  it('as whole while somebody still writes to the source; the next run ends it', async () => {
    await filled('source', 8, 50);
    await toServer('source');
    const source = openWireLog(server.url);
    const target = await openLogFileTarget(at('back'));
    const written = {
      ...target,
      write: async (items: readonly LogItem[]) => {
        await target.write(items);
        await server.store.append(`user-${randomUUID()}`, 'no-stream', newEvents(1));
      },
    };
    await expect(copy(source, written)).rejects.toThrow(SourceGrows);
    expect(() => openLogFileSource(at('back'))).toThrow(/no log/);
    expect((await toFolder('back')).found).toBeGreaterThan(50);
  });

  it('when the target reads back other than it was written', async () => {
    await filled('source', 8, 50);
    const target = await openLogFileTarget(at('copy'));
    const lossy = { ...target, write: (items: readonly LogItem[]) => target.write(items.slice(1)) };
    await expect(copy(openLogFileSource(at('source')), lossy)).rejects.toThrow(CopyDiffers);
    expect(() => openLogFileSource(at('copy'))).toThrow(/no log/);
  });
});
