/**
 * A server under the application killed while it is written to, and away for a while: changes are answered 503 and
 * nothing acknowledged is lost; the application says which part is away, and is ready again by itself.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { hasMongo, requireMongo } from '../support/mongo.ts';
import { basic } from '../support/server.ts';
import { ask, type Told } from '../support/server-client.ts';
import { crashMixes, openCrashGround, type Victim } from './server-mixes.ts';
import { runMuniment, type ServerProcess, startProcess, variablesFor } from './server-process.ts';

const OUTAGES = 2;
const WRITERS = 3;
const LOAD_MS = 1_500;
const AWAY_MS = 3_000;
/** Twice what is promised: the application and three servers share the machine, which may have other work. */
const BACK_MS_MAX = 20_000;
/** Until the read models have come to the last change. */
const LISTED_MS_MAX = 40_000;
const TEST_MS_MAX = 150_000;
const PASSWORD = 'A-password-for-tests-1';
const admin = { authorization: basic('admin', PASSWORD) };
const SCIM = 'application/scim+json';

/** What `/health/ready` calls the parts of each server. */
const PARTS = { esdb: ['log'], mongo: ['vault', 'transient', 'read-models'] } as const;

interface Watched {
  goesOn: boolean;
  /** Display names that may stand there, by user id. */
  readonly users: Map<string, Set<string>>;
  readonly refusals: Told[];
  lastDoneMs: number;
}

requireMongo();

const pairs = crashMixes.flatMap((mix) => mix.servers.map((victim) => ({ mix, victim, name: mix.name })));

describe.runIf(hasMongo).each(pairs)('an application with $name whose $victim is killed', ({ mix, victim }) => {
  it(
    'refuses for a while, loses nothing, and is ready again by itself',
    async () => {
      const ground = await openCrashGround(mix);
      const variables = variablesFor(join(ground.directory, 'data'), {
        ...ground.variables,
        MUNIMENT_ADMIN_PASSWORD: PASSWORD,
      });
      let server: ServerProcess | null = null;
      try {
        server = await startProcess(variables);
        const { url } = server;
        const watched: Watched = { goesOn: true, users: new Map(), refusals: [], lastDoneMs: 0 };
        const writing = Promise.all(Array.from({ length: WRITERS }, () => write(url, watched)));
        for (let outage = 0; outage < OUTAGES; outage += 1) {
          await pause(LOAD_MS);
          await endure(url, { watched, server: ground.victims.get(victim) as Victim, parts: PARTS[victim] });
        }
        watched.goesOn = false;
        await writing;
        expect(watched.refusals.length).toBeGreaterThan(0);
        expect(watched.users.size).toBeGreaterThan(OUTAGES);
        // Who wrote a moment ago sees it; while writers go on, the place that a list waits for goes on too.
        const lists = async () => (await ask({ url }, { path: '/scim2/Users?count=1', ...admin })).status;
        await expect.poll(lists, { timeout: LISTED_MS_MAX, interval: 100 }).toBe(200);
        await expectKept(url, watched);
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

interface Outage {
  readonly watched: Watched;
  readonly server: Victim;
  readonly parts: readonly string[];
}

async function endure(url: string, { watched, server, parts }: Outage): Promise<void> {
  await server.kill();
  await pause(AWAY_MS);
  const health = await ask({ url }, { path: '/health/ready' });
  expect(health.status).toBe(503);
  for (const part of parts) expect(health.json.checks, health.text).toMatchObject({ [part]: 'down' });
  expect((await ask({ url }, { path: '/health/live' })).status).toBe(200);
  await server.startAgain();
  const backMs = performance.now();
  await expect.poll(() => watched.lastDoneMs, { timeout: BACK_MS_MAX, interval: 50 }).toBeGreaterThan(backMs);
  const isReady = async () => (await ask({ url }, { path: '/health/ready' })).status;
  await expect.poll(isReady, { timeout: BACK_MS_MAX, interval: 100 }).toBe(200);
}

/** As clients do: what is refused for now is tried again a little later. */
async function write(url: string, watched: Watched): Promise<void> {
  for (let number = 0; watched.goesOn; number += 1) {
    const body = { userName: `user-${crypto.randomUUID()}`, displayName: 'first' };
    const created = await changed(watched, () =>
      ask({ url }, { method: 'POST', path: '/scim2/Users', type: SCIM, body, ...admin }),
    );
    if (created === null) continue;
    const names = new Set(['first']);
    watched.users.set(created.json.id, names);
    const operations = { Operations: [{ op: 'replace', path: 'displayName', value: `second ${number}` }] };
    names.add(`second ${number}`);
    const patched = await changed(watched, () =>
      ask(
        { url },
        { method: 'PATCH', path: `/scim2/Users/${created.json.id}`, type: SCIM, body: operations, ...admin },
      ),
    );
    if (patched !== null) names.delete('first');
  }
}

/** Null: refused for now, and perhaps done all the same. */
async function changed(watched: Watched, change: () => Promise<Told>): Promise<Told | null> {
  const told = await change();
  if (told.status === 503) {
    expect(Number(told.headers['retry-after'])).toBeGreaterThan(0);
    watched.refusals.push(told);
    await pause(100);
    return null;
  }
  expect([200, 201], told.text).toContain(told.status);
  watched.lastDoneMs = performance.now();
  return told;
}

/** Who asks for what he has just written is told to ask again while the read models are not as far. */
async function expectKept(url: string, { users }: Watched): Promise<void> {
  for (const [id, names] of users) {
    const path = `/scim2/Users/${id}`;
    let told = await ask({ url }, { path, ...admin });
    const again = async () => {
      if (told.status === 503) told = await ask({ url }, { path, ...admin });
      return told.status;
    };
    await expect.poll(again, { timeout: BACK_MS_MAX, interval: 100, message: `user ${id}` }).toBe(200);
    expect(names).toContain(told.json.displayName);
  }
}
