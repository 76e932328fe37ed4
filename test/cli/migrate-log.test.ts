import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CannotDo } from '../../cli/command-line.ts';
import { migrateLog, run } from '../../cli/migrate-log.ts';
import { dbClientDriver } from '../../infra/event-store/esdb/db-client-driver.ts';
import { openDatabase } from '../../infra/sqlite/database.ts';
import { newEvents } from '../support/event-store.ts';
import { type EsdbUnderTest, esdbUnderTest } from '../support/event-store-esdb.ts';
import { startTestServer } from '../support/server.ts';
import { capturedOutput } from './captured-output.ts';

let folder: string;
let server: EsdbUnderTest;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muniment-migrate-'));
  server = await esdbUnderTest(dbClientDriver);
});
afterEach(async () => {
  await server.dispose();
  await rm(folder, { recursive: true, force: true });
});

async function stoppedServer(): Promise<void> {
  const running = await startTestServer({ directory: folder });
  await running.stop('keep');
}

const move = (from: string, to: string, options: { dropReadModels?: boolean; json?: boolean } = {}) => {
  const output = capturedOutput();
  const migration = { from, to, dropReadModels: false, json: false, ...options };
  return migrateLog(migration, output).then(() => output);
};

const checkpointsIn = (directory: string): number => {
  const database = openDatabase({ file: join(directory, 'transient.sqlite'), readOnly: true });
  const found = database.statement("SELECT count(*) AS count FROM entries WHERE type = 'consumer'").get()?.count;
  database.close();
  return Number(found);
};

it('says what was moved, what proves it and what is to be done next', async () => {
  await stoppedServer();
  const text = (await move(folder, server.url)).lines.join('\n');
  expect(text).toMatch(/^events +\d+ \(\d+ items written now, 0 found there\)$/m);
  expect(text).toMatch(/sha-256 +[0-9a-f]{64} on both sides/);
  expect(text).toContain('MUNIMENT_EVENT_STORE');
  expect(text).toContain('--drop-read-models');
  expect(text).toContain('its own time of recording');
});

it('tells machines one object', async () => {
  await stoppedServer();
  const [report, ...others] = (await move(folder, server.url, { json: true })).json();
  expect(others).toEqual([]);
  expect(report).toMatchObject({ found: 0, tombstones: 0, dropped: { readModels: 0, checkpoints: 0 } });
});

it('deletes the read models and checkpoints of the old log where it is told to, and never without', async () => {
  await stoppedServer();
  const database = openDatabase({ file: join(folder, 'transient.sqlite') });
  database.statement("INSERT INTO entries VALUES ('consumer', 'server', 'x', '{}', 1, 9e15, NULL)").run();
  database.close();
  await move(folder, server.url);
  expect(existsSync(join(folder, 'users.live'))).toBe(true);
  expect(checkpointsIn(folder)).toBeGreaterThan(0);
  const text = (await move(folder, server.url, { dropReadModels: true })).lines.join('\n');
  expect(text).toContain('read models of the old log were deleted');
  expect(existsSync(join(folder, 'users.live'))).toBe(false);
  expect(checkpointsIn(folder)).toBe(0);
  const again = await startTestServer({ directory: folder });
  expect((await fetch(`${again.url}/scim2/Users`, { headers: again.admin })).status).toBe(200);
  await again.stop('keep');
});

it('refuses a folder whose server runs, and names its process', async () => {
  const running = await startTestServer({ directory: folder });
  const moving = move(folder, server.url);
  await expect(moving).rejects.toThrow(CannotDo);
  await expect(moving).rejects.toThrow(`process ${process.pid}`);
  await running.stop('keep');
});

it('refuses a server that holds another log, and one that cannot be reached, with a sentence', async () => {
  await stoppedServer();
  await server.store.append('user-other', 'no-stream', newEvents(1));
  await expect(move(folder, server.url)).rejects.toThrow(/holds another log.*Nothing was written/);
  await server.endpoint.close();
  await expect(move(folder, server.url)).rejects.toThrow(/cannot be reached.*Run the same command again/s);
});

it('never shows the password of a connection string', async () => {
  await stoppedServer();
  const url = server.url.replace('//', '//admin:changeit@');
  expect((await move(folder, url)).lines.join()).not.toContain('changeit');
  const broken = await move(folder, 'esdb://admin:changeit@host:port?tls=perhaps').catch(
    (error: Error) => error.message,
  );
  expect(broken).toMatch(/^the connection string of esdb:\/\/host:port is not understood/);
});

it.each([
  ['one store', ['--from', '/tmp/one']],
  ['one store for both', ['--from', '/tmp/one', '--to', '/tmp/one/']],
])('asks for two stores when it is given %s', async (_, args) => {
  expect(await run(args)).toBe(2);
});
