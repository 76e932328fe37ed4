/** The move of a log killed at random moments, and the server it moves to as well: run again, it ends with one true copy. */
import type { ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openEmbeddedEventStore } from '../../infra/event-store/embedded/embedded-event-store.ts';
import { openLogFileSource } from '../../infra/event-store/embedded/log-file.ts';
import type { LogItem } from '../../infra/event-store/log-copy/log-side.ts';
import { collect } from '../support/event-store.ts';
import { urlOf } from '../support/event-store-esdb.ts';
import { type EndpointProcess, startEndpointProcess } from '../support/eventstore-endpoint-process.ts';
import { essenceOf, fillRandomly } from '../support/random-log.ts';
import { type Ended, spawnMuniment } from './server-process.ts';

const APPENDS = 4_000;
const KILLS = 5;
const RUNS_MAX = 40;

let folder: string;
let server: EndpointProcess;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muniment-migrate-'));
  await mkdir(at('server'));
  server = await startEndpointProcess(at('server'));
});
afterEach(async () => {
  await server.kill();
  await rm(folder, { recursive: true, force: true });
});

const at = (name: string): string => join(folder, name);

const migrate = (from: string, to: string) => {
  const cache = { NODE_COMPILE_CACHE: at('cache') };
  return spawnMuniment(['migrate-log', '--from', from, '--to', to, '--json'], { MUNIMENT_DATA: at('none'), ...cache });
};

/** It tells on its standard error when it copies. */
function hasBegun(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    let told = '';
    child.stderr?.on('data', (text: string) => {
      told += text;
      if (told.includes('"copying"')) resolve();
    });
  });
}

/** Killed again and again, then let through. */
async function migrateThroughKills(from: string, to: string, kill: (kills: number) => Promise<void>): Promise<Ended> {
  for (let runs = 0; runs < RUNS_MAX; runs += 1) {
    const { child, ended } = migrate(from, to);
    if (runs < KILLS) {
      await Promise.race([ended, hasBegun(child)]);
      await pause(Math.random() * 700);
      child.kill('SIGKILL');
      await kill(runs);
    }
    const result = await ended;
    if (result.code === 0 && runs >= KILLS) return result;
  }
  throw new Error(`the log is not moved after ${RUNS_MAX} runs`);
}

async function itemsAt(name: string): Promise<LogItem[]> {
  const source = openLogFileSource(at(name));
  const items = await collect(source.items());
  await source.close();
  return items;
}

it('moves a log there and back through kills of the command and of the server, without a loss or a repeat', {
  timeout: 180_000,
}, async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  await mkdir(at('source'));
  const filling = await openEmbeddedEventStore({
    directory: at('source'),
    mode: 'writer',
    durability: 'normal',
    freeBytesMin: 0,
  });
  await fillRandomly(filling, { seed, appends: APPENDS, streams: 200 });
  await filling.close();

  const there = await migrateThroughKills(at('source'), urlOf(server.port), async (kills) => {
    if (kills % 2 === 0) return;
    await server.kill();
    server = await startEndpointProcess(at('server'), server.port);
  });
  const back = await migrateThroughKills(urlOf(server.port), at('back'), async () => undefined);

  const [sent, received] = [there, back].map(({ output }) => JSON.parse(output));
  expect(received.eventsHash, `seed ${seed}`).toBe(sent.eventsHash);
  expect(sent.events).toBeGreaterThan(APPENDS);
  // The kills came in the middle.
  expect(sent.found).toBeGreaterThan(0);
  expect(sent.written).toBeGreaterThan(0);
  expect(essenceOf(await itemsAt('back')), `seed ${seed}`).toEqual(essenceOf(await itemsAt('source')));
});
