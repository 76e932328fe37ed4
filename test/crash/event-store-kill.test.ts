import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { openEmbeddedEventStore } from '../../infra/event-store/embedded/embedded-event-store.ts';
import type { EventStore } from '../../infra/event-store/event-store.ts';
import { collect, idsOf } from '../support/event-store.ts';
import { startStoreProcess } from '../support/event-store-process.ts';
import { GROUP, groupOf, streamOf, WRITERS } from './event-store-process.ts';

const KILLS = 25;

interface Acknowledged {
  readonly writer: number;
  readonly group: number;
  readonly revision: bigint;
  readonly position: bigint;
}

function parse(line: string): Acknowledged {
  const match = /^(\d+) (\d+) (\d+) (\d+)$/.exec(line);
  if (match === null) throw new Error(`not an acknowledgement: ${line}`);
  const [, writer = '', group = '', revision = '', position = ''] = match;
  return { writer: Number(writer), group: Number(group), revision: BigInt(revision), position: BigInt(position) };
}

/** Acknowledgements by `writer/group`; a group answered twice was answered alike. */
function merge(known: Map<string, Acknowledged>, lines: readonly string[]): void {
  for (const acknowledged of lines.map(parse)) {
    const key = `${acknowledged.writer}/${acknowledged.group}`;
    expect(acknowledged).toEqual(known.get(key) ?? acknowledged);
    known.set(key, acknowledged);
  }
}

async function expectLogHolds(store: EventStore, known: ReadonlyMap<string, Acknowledged>): Promise<void> {
  for (let writer = 0; writer < WRITERS; writer += 1) {
    const events = await collect(store.readStream(streamOf(writer)));
    expect(events.length % GROUP).toBe(0);
    expect(events.every(({ revision }, index) => revision === BigInt(index))).toBe(true);
    const groups = Array.from({ length: events.length / GROUP }, (_, group) => groupOf(writer, group));
    expect(idsOf(events)).toEqual(idsOf(groups.flat()));
    for (const { group, revision, position } of [...known.values()].filter((one) => one.writer === writer)) {
      const last = events[group * GROUP + GROUP - 1];
      expect([last?.revision, last?.position.commit]).toEqual([revision, position]);
    }
  }
  const all = await collect(store.readAll({ after: 'start' }));
  expect(new Set(idsOf(all)).size).toBe(all.length);
}

function expectSoundFile(file: string): void {
  const database = new DatabaseSync(file, { readOnly: true });
  expect(database.prepare('PRAGMA quick_check').all()).toEqual([{ quick_check: 'ok' }]);
  database.close();
}

it('[E34] [SEC-L3] loses no acknowledged event and shows no half group over 25 kills', {
  timeout: 180_000,
}, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'muniment-kill-'));
  const known = new Map<string, Acknowledged>();
  for (let kill = 0; kill < KILLS; kill += 1) {
    const child = await startStoreProcess(directory, 'write');
    await pause(50 + Math.random() * 200);
    await child.kill();
    merge(known, child.lines);
    expectSoundFile(join(directory, 'events.db'));
  }
  const store = await openEmbeddedEventStore({ directory, mode: 'writer', freeBytesMin: 0 });
  await expectLogHolds(store, known);
  expect(known.size).toBeGreaterThan(KILLS * WRITERS);
  await store.close();
  await rm(directory, { recursive: true });
});
