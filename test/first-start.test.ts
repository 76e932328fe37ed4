/** What an operator meets: the first start, the second, the stop, the way back in, and what is refused. */
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runMuniment, type ServerProcess, startProcess, type Variables, variablesFor } from './crash/server-process.ts';
import { basic } from './support/server.ts';
import { ask } from './support/server-client.ts';

const SHOWN = /^Administrator: (\S+) {3}password \(shown once\): (\S+)$/m;
const TEST_MS_MAX = 60_000;
/** A stop waits for requests, not for clients to let go of their connections. */
const STOP_MS_MAX = 4_000;

let parent: string;
let directory: string;
let variables: Variables;
let running: ServerProcess[];

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'muniment-first-'));
  directory = join(parent, 'data');
  variables = variablesFor(directory);
  running = [];
});

afterEach(async () => {
  await Promise.all(running.map((server) => server.end('SIGKILL')));
  await rm(parent, { recursive: true, force: true });
});

async function start(more: Variables = {}): Promise<ServerProcess> {
  const server = await startProcess({ ...variables, ...more });
  running.push(server);
  return server;
}

async function stop(server: ServerProcess): Promise<void> {
  expect((await server.end('SIGTERM')).code).toBe(0);
}

async function firstStart(): Promise<{ readonly server: ServerProcess; readonly password: string }> {
  const server = await start();
  await expect.poll(() => SHOWN.test(server.printed())).toBe(true);
  return { server, password: SHOWN.exec(server.printed())?.[2] ?? '' };
}

const signsIn = async (server: ServerProcess, password: string): Promise<boolean> =>
  (await ask(server, { path: '/scim2/Users', authorization: basic('admin', password) })).status === 200;

describe('a start', { timeout: TEST_MS_MAX }, () => {
  it('prints the address and a generated password once, and the password works', async () => {
    const { server, password } = await firstStart();
    expect(password.length).toBeGreaterThanOrEqual(20);
    expect(await signsIn(server, password)).toBe(true);
    await stop(server);

    const again = await start();
    expect(await signsIn(again, password)).toBe(true);
    const { output, errors } = await again.end('SIGTERM');
    expect(output + errors).not.toMatch(/password|Administrator/i);
    expect(output + errors).not.toContain(password);
  });

  it('prints no password that was given, and knows no other', async () => {
    const server = await start({ MUNIMENT_ADMIN_PASSWORD: 'A-given-password-1' });
    expect(await signsIn(server, 'A-given-password-1')).toBe(true);
    const { output, errors } = await server.end('SIGTERM');
    expect(output + errors).not.toContain('A-given-password-1');
    expect(output).not.toMatch(SHOWN);
  });

  it('knows no password that was not printed', async () => {
    const { server } = await firstStart();
    for (const guess of ['admin', 'password', 'muniment', 'changeit', 'wso2carbon', 'Admin123', '']) {
      expect(await signsIn(server, guess), guess).toBe(false);
    }
  });

  it('makes files and folders that only their owner can read', async () => {
    const { server } = await firstStart();
    await ask(server, { path: '/scim2/Users', authorization: basic('admin', 'wrong') });
    const open: string[] = [];
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    const paths = [directory, ...entries.map(({ parentPath, name }) => join(parentPath, name))];
    for (const path of paths) {
      // A read model's first generation goes when the next is level.
      const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
      if ((mode & 0o077) !== 0) open.push(`${path.slice(parent.length)} has ${(mode & 0o777).toString(8)}`);
    }
    expect(paths.length).toBeGreaterThan(5);
    expect(open).toEqual([]);
  });

  it('[SEC-L2] on a folder that another process has is refused with a sentence, and harms nothing', async () => {
    const { server, password } = await firstStart();
    const second = await runMuniment(['start'], variables);
    expect(second.code).toBe(1);
    expect(second.errors).toContain(`is being written by process ${server.pid}`);
    expect(second.errors).not.toMatch(/\bat .+:\d+:\d+/);
    expect(await signsIn(server, password)).toBe(true);
  });

  it('under another name of the super organization is refused', async () => {
    await stop((await firstStart()).server);
    const renamed = await runMuniment(['start'], { ...variables, MUNIMENT_SUPER_TENANT: 'other.example' });
    expect(renamed.code).toBe(1);
    expect(renamed.errors).toContain('MUNIMENT_SUPER_TENANT');
    expect(renamed.errors).toContain('carbon.super');
  });

  it('on a port that is taken is refused, and ends', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { code, errors } = await runMuniment(['start'], { ...variables, MUNIMENT_PORT: String(port) });
    taken.close();
    expect(code).toBe(1);
    expect(errors).toContain('EADDRINUSE');
  });

  it('with a variable that is misspelled is refused, and the right one named', async () => {
    const { code, errors } = await runMuniment(['start'], { ...variables, MUNIMENT_PROT: '1' });
    expect(code).toBe(1);
    expect(errors).toContain('Is MUNIMENT_PORT meant?');
  });
});

describe('a stop', { timeout: TEST_MS_MAX }, () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('by %s lets a request in progress end, and exits with 0', async (signal) => {
    const { server, password } = await firstStart();
    const body = JSON.stringify({ userName: 'late', password: 'Correct-horse-9' });
    const headers = {
      authorization: basic('admin', password),
      'content-type': 'application/scim+json',
      'content-length': body.length,
    };
    const sent = request(`${server.url}/scim2/Users`, { method: 'POST', headers });
    const answered = once(sent, 'response');
    await new Promise<void>((resolve) => sent.write(body.slice(0, 10), () => resolve()));
    // Another request on the way behind it shows that the first has arrived.
    expect(await signsIn(server, password)).toBe(true);
    const ended = server.end(signal);
    await expect.poll(() => isRefused(server), { timeout: 10_000 }).toBe(true);
    sent.end(body.slice(10));
    const [response] = await answered;
    expect(response.statusCode).toBe(201);
    response.resume();
    const answeredMs = performance.now();
    expect((await ended).code).toBe(0);
    expect(performance.now() - answeredMs).toBeLessThan(STOP_MS_MAX);

    const again = await start();
    const found = await ask(again, {
      path: `/scim2/Users?filter=${encodeURIComponent('userName eq "late"')}`,
      authorization: basic('admin', password),
    });
    expect(found.json.totalResults).toBe(1);
  });
});

describe('a stop while somebody follows the feed', { timeout: TEST_MS_MAX }, () => {
  it('ends the stream properly and does not wait for its reader', async () => {
    const { server, password } = await firstStart();
    const headers = { authorization: basic('admin', password), accept: 'text/event-stream' };
    const following = request(`${server.url}/api/feed`, { headers }).end();
    const [response] = await once(following, 'response');
    expect(response.headers['content-type']).toContain('text/event-stream');
    await once(response, 'data');
    const closed = once(response, 'end');
    response.resume();
    const stoppedMs = performance.now();
    expect((await server.end('SIGTERM')).code).toBe(0);
    await closed;
    expect(performance.now() - stoppedMs).toBeLessThan(STOP_MS_MAX);
  });
});

async function isRefused(server: ServerProcess): Promise<boolean> {
  try {
    await ask(server, { path: '/health/live' });
    return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return true;
    throw error;
  }
}

describe('a forgotten password', { timeout: TEST_MS_MAX }, () => {
  it('[SEC-M4] is set anew, and a lock lifted, while the server is stopped', async () => {
    const { server, password } = await firstStart();
    const authorization = basic('admin', password);
    const self = await ask(server, { path: '/api/read/users?limit=1', authorization });
    const userId = (self.json as { items: { id: string }[] }).items[0]?.id;
    const lock = { method: 'POST', path: '/api/commands/LockUser', authorization, type: 'application/json' };
    expect((await ask(server, { ...lock, body: JSON.stringify({ userId }) })).status).toBe(200);
    expect(await signsIn(server, password)).toBe(false);
    await stop(server);
    const reset = await runMuniment(['reset-password'], variables, 'A-new-password-1\n');
    expect(reset.code, reset.errors).toBe(0);
    expect(reset.output + reset.errors).not.toContain('A-new-password-1');
    const again = await start();
    expect(await signsIn(again, 'A-new-password-1')).toBe(true);
    expect(await signsIn(again, password)).toBe(false);
  });

  it('is not set while the server runs', async () => {
    const { server, password } = await firstStart();
    const reset = await runMuniment(['reset-password'], variables, 'A-new-password-1\n');
    expect(reset.code).not.toBe(0);
    expect(reset.errors).toContain('is being written by process');
    expect(reset.errors).not.toMatch(/\bat .+:\d+:\d+/);
    expect(await signsIn(server, password)).toBe(true);
  });

  it('of nobody, or one that is too short, is refused with a sentence', async () => {
    await stop((await firstStart()).server);
    const nobody = await runMuniment(['reset-password', '--user', 'nobody'], variables, 'A-new-password-1\n');
    const short = await runMuniment(['reset-password'], variables, '\n');
    expect([nobody.code, short.code]).toEqual([1, 1]);
    expect(nobody.errors).toContain('there is no user nobody');
    expect(short.errors).toContain('the password was refused');
  });
});
