/** Users over SCIM: creating them, and finding them among many. */
import { randomUUID } from 'node:crypto';
import { Connection, requestBytes } from '../load/connection.ts';
import type { Step } from '../load/run-load.ts';
import type { RunningTarget } from '../targets/target.ts';
import { EVERY_CONCURRENCY, perWorker, repeating, type Scenario, unexpected } from './scenario.ts';

/** Every so often a created user is read back by id: the answer must be there at once. */
const READ_BACK_EVERY = 20;

const fits = ({ endpoints, seed }: RunningTarget) => endpoints.scim !== null && seed.scimToken !== null;

const headers = (target: RunningTarget): Readonly<Record<string, string>> => ({
  Authorization: `Bearer ${target.seed.scimToken}`,
  'Content-Type': 'application/scim+json',
});

/** About one in nine has an address that begins with `mail1`. */
export function userBody(userName: string, number: number): string {
  return JSON.stringify({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName,
    name: { givenName: `Given${number % 997}`, familyName: `Family${number % 4999}` },
    displayName: `Given${number % 997} Family${number % 4999}`,
    emails: [{ value: `mail${number}@bench.example`, type: 'work', primary: true }],
  });
}

export const userNameOf = (number: number): string => `bench.user.${String(number).padStart(7, '0')}`;

async function create(target: RunningTarget, connection: Connection, body: string): Promise<string> {
  const path = target.endpoints.scim ?? '';
  const answer = await connection.request({ method: 'POST', path, headers: headers(target), body });
  if (answer.status !== 201) throw unexpected({ method: 'POST', path }, answer);
  return (JSON.parse(answer.body.toString('utf8')) as { id: string }).id;
}

function creator(target: RunningTarget, connection: Connection): Step {
  let made = 0;
  const run = randomUUID();
  return async () => {
    made += 1;
    const id = await create(target, connection, userBody(`${run}.${made}`, made));
    if (made % READ_BACK_EVERY !== 0) return;
    const path = `${target.endpoints.scim}/${id}`;
    const answer = await connection.send(
      requestBytes(connection.host, { method: 'GET', path, headers: headers(target) }),
    );
    if (answer.status !== 200) throw unexpected({ method: 'GET', path }, answer);
  };
}

const creating = (size: 'small' | 'large', title: string): Scenario => ({
  name: size === 'small' ? 'scim-create' : 'scim-create-large',
  title,
  size,
  concurrencies: EVERY_CONCURRENCY,
  fits,
  steps: (target, concurrency) => perWorker(target, concurrency, (connection) => creator(target, connection)),
});

interface Search {
  readonly name: string;
  readonly title: string;
  readonly query: Readonly<Record<string, string>>;
  /** Rows that the page must have at least. */
  readonly rows: number;
  readonly usersMin: number;
}

const searching = ({ name, title, query, rows, usersMin }: Search): Scenario => ({
  name,
  title,
  size: 'large',
  usersMin,
  concurrencies: EVERY_CONCURRENCY,
  fits,
  steps: (target, concurrency) => {
    const path = `${target.endpoints.scim}?${new URLSearchParams(query)}`;
    const request = { method: 'GET', path, headers: headers(target) };
    const right = (answer: { readonly body: Buffer }) =>
      Number(/"itemsPerPage":(\d+)/.exec(answer.body.toString('utf8'))?.[1]) >= rows;
    return repeating(target, concurrency, { request, right });
  },
});

const searches: readonly Search[] = [
  {
    name: 'search-username',
    title: 'search userName eq',
    query: { filter: `userName eq "${userNameOf(777)}"` },
    rows: 1,
    usersMin: 1_000,
  },
  {
    name: 'search-username-prefix',
    title: 'search userName sw, all match, page of 50',
    query: { filter: 'userName sw "bench.user."', count: '50' },
    rows: 50,
    usersMin: 1_000,
  },
  {
    name: 'search-email',
    title: 'search emails.value eq',
    query: { filter: 'emails.value eq "mail777@bench.example"' },
    rows: 1,
    usersMin: 1_000,
  },
  {
    name: 'search-email-prefix',
    title: 'search emails.value sw, one in nine, page of 50',
    query: { filter: 'emails.value sw "mail1"', count: '50' },
    rows: 50,
    usersMin: 1_000,
  },
  { name: 'page-1', title: 'list, page 1 of 50', query: { startIndex: '1', count: '50' }, rows: 50, usersMin: 50 },
  {
    name: 'page-500',
    title: 'list, page 500 of 50',
    query: { startIndex: '24951', count: '50' },
    rows: 50,
    usersMin: 25_000,
  },
];

export const scimScenarios: readonly Scenario[] = [
  creating('small', 'SCIM create, few users'),
  creating('large', 'SCIM create, many users'),
  ...searches.map(searching),
];

const SEEDERS = 64;

/** Fills the server with users over SCIM; how many a second it took. */
export async function seedUsers(target: RunningTarget, count: number): Promise<number> {
  const started = performance.now();
  let next = 0;
  const seeder = async () => {
    const connection = new Connection(target.baseUrl);
    while (next < count) {
      const number = next;
      next += 1;
      await create(target, connection, userBody(userNameOf(number), number));
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: SEEDERS }, seeder));
  return count / ((performance.now() - started) / 1000);
}
