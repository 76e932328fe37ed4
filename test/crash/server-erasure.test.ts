/** Erasures and kill -9: whoever was told that a person is erased is told the truth, and what had begun is finished. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { filesHolding } from '../security/erasure-subject.ts';
import { basic } from '../support/server.ts';
import { ask, newUser, type Reached } from '../support/server-client.ts';
import { isGone } from './server-load.ts';
import { runMuniment, type ServerProcess, startProcess, variablesFor } from './server-process.ts';

const KILLS = 5;
const PEOPLE = 12;
/** Each kill comes later than the one before, so that some meet erasures in progress on any machine. */
const KILL_LATER_MS = 12;
const TEST_MS_MAX = 90_000;
const PASSWORD = 'A-password-for-tests-1';
const admin = { authorization: basic('admin', PASSWORD) };
const WAIT = { timeout: 15_000, interval: 100 };

interface Person {
  readonly id: string;
  readonly planted: string;
  erasure: 'acknowledged' | 'uncertain';
}

it(
  `[E40] [SEC-L3] [SEC-L6] an erasure that was acknowledged or begun is complete after a kill, in ${KILLS} kills`,
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'muniment-erasure-crash-'));
    const variables = variablesFor(directory, { MUNIMENT_ADMIN_PASSWORD: PASSWORD });
    let server: ServerProcess | null = null;
    let uncertain = 0;
    try {
      for (let kill = 0; kill < KILLS; kill += 1) {
        server ??= await startProcess(variables);
        const people = await populate({ url: server.url, admin }, kill);
        await eraseAndKill(server, people, kill * KILL_LATER_MS);
        uncertain += people.filter(({ erasure }) => erasure === 'uncertain').length;
        server = await startProcess(variables);
        await expectErased({ url: server.url, admin }, directory, people);
      }
      expect(uncertain, 'erasures that a kill interrupted').toBeGreaterThan(0);
      expect((await server?.end('SIGTERM'))?.code).toBe(0);
      const doctor = await runMuniment(['doctor'], variables);
      expect(doctor.code, doctor.output + doctor.errors).toBe(0);
    } finally {
      await server?.end('SIGKILL');
      await rm(directory, { recursive: true, force: true });
    }
  },
  TEST_MS_MAX,
);

async function populate(server: Reached, kill: number): Promise<readonly Person[]> {
  const people: Person[] = [];
  for (let number = 0; number < PEOPLE; number += 1) {
    const planted = `zq${kill}x${number}${Math.random().toString(36).slice(2)}`;
    const resource = { userName: `name-${planted}`, displayName: planted, emails: [`${planted}@example.com`] };
    people.push({ id: await newUser(server, resource), planted, erasure: 'uncertain' });
  }
  return people;
}

async function eraseAndKill(server: ServerProcess, people: readonly Person[], afterMs: number): Promise<void> {
  const erasing = Promise.all(people.map((person) => erase(server, person)));
  await pause(afterMs + Math.random() * KILL_LATER_MS);
  await server.end('SIGKILL');
  await erasing;
}

async function erase({ url }: Pick<ServerProcess, 'url'>, person: Person): Promise<void> {
  try {
    const body = { userId: person.id };
    const { status, text } = await ask({ url }, { method: 'POST', path: '/api/commands/EraseUser', body, ...admin });
    if (status !== 200) throw new Error(`an erasure was answered ${status}: ${text}`);
    person.erasure = 'acknowledged';
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

const typesOf = async (server: Reached, { id }: Person): Promise<readonly string[]> => {
  const { json } = await ask(server, { path: `/api/history/users/${id}`, ...admin });
  return json.entries.map(({ type }: { type: string }) => type);
};

async function expectErased(server: Reached, directory: string, people: readonly Person[]): Promise<void> {
  const begun: Person[] = [];
  for (const person of people) {
    const types = await typesOf(server, person);
    const isErased = types.includes('identity.user.erased.v1');
    if (person.erasure === 'acknowledged') expect(isErased, 'an acknowledged erasure').toBe(true);
    if (isErased) begun.push(person);
  }
  for (const person of begun) {
    await expect.poll(() => typesOf(server, person), WAIT).toContain('identity.user.erasure_verified.v1');
    const { status } = await ask(server, { path: `/scim2/Users/${person.id}`, ...admin });
    expect(status).toBe(404);
  }
  const words = Object.fromEntries(begun.map(({ id, planted }) => [id, planted]));
  await expect.poll(() => filesHolding(directory, words), WAIT).toEqual([]);
  for (const person of people.filter((candidate) => !begun.includes(candidate))) {
    const { json } = await ask(server, { path: `/scim2/Users/${person.id}`, ...admin });
    expect(json.displayName, 'a person whose erasure did not begin').toBe(person.planted);
  }
}
