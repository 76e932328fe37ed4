/** Measures what docs/scaling.md counts with: events and bytes of each thing that happens. `node bench/constants.ts` */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openDatabase } from '../infra/sqlite/database.ts';
import { Connection } from './load/connection.ts';
import { requestToken } from './load/login.ts';
import { anonymousMiB, residentMiB } from './load/process-usage.ts';
import { type Single, singlesTable } from './report.ts';
import { seedUsers } from './scenarios/scim.ts';
import { target } from './targets/muniment.ts';
import type { RunningTarget } from './targets/target.ts';

const USERS_DEFAULT = 20_000;
const TOKENS = 500;
const LOGINS = 50;
const SETTLE_MS = 2_000;

interface Size {
  readonly events: number;
  readonly log: number;
  readonly vault: number;
  readonly sessions: number;
  readonly readModels: number;
}

const singles: Single[] = [];
const note = (measure: string, value: number, unit: string): void => {
  singles.push({ target: 'muniment', measure, value, unit });
};

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { users: { type: 'string', default: String(USERS_DEFAULT) } } });
  const users = Number(values.users);
  const running = await target.start();
  try {
    await measureUsers(running, users);
    await measureEach(running, { what: 'client_credentials token', times: TOKENS, work: () => clientToken(running) });
    await measureEach(running, { what: 'login with code and tokens', times: LOGINS, work: running.seed.refreshToken });
    const token = await running.seed.refreshToken();
    await measureEach(running, { what: 'refresh', times: LOGINS, work: refresher(running, token) });
    const rebuilt = await running.rebuild?.();
    if (rebuilt !== undefined) note('rebuild of all read models', rebuilt.events / rebuilt.seconds, 'events/s');
  } finally {
    await running.stop();
  }
  process.stdout.write(`${singlesTable(singles)}\n`);
}

async function measureUsers(running: RunningTarget, users: number): Promise<void> {
  const rssBefore = residentMiB(running.pid);
  const before = await settled(running);
  const perSecond = await seedUsers(running, users);
  const after = await settled(running);
  note(`creating ${users} users over SCIM`, perSecond, 'users/s');
  note('events per user', (after.events - before.events) / users, 'events');
  note('log per event', (after.log - before.log) / (after.events - before.events), 'bytes');
  for (const part of ['log', 'vault', 'readModels'] as const)
    note(`${part} per user`, (after[part] - before[part]) / users, 'bytes');
  note(`resident memory at ${users} users, from ${rssBefore.toFixed(0)} MiB`, residentMiB(running.pid), 'MiB');
  note('of it without mapped files', anonymousMiB(running.pid), 'MiB');
}

interface Repeated {
  readonly what: string;
  readonly times: number;
  readonly work: () => Promise<unknown>;
}

async function measureEach(running: RunningTarget, { what, times, work }: Repeated): Promise<void> {
  const before = await settled(running);
  for (let time = 0; time < times; time += 1) await work();
  const after = await settled(running);
  note(`events per ${what}`, (after.events - before.events) / times, 'events');
  note(`log per ${what}`, (after.log - before.log) / times, 'bytes');
  note(`sessions per ${what}`, (after.sessions - before.sessions) / times, 'bytes');
}

const withConnection = async (running: RunningTarget, fields: Readonly<Record<string, string>>) => {
  const connection = new Connection(running.baseUrl);
  try {
    return await requestToken(connection, { path: running.endpoints.token, client: running.seed.es256, fields });
  } finally {
    connection.close();
  }
};

const clientToken = (running: RunningTarget) =>
  withConnection(running, { grant_type: 'client_credentials', ...running.seed.tokenParameters });

function refresher(running: RunningTarget, first: string): () => Promise<void> {
  let token = first;
  return async () => {
    const fields = { grant_type: 'refresh_token', refresh_token: token };
    token = (await withConnection(running, fields)).refresh_token ?? token;
  };
}

/** Pages in use, wherever they lie at the moment: in the file or in its write-ahead log. */
async function settled({ data = '' }: RunningTarget): Promise<Size> {
  await pause(SETTLE_MS);
  const sizeOf = (file: string): number => {
    const database = openDatabase({ file: join(data, file), readOnly: true });
    const of = (pragma: string): number => Number(Object.values(database.statement(`PRAGMA ${pragma}`).get() ?? {})[0]);
    const bytes = (of('page_count') - of('freelist_count')) * of('page_size');
    database.close();
    return bytes;
  };
  const log = openDatabase({ file: join(data, 'events.db'), readOnly: true });
  const events = Number(log.statement('SELECT count(*) AS count FROM event').get()?.count);
  log.close();
  const models = readdirSync(data).filter((file) => /\.\d+\.db$/.test(file));
  return {
    events,
    log: sizeOf('events.db'),
    vault: sizeOf('vault.sqlite'),
    sessions: sizeOf('transient.sqlite'),
    readModels: models.reduce((sum, file) => sum + sizeOf(file), 0),
  };
}

await main();
