/** A consumer over the log itself, killed under load: every event has its effect, in order per stream and without a gap. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { openEmbeddedEventStore } from '../../infra/event-store/embedded/embedded-event-store.ts';
import { eventually } from '../support/event-store.ts';
import { startStreamProcess } from '../support/stream-process.ts';

const KILLS = 8;
const LOAD_MS_MIN = 300;
const LOAD_MS_SPREAD = 500;
const TEST_MS_MAX = 60_000;

it(`has every effect in the order of its stream, in ${KILLS} kills`, { timeout: TEST_MS_MAX }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'muniment-stream-crash-'));
  const start = () => startStreamProcess(directory, 'embedded', 'crash');
  let application = await start();
  for (let kill = 0; kill < KILLS; kill += 1) {
    await pause(LOAD_MS_MIN + Math.random() * LOAD_MS_SPREAD);
    await application.end('SIGKILL');
    application = await start();
  }
  application.writeNoMore();
  const effects = async () => (await readFile(join(directory, 'effects'), 'utf8')).trim().split('\n');
  let followed: readonly string[] = [];
  let log: ReadonlyMap<string, readonly string[]> = new Map();
  await eventually(async () => {
    log = await streamsOf(directory);
    followed = await effects();
    return new Set(followed).size === [...log.values()].flat().length;
  });
  await application.end('SIGTERM');
  for (const [stream, ids] of log) {
    const own = new Set(ids);
    expect([...new Set(followed.filter((id) => own.has(id)))], `effects on ${stream}`).toEqual(ids);
  }
  expect(followed.length).toBeGreaterThan(KILLS);
  await rm(directory, { recursive: true, force: true });
});

async function streamsOf(directory: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const log = new Map<string, string[]>();
  const reader = await openEmbeddedEventStore({ directory, mode: 'reader' });
  for await (const { stream, id } of reader.readAll({ after: 'start', filter: { streamPrefixes: ['user-'] } })) {
    log.set(stream, [...(log.get(stream) ?? []), id]);
  }
  await reader.close();
  return log;
}
