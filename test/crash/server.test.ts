/** The whole server killed under mixed load at random moments: what it acknowledged is there when it is back. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { introspect, refresh } from '../protocol/oauth2/browser.ts';
import { basic } from '../support/server.ts';
import { addressOnly, ask } from '../support/server-client.ts';
import { type Cast, type Chain, openCast, signIn, type Target, writeUntilGone } from './server-load.ts';
import { freePort, runMuniment, type ServerProcess, startProcess, variablesFor } from './server-process.ts';

const KILLS = 10;
const LOAD_MS_MIN = 150;
const LOAD_MS_SPREAD = 450;
const READY_MS_MAX = 10_000;
const TEST_MS_MAX = 120_000;
const PASSWORD = 'A-password-for-tests-1';

it(
  `[SEC-L3] [SEC-L4] loses nothing it acknowledged and brings no dead token back, in ${KILLS} kills`,
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'muniment-server-crash-'));
    const variables = variablesFor(directory, { MUNIMENT_ADMIN_PASSWORD: PASSWORD, MUNIMENT_PORT: await freePort() });
    let server: ServerProcess | null = null;
    try {
      server = await startProcess(variables);
      const target: Target = { url: server.url, admin: { authorization: basic('admin', PASSWORD) } };
      const cast = await openCast(target);
      for (let kill = 0; kill < KILLS; kill += 1) {
        cast.number = kill;
        await loadAndKill(cast, server);
        server = await startProcess(variables);
        target.url = server.url;
        expect(server.readyAfterMs).toBeLessThan(READY_MS_MAX);
        await expectRecent(cast);
      }
      await expectAll(cast);
      expect((await server.end('SIGTERM')).code).toBe(0);
      const doctor = await runMuniment(['doctor'], variables);
      expect(doctor.code, doctor.output + doctor.errors).toBe(0);
    } finally {
      await server?.end('SIGKILL');
      await rm(directory, { recursive: true, force: true });
    }
  },
  TEST_MS_MAX,
);

async function loadAndKill(cast: Cast, server: ServerProcess): Promise<void> {
  const chains = [await signIn(cast), await signIn(cast)];
  const writing = writeUntilGone(cast, chains);
  await Promise.race([writing, pause(LOAD_MS_MIN + Math.random() * LOAD_MS_SPREAD)]);
  expect((await server.end('SIGKILL')).signal).toBe('SIGKILL');
  await writing;
}

const PER_ROUND = 2;

async function expectRecent(cast: Cast): Promise<void> {
  const { memory } = cast;
  for (const id of [...memory.users.keys()].slice(-40)) await expectUser(cast, id);
  for (const id of [...memory.applications.keys()].slice(-20)) await expectApplication(cast, id);
  for (const token of memory.tokens.slice(-10)) await expectToken(cast, token);
  for (const chain of memory.chains.slice(-PER_ROUND)) await expectChain(cast, chain);
}

async function expectAll(cast: Cast): Promise<void> {
  const { memory } = cast;
  expect(memory.users.size).toBeGreaterThan(KILLS);
  expect(memory.applications.size).toBeGreaterThan(0);
  expect(memory.chains.some(({ state }) => state === 'revoked')).toBe(true);
  for (const id of memory.users.keys()) await expectUser(cast, id);
  for (const id of memory.applications.keys()) await expectApplication(cast, id);
  for (const token of memory.tokens) await expectToken(cast, token);
  for (const chain of memory.chains) await expectDead(cast, chain);
}

async function expectUser({ target, memory }: Cast, id: string): Promise<void> {
  const { status, json } = await ask(target, { path: `/scim2/Users/${id}`, ...target.admin });
  expect(status, `user ${id}`).toBe(200);
  const { acknowledged, uncertain } = memory.users.get(id) ?? { acknowledged: '', uncertain: null };
  expect([acknowledged, uncertain]).toContain(json.displayName);
}

async function expectApplication({ target, memory }: Cast, id: string): Promise<void> {
  const { status, json } = await ask(target, { path: `/api/server/v1/applications/${id}`, ...target.admin });
  expect(status, `application ${id}`).toBe(200);
  const { acknowledged, uncertain } = memory.applications.get(id) ?? { acknowledged: '', uncertain: null };
  expect([acknowledged, uncertain]).toContain(json.description ?? '');
}

async function expectToken({ target, client }: Cast, token: string): Promise<void> {
  const { body } = await introspect(addressOnly(target), client, token);
  expect(body.active, 'a token that was issued').toBe(true);
}

const works = async ({ target, client }: Cast, token: string): Promise<boolean> =>
  (await refresh(addressOnly(target), client, token)).status === 200;

async function expectChain(cast: Cast, chain: Chain): Promise<void> {
  if (chain.state === 'certain') {
    const { body, status } = await refresh(addressOnly(cast.target), cast.client, chain.newest);
    expect(status, 'the newest refresh token').toBe(200);
    chain.used.push(chain.newest);
    chain.newest = body.refresh_token;
  }
  await expectDead(cast, chain);
}

/** Old generations are refused, and one that is shown again ends the whole family. */
async function expectDead(cast: Cast, chain: Chain): Promise<void> {
  for (const token of chain.used) expect(await works(cast, token), 'a rotated refresh token').toBe(false);
  if (chain.state === 'revoked') expect(await works(cast, chain.newest), 'a revoked refresh token').toBe(false);
}
