import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type Ask, ask, mustAsk, newUser, type Told } from '../support/server-client.ts';
import { ANSWER_MS_MAX, RUNS, SEED, TEST_MS_MAX } from './fuzz-inputs.ts';
import { bulks, documents, filters, patches } from './fuzz-scim-inputs.ts';
import { headOf } from './route-walk-credentials.ts';

const PASSWORD = 'Correct-horse-9';
const USERS = 5;
/** Of a path with its query. */
const PATH_CHARACTERS_MAX = 12_000;

describe('any question or change in SCIM', () => {
  let server: TestServer;
  let users: readonly string[];

  beforeAll(async () => {
    server = await startTestServer();
    const made: string[] = [];
    for (let index = 0; index < USERS; index += 1) {
      const emails = [{ value: `kim${index}@example.com`, type: 'work' }];
      made.push(await newUser(server, { userName: `kim${index}`, password: PASSWORD, emails }));
    }
    users = made;
  });
  afterAll(async () => await server.stop());

  const run = <Input>(inputs: fc.Arbitrary<Input>, judge: (input: Input) => Promise<void>): Promise<void> =>
    fc.assert(fc.asyncProperty(inputs, judge), { numRuns: RUNS, seed: SEED, endOnFailure: RUNS > 1_000 });

  /** No fault, no waiting, and no event from a refusal. */
  async function answered(question: Ask): Promise<Told> {
    const before = await headOf(server);
    const startedMs = performance.now();
    const told = await ask(server, { authorization: server.admin.authorization, ...question });
    expect(told.status, told.text).toBeLessThan(500);
    expect(performance.now() - startedMs).toBeLessThan(ANSWER_MS_MAX);
    if (told.status >= 400) {
      expect(await headOf(server), told.text).toBe(before);
      if (told.text !== '') expect(told.json).toMatchObject({ status: String(told.status) });
    }
    return told;
  }

  it('[SEC-I2] [SEC-M7] is a filter or is refused as one', { timeout: TEST_MS_MAX }, async () => {
    await run(filters, async (filter) => {
      const path = `/scim2/Users?count=3&filter=${encodeURIComponent(filter.toWellFormed())}`;
      const inPath = path.length > PATH_CHARACTERS_MAX ? null : await answered({ path });
      const search = { method: 'POST', path: '/scim2/.search', body: { filter, count: 3 } };
      const inBody = await answered(search);
      for (const told of [inPath, inBody]) expect([200, 400, undefined]).toContain(told?.status);
      if (inBody.status === 400) expect(inBody.json.scimType).toMatch(/^invalid(Filter|Value|Syntax)$/);
    });
  });

  it('[SEC-M7] is a patch or is refused as one, and changes nothing then', { timeout: TEST_MS_MAX }, async () => {
    let turn = 0;
    await run(patches, async (body) => {
      turn += 1;
      const path = `/scim2/Users/${users[turn % USERS]}`;
      const told = await answered({ method: 'PATCH', path, body });
      expect([200, 400, 413]).toContain(told.status);
    });
    for (const id of users) expect((await mustAsk(server, { path: `/scim2/Users/${id}` })).json.id).toBe(id);
  });

  it('[SEC-J7] [SEC-M7] is bulk or is refused as such, each operation by itself', {
    timeout: TEST_MS_MAX,
  }, async () => {
    await run(bulks(users), async (body) => {
      const before = await headOf(server);
      const told = await answered({ method: 'POST', path: '/scim2/Bulk', body });
      const statuses: string[] = told.json?.Operations?.map(({ status }: { status: string }) => status) ?? [];
      expect(statuses.filter((status) => Number(status) >= 500)).toEqual([]);
      if (!statuses.some((status) => status < '300')) expect(await headOf(server)).toBe(before);
    });
  });

  it('[SEC-M7] is a user or is refused as one', { timeout: TEST_MS_MAX }, async () => {
    let turn = 0;
    await run(documents, async (body) => {
      turn += 1;
      const made = await answered({ method: 'POST', path: '/scim2/Users', body });
      expect([201, 400, 409]).toContain(made.status);
      const me = turn % 2 === 0 ? { method: 'PUT', path: '/scim2/Me', body: { ...body, userName: 'admin' } } : null;
      if (me !== null && !('password' in body)) expect([200, 400]).toContain((await answered(me)).status);
      if (made.status === 201) {
        expect((await answered({ method: 'DELETE', path: `/scim2/Users/${made.json.id}` })).status).toBe(204);
      }
    });
  });
});
