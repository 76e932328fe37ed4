/** The whole server killed under mixed load at random moments: what it acknowledged is there when it is back. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { introspect, refresh } from '../protocol/oauth2/browser.ts';
import { requireMongo } from '../support/mongo.ts';
import { basic } from '../support/server.ts';
import { addressOnly, ask, newUser, type Told } from '../support/server-client.ts';
import { type Cast, type Chain, openCast, signIn, type Target, writeUntilGone } from './server-load.ts';
import { crashMixes, openCrashGround } from './server-mixes.ts';
import { freePort, runMuniment, type ServerProcess, startProcess, variablesFor } from './server-process.ts';

const KILLS_EMBEDDED = 10;
const KILLS_BESIDE_SERVERS = 3;
/** How much longer the load lasts where each change goes over wires. */
const SLOWER_BESIDE_SERVERS = 4;
/** Until another process leads the read models of one that was killed. */
const TAKEOVER = { timeout: 10_000, interval: 100 };
const LOAD_MS_MIN = 150;
const LOAD_MS_SPREAD = 450;
const READY_MS_MAX = 10_000;
const TEST_MS_MAX = 120_000;
const PASSWORD = 'A-password-for-tests-1';

requireMongo();

describe.each(crashMixes)('a server with $name', (mix) => {
  const kills = mix.servers.length === 0 ? KILLS_EMBEDDED : KILLS_BESIDE_SERVERS;
  it(
    `[SEC-L3] [SEC-L4] loses nothing it acknowledged and brings no dead token back, in ${kills} kills`,
    async () => {
      const ground = await openCrashGround(mix);
      const variables = variablesFor(join(ground.directory, 'data'), {
        ...ground.variables,
        MUNIMENT_ADMIN_PASSWORD: PASSWORD,
        MUNIMENT_PORT: await freePort(),
      });
      let server: ServerProcess | null = null;
      try {
        server = await startProcess(variables);
        const target: Target = { url: server.url, admin: { authorization: basic('admin', PASSWORD) } };
        const cast = await openCast(target);
        for (let kill = 0; kill < kills; kill += 1) {
          cast.number = kill;
          await loadAndKill(cast, server, mix.servers.length === 0 ? 1 : SLOWER_BESIDE_SERVERS);
          server = await startProcess(variables);
          target.url = server.url;
          expect(server.readyAfterMs).toBeLessThan(READY_MS_MAX);
          await expectRecent(cast);
        }
        await expectAll(cast, kills);
        await untilLevel(cast);
        const ended = await server.end('SIGTERM');
        expect(ended.code, ended.errors).toBe(0);
        const doctor = await runMuniment(['doctor'], variables);
        expect(doctor.code, doctor.output + doctor.errors).toBe(0);
      } finally {
        await server?.end('SIGKILL');
        await ground.remove();
      }
    },
    TEST_MS_MAX,
  );
});

async function loadAndKill(cast: Cast, server: ServerProcess, slower: number): Promise<void> {
  const chains = [await signIn(cast), await signIn(cast)];
  const writing = writeUntilGone(cast, chains);
  await Promise.race([writing, pause((LOAD_MS_MIN + Math.random() * LOAD_MS_SPREAD) * slower)]);
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

async function expectAll(cast: Cast, kills: number): Promise<void> {
  const { memory } = cast;
  expect(memory.users.size).toBeGreaterThan(kills);
  expect(memory.applications.size).toBeGreaterThan(0);
  expect(memory.chains.some(({ state }) => state === 'revoked')).toBe(true);
  for (const id of memory.users.keys()) await expectUser(cast, id);
  for (const id of memory.applications.keys()) await expectApplication(cast, id);
  for (const token of memory.tokens) await expectToken(cast, token);
  for (const chain of memory.chains) await expectDead(cast, chain);
}

/** Once the read models have come so far: until then a caller who wrote is told to ask again. */
async function shown(target: Target, path: string): Promise<Told> {
  let told = await ask(target, { path, ...target.admin });
  const again = async () => {
    if (told.status === 503) told = await ask(target, { path, ...target.admin });
    return told.status;
  };
  await expect.poll(again, { ...TAKEOVER, message: path }).toBe(200);
  return told;
}

/**
 * The lease of a process that was killed runs for seconds, in which nobody writes read models. A change made now is
 * shown once they hold all that came before it.
 */
async function untilLevel({ target }: Cast): Promise<void> {
  const id = await newUser(target, { userName: `last-${crypto.randomUUID()}` });
  const paths = [`/scim2/Users/${id}`, '/api/server/v1/applications', '/scim2/Groups', '/api/server/v1/tenants'];
  for (const path of paths) await shown(target, path);
}

async function expectUser({ target, memory }: Cast, id: string): Promise<void> {
  const { json } = await shown(target, `/scim2/Users/${id}`);
  const { acknowledged, uncertain } = memory.users.get(id) ?? { acknowledged: '', uncertain: null };
  expect([acknowledged, uncertain]).toContain(json.displayName);
}

async function expectApplication({ target, memory }: Cast, id: string): Promise<void> {
  const { json } = await shown(target, `/api/server/v1/applications/${id}`);
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
