/** What a role or a group costs must not grow with how many hold it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SUPER_ORG_ID } from '../../domain/ids.ts';
import { asAdmin, type ManagementClient } from '../support/management-client.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const SMALL = 20;
const LARGE = 20_000;
const ROUNDS = 15;
const RATIO_MAX = 3;
const BATCH = 100;

let server: TestServer;
let admin: ManagementClient;

beforeAll(async () => {
  server = await startTestServer();
  admin = asAdmin(server);
});
afterAll(async () => await server.stop());

async function create(path: string, body: object): Promise<string> {
  const answer = await admin.send('POST', `/scim2${path}`, body);
  if (answer.status !== 201) throw new Error(`${path}: ${answer.status} ${answer.text}`);
  return answer.json.id;
}

/** Memberships of people who need not be there for this, straight into the log. */
async function fill(type: string, data: object, count: number): Promise<void> {
  const { kernel } = server;
  const meta = {
    $correlationId: 'scale',
    $causationId: 'scale',
    at: new Date().toISOString(),
    tenant: SUPER_ORG_ID,
    org: SUPER_ORG_ID,
  };
  for (let at = 0; at < count; at += BATCH) {
    const appends = Array.from({ length: Math.min(BATCH, count - at) }, async () => {
      const facts = [{ id: kernel.uuid(), fact: { type, data: data as never }, meta }];
      await kernel.store.append(`user-${kernel.uuid()}`, 'no-stream', await kernel.codec.encode(facts));
    });
    await Promise.all(appends);
  }
}

/** Milliseconds of adding one member, the fastest of several: whatever else the machine does only adds to it. */
async function addingOne(path: string, value: object): Promise<number> {
  const tookMs: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const member = await create('/Users', { userName: `member-${crypto.randomUUID()}` });
    const Operations = [{ op: 'add', ...value, value: [{ value: member }] }];
    const startedMs = performance.now();
    const answer = await admin.send('PATCH', `/scim2${path}`, { Operations });
    tookMs.push(performance.now() - startedMs);
    expect(answer.status, answer.text.slice(0, 500)).toBe(200);
  }
  return Math.min(...tookMs);
}

/** Too many for one answer, they are read by pages; the thing itself without them. */
async function readsByPages(path: string, kind: 'role' | 'group', id: string): Promise<void> {
  expect(await admin.get(`/scim2${path}/${id}`)).toMatchObject({ status: 400, json: { scimType: 'tooMany' } });
  const without = await admin.get(`/scim2${path}/${id}?excludedAttributes=users,members`);
  expect([without.status, without.json.id]).toEqual([200, id]);
  if (kind === 'role') return;
  const page = await admin.get(`/scim2/Users?filter=groups.value+eq+"${id}"&startIndex=${LARGE}&count=50`);
  expect(page.json.totalResults).toBe(LARGE + 2 * ROUNDS);
  // Those who were added last are there as users.
  expect(page.json.Resources.length).toBeGreaterThan(0);
}

const headOfLog = async () => (await server.kernel.store.head())?.commit ?? 0n;

describe('adding one member', () => {
  it.each([
    ['role', '/v3/Roles', '/Users', 'access.role.assigned.v1', {}],
    ['group', '/Groups', '', 'access.group.joined.v1', { path: 'members' }],
  ] as const)(
    'to a %s with very many costs what it costs with a few',
    async (kind, path, tail, type, value) => {
      const make = () => create(path, { displayName: `${kind} ${crypto.randomUUID()}` });
      const [small, large] = [await make(), await make()];
      await fill(type, { [kind]: small }, SMALL);
      await fill(type, { [kind]: large }, LARGE);
      // Read models level, and everything that is made once is made.
      await addingOne(`${path}/${small}${tail}`, value);
      await addingOne(`${path}/${large}${tail}`, value);
      const smallMs = await addingOne(`${path}/${small}${tail}`, value);
      const largeMs = await addingOne(`${path}/${large}${tail}`, value);
      expect(largeMs / smallMs, `${smallMs} ms with ${SMALL}, ${largeMs} ms with ${LARGE}`).toBeLessThan(RATIO_MAX);
      await readsByPages(path, kind, large);
    },
    600_000,
  );

  it('is one event', async () => {
    const role = await create('/v3/Roles', { displayName: 'One event' });
    const member = await create('/Users', { userName: `member-${crypto.randomUUID()}` });
    const before = await headOfLog();
    await admin.send('PATCH', `/scim2/v3/Roles/${role}/Users`, {
      Operations: [{ op: 'add', value: [{ value: member }] }],
    });
    expect((await headOfLog()) - before).toBe(1n);
  });
});
