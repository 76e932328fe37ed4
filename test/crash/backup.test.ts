/** Backup and restore as an operator runs them: under load, killed at the worst moment, and compared with what was acknowledged. */
import { existsSync, readdirSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RESTORE_MARK } from '../../infra/backup/restore-mark.ts';
import { introspect } from '../protocol/oauth2/browser.ts';
import { eventually } from '../support/event-store.ts';
import { basic } from '../support/server.ts';
import { addressOnly, ask, newUser } from '../support/server-client.ts';
import { type Cast, openCast, signIn, type Target, writeUntilGone } from './server-load.ts';
import {
  type Ended,
  freePort,
  runMuniment,
  type ServerProcess,
  spawnMuniment,
  startProcess,
  type Variables,
  variablesFor,
} from './server-process.ts';

const PASSWORD = 'a-password-for-tests';
const TEST_MS_MAX = 120_000;
const KILLS = 6;
const STALL_MS_MAX = 5_000;

let folder: string;
let port: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muniment-backup-'));
  port = await freePort();
  await prepare();
}, TEST_MS_MAX);
afterAll(() => rm(folder, { recursive: true, force: true }));

const at = (...names: readonly string[]): string => join(folder, ...names);
const keyFile = (): string => at('data', 'keys', 'deployment.key');

const on = (data: string, more: Variables = {}): Variables =>
  variablesFor(at(data), { MUNIMENT_ADMIN_PASSWORD: PASSWORD, MUNIMENT_PORT: port, ...more });

const restore = (backup: string, data: string, ...more: readonly string[]): Promise<Ended> =>
  runMuniment(['restore', at(backup), '--data', at(data), ...more], on(data));

/** Ends it whatever comes; the read models of a restored folder are built while it starts. */
async function withServer(data: string, work: (target: Target) => Promise<void>): Promise<void> {
  const server = await startProcess(on(data));
  try {
    const target = { ...cast.target, url: server.url };
    await eventually(async () => (await ask(target, { path: '/health/ready' })).status === 200);
    await work(target);
  } finally {
    expect((await server.end('SIGTERM')).code).toBe(0);
  }
}

async function expectSound(data: string): Promise<void> {
  const doctor = await runMuniment(['doctor'], on(data));
  expect(doctor.code, doctor.output + doctor.errors).toBe(0);
}

interface Before {
  readonly users: readonly (readonly [id: string, displayName: string])[];
  readonly tokens: readonly string[];
}

/** Of all that follows: a server under load, its backup, and what was acknowledged before that began. */
let before: Before;
let cast: Cast;
let erased: string;
let longestStallMs = 0;

async function prepare(): Promise<void> {
  const server = await startProcess(on('data'));
  const target: Target = { url: server.url, admin: { authorization: basic('admin', PASSWORD) } };
  cast = await openCast(target);
  erased = await newUser(target, { userName: 'soon-erased', displayName: 'Soon Erased' });
  const chains = [await signIn(cast), await signIn(cast)];
  const writing = writeUntilGone(cast, chains);
  await eventually(() => cast.memory.users.size > 30);
  const { users, tokens } = cast.memory;
  before = {
    users: [...users].map(([id, { acknowledged }]) => [id, acknowledged] as const),
    tokens: [...tokens],
  };
  const watch = watchStalls(cast);
  const made = await runMuniment(['backup', at('backup'), '--json'], on('data'));
  longestStallMs = await watch.end();
  expect(made.code, made.errors).toBe(0);
  const gone = await ask(target, {
    method: 'POST',
    path: '/api/commands/EraseUser',
    body: { userId: erased },
    ...target.admin,
  });
  expect(gone.status, gone.text).toBe(200);
  await end(server);
  await writing;
}

async function end(server: ServerProcess): Promise<void> {
  expect((await server.end('SIGKILL')).signal).toBe('SIGKILL');
}

function watchStalls({ memory }: Cast) {
  let over = false;
  const watching = (async () => {
    let longest = 0;
    let [count, since] = [memory.tokens.length, performance.now()];
    while (!over) {
      await pause(10);
      if (memory.tokens.length !== count) [count, since] = [memory.tokens.length, performance.now()];
      longest = Math.max(longest, performance.now() - since);
    }
    return longest;
  })();
  return {
    end: () => {
      over = true;
      return watching;
    },
  };
}

const ORDER = ['first', 'second', 'third'];

it('a backup under load holds all that was acknowledged before it began; restored, the server starts and is sound', {
  timeout: TEST_MS_MAX,
}, async () => {
  expect(longestStallMs).toBeLessThan(STALL_MS_MAX);
  const done = await restore('backup', 'restored', '--key', keyFile());
  expect(done.code, done.errors).toBe(0);
  expect(done.output).toContain('Erase them again');
  await withServer('restored', async (target) => {
    // Who has written reads no older state, so the read models are level from here on.
    await newUser(target, { userName: 'after-the-restore' });
    for (const [id, acknowledged] of before.users) {
      const { status, json } = await ask(target, { path: `/scim2/Users/${id}`, ...target.admin });
      expect(status, `user ${id}`).toBe(200);
      // It may have been changed once more before the instant of the backup.
      expect(ORDER.indexOf(json.displayName)).toBeGreaterThanOrEqual(ORDER.indexOf(acknowledged));
    }
    for (const token of before.tokens.slice(-20)) {
      expect((await introspect(addressOnly(target), cast.client, token)).body.active).toBe(true);
    }
  });
  await expectSound('restored');
});

it('erases again who was erased after the backup, when it is told', { timeout: TEST_MS_MAX }, async () => {
  const list = await runMuniment(['events', '--type', 'identity.user.erased.v1', '--json'], on('data'));
  expect(list.output).toContain(erased);
  await writeFile(at('erased.jsonl'), list.output);
  const done = await restore('backup', 'again', '--key', keyFile(), '--erasures', at('erased.jsonl'), '--json');
  expect(done.code, done.errors).toBe(0);
  expect(JSON.parse(done.output)).toMatchObject({ erasedAgain: 1 });
  const history = await runMuniment(['events', '--stream', `user-${erased}`, '--open'], on('again'));
  expect(history.output).toContain('identity.user.erased.v1');
  expect(history.output).not.toContain('Soon Erased');
  await withServer('again', async (target) => {
    expect((await ask(target, { path: `/scim2/Users/${erased}`, ...target.admin })).status).toBe(404);
    await newUser(target, { userName: 'soon-erased' });
  });
  await expectSound('again');
});

it('a backup that is killed leaves nothing that looks like one, and the next one succeeds', {
  timeout: TEST_MS_MAX,
}, async () => {
  let partial = 0;
  for (let kill = 0; kill < KILLS; kill += 1) {
    const { child, ended } = spawnMuniment(['backup', at('killed')], on('data'));
    await Promise.race([ended, eventually(() => existsSync(at('killed.partial')))]);
    await pause(Math.random() * 15);
    child.kill('SIGKILL');
    await ended;
    if (existsSync(at('killed'))) await rm(at('killed'), { recursive: true });
    else partial += 1;
  }
  expect(partial).toBeGreaterThan(0);
  const made = await runMuniment(['backup', at('killed')], on('data'));
  expect(made.code, made.errors).toBe(0);
  expect(existsSync(at('killed.partial'))).toBe(false);
  expect((await restore('killed', 'from-killed', '--key', keyFile())).code).toBe(0);
});

it('no server starts on a folder whose restore was killed, until the restore is run again', {
  timeout: TEST_MS_MAX,
}, async () => {
  let half = 0;
  for (let kill = 0; kill < KILLS; kill += 1) {
    const { child, ended } = spawnMuniment(
      ['restore', at('backup'), '--data', at('half'), '--key', keyFile()],
      on('half'),
    );
    await Promise.race([ended, eventually(() => existsSync(at('half', RESTORE_MARK)))]);
    await pause(Math.random() * 10);
    child.kill('SIGKILL');
    await ended;
    if (!existsSync(at('half', RESTORE_MARK))) {
      await rm(at('half'), { recursive: true, force: true });
      continue;
    }
    half += 1;
    for (const command of ['start', 'doctor']) {
      const refused = await runMuniment([command], on('half'));
      expect(refused.code).toBe(1);
      expect(refused.errors).toContain('a restore into');
    }
  }
  expect(half).toBeGreaterThan(0);
  const done = await restore('backup', 'half', '--key', keyFile());
  expect(done.code, done.errors).toBe(0);
  await withServer('half', async () => undefined);
  await expectSound('half');
});

it('refuses a backup with a changed, cut or missing file, and writes nothing', { timeout: TEST_MS_MAX }, async () => {
  for (const name of readdirSync(at('backup'))) {
    const file = at('backup', name);
    const bytes = await readFile(file);
    const changed = Buffer.from(bytes);
    const middle = Math.floor(bytes.length / 2);
    changed[middle] = (changed[middle] ?? 0) ^ 1;
    const damages = [() => writeFile(file, changed), () => writeFile(file, bytes.subarray(0, -2)), () => rm(file)];
    for (const damage of damages) {
      await damage();
      const refused = await restore('backup', 'never', '--key', keyFile());
      expect(refused.code, `${name}: ${refused.output}`).toBe(1);
      expect(refused.errors).toMatch(/backup/);
      expect(existsSync(at('never')), name).toBe(false);
      await writeFile(file, bytes);
    }
  }
});

it('refuses another deployment key, none, and a folder that is not empty, each with a sentence', {
  timeout: TEST_MS_MAX,
}, async () => {
  await mkdir(at('used'));
  await appendFile(at('used', 'something'), 'mine');
  await writeFile(at('other.key'), `${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o600 });
  const other = await restore('backup', 'never', '--key', at('other.key'));
  expect([other.code, other.errors.trim().split('\n').at(-1)]).toEqual([
    1,
    'this is another deployment key than the one the backup was made with: ' +
      'find the right one, or nothing in it can be read',
  ]);
  expect((await restore('backup', 'never')).errors).toContain('does not hold the deployment key');
  expect((await restore('backup', 'used', '--key', keyFile())).errors).toContain('is not empty');
  expect(existsSync(at('never'))).toBe(false);
  expect(await readFile(at('used', 'something'), 'utf8')).toBe('mine');
});

it('seals a backup with a passphrase, the key within, and opens it with that alone', {
  timeout: TEST_MS_MAX,
}, async () => {
  await writeFile(at('passphrase'), 'correct horse battery\n');
  await writeFile(at('wrong'), 'wrong horse battery\n');
  const sealed = ['--include-key', '--passphrase-file', at('passphrase')];
  const made = await runMuniment(['backup', at('sealed'), ...sealed], on('data'));
  expect(made.code, made.errors).toBe(0);
  const key = await readFile(keyFile(), 'utf8');
  for (const name of readdirSync(at('sealed'))) {
    const bytes = await readFile(at('sealed', name));
    expect(bytes.includes('SQLite format'), name).toBe(false);
    expect(bytes.includes(key.trim()), name).toBe(false);
  }
  expect((await restore('sealed', 'never')).errors).toContain('is sealed');
  expect((await restore('sealed', 'never', '--passphrase-file', at('wrong'))).errors).toContain('another passphrase');
  expect(existsSync(at('never'))).toBe(false);
  const done = await restore('sealed', 'unsealed', '--passphrase-file', at('passphrase'));
  expect(done.code, done.errors).toBe(0);
  await expectSoundWithoutServer('unsealed');
});

/** The log, vault and reservations; read models come with the first start. */
async function expectSoundWithoutServer(data: string): Promise<void> {
  const doctor = await runMuniment(['doctor', '--quick'], on(data));
  expect(doctor.code, doctor.output + doctor.errors).toBe(0);
}
