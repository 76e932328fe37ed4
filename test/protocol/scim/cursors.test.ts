import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SUPER_ORG_ID } from '../../../domain/ids.ts';
import { CURSOR_LIVES_S, cursorAt } from '../../../protocol/scim/list/cursor.ts';
import { createCursorSeal } from '../../../read-api/cursor.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { newTenant } from '../../support/server-client.ts';
import { type ScimClient, scimClient } from './client.ts';

let server: TestServer;
let scim: ScimClient;

const USERS = 11;

beforeAll(async () => {
  server = await startTestServer();
  scim = scimClient(server);
  for (let index = 1; index <= USERS; index += 1) {
    await scim.create({ userName: `user${String(index).padStart(2, '0')}`, title: index % 3 === 0 ? 'Dr' : 'Prof' });
  }
});
afterAll(() => server.stop());

interface User {
  readonly userName: string;
}
const names = (body: { Resources: readonly User[] }) => body.Resources.map(({ userName }) => userName);
const all = ['admin', ...Array.from({ length: USERS }, (_, index) => `user${String(index + 1).padStart(2, '0')}`)];

async function walk(parameters: Readonly<Record<string, string>>, member = 'nextCursor') {
  const pages: string[][] = [];
  let cursor = parameters['cursor'] ?? '';
  for (let turn = 0; turn < 20; turn += 1) {
    const { status, body } = await scim.list({ ...parameters, cursor });
    if (status !== 200) throw new Error(JSON.stringify(body));
    pages.push(names(body));
    if (body[member] === undefined) return pages;
    cursor = body[member];
  }
  throw new Error('the list has no end');
}

describe('a list by cursor', () => {
  it('begins with an empty cursor and leads on to the last page, which has none', async () => {
    const { body } = await scim.list({ cursor: '', count: '5' });
    expect(body).toMatchObject({ totalResults: USERS + 1, itemsPerPage: 5 });
    expect(body).not.toHaveProperty('startIndex');
    expect(body).not.toHaveProperty('previousCursor');
    expect(body.nextCursor).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(await walk({ count: '5' })).toEqual([all.slice(0, 5), all.slice(5, 10), all.slice(10)]);
  });

  it('leads back by the previous cursor', async () => {
    const second = (
      await scim.list({ count: '5', cursor: (await scim.list({ cursor: '', count: '5' })).body.nextCursor })
    ).body;
    const back = (await scim.list({ count: '5', cursor: second.previousCursor })).body;
    expect(names(back)).toEqual(all.slice(0, 5));
    expect(back).not.toHaveProperty('previousCursor');
  });

  it('follows filter and order, with another count on each page', async () => {
    const asked = { filter: 'title eq Prof', sortBy: 'userName', sortOrder: 'descending' };
    const expected = all.filter((_, index) => index > 0 && index % 3 !== 0).reverse();
    expect((await walk({ ...asked, count: '3' })).flat()).toEqual(expected);
    const first = await scim.list({ ...asked, cursor: '', count: '2' });
    const rest = await scim.list({ ...asked, cursor: first.body.nextCursor, count: '200' });
    expect([...names(first.body), ...names(rest.body)]).toEqual(expected);
  });

  it('neither skips nor repeats users while others come and go', async () => {
    const first = await scim.list({ cursor: '', count: '4' });
    const { id } = await scim.create({ userName: 'aaa-newcomer' });
    const second = await scim.list({ cursor: first.body.nextCursor, count: '4' });
    expect(names(second.body)).toEqual(all.slice(4, 8));
    await scim.call('DELETE', `/Users/${id}`);
  });

  it('is asked for in the body of a search as well, at the users and at the root', async () => {
    const filter = 'meta.resourceType eq "User"';
    for (const path of ['/Users/.search', '/.search']) {
      const first = await scim.call('POST', path, { body: { filter, cursor: '', count: 7 } });
      const second = await scim.call('POST', path, { body: { filter, cursor: first.body.nextCursor, count: 7 } });
      expect([...names(first.body), ...names(second.body)], path).toEqual(all);
    }
  });

  it('gives the total alone where nothing is to be counted out', async () => {
    const { body } = await scim.list({ cursor: '', count: '0' });
    expect(body).toMatchObject({ totalResults: USERS + 1, itemsPerPage: 0, Resources: [] });
  });
});

describe('a cursor', () => {
  const cursor = async (parameters: Readonly<Record<string, string>> = {}) =>
    (await scim.list({ cursor: '', count: '2', ...parameters })).body.nextCursor as string;

  it('[SEC-I1] counts for the list, filter, order and organization that it was given out for, and for no other', async () => {
    const own = await cursor({ filter: 'userName sw user', sortBy: 'title' });
    const asked = { cursor: own, count: '2' };
    for (const other of [
      {},
      { filter: 'userName sw user' },
      { sortBy: 'title' },
      { filter: 'title pr', sortBy: 'title' },
    ]) {
      const { body } = await scim.list({ ...asked, ...other });
      expect(body).toMatchObject({ status: '400', scimType: 'invalidCursor' });
    }
    const tenant = await newTenant(server, 'cursor.example');
    const foreign = await scimClient(server, tenant.prefix).call('GET', `/Users?cursor=${await cursor()}`, tenant);
    expect(foreign.body).toMatchObject({ status: '400', scimType: 'invalidCursor' });
    const native = await fetch(`${server.url}/api/read/users?after=${await cursor()}`, {
      headers: { authorization: server.admin.authorization },
    });
    expect(native.status).toBe(400);
  });

  it.each(['x', '1', 'AAAA', '%00', 'null', 'a'.repeat(5_000)])(
    '[SEC-I1] that was made up (%s) opens nothing',
    async (text) =>
      expect((await scim.list({ cursor: text })).body).toMatchObject({ status: '400', scimType: 'invalidCursor' }),
  );

  it('[SEC-I1] that was edited opens nothing', async () => {
    const own = await cursor();
    const edited = `${own.slice(0, 20)}${own[20] === 'A' ? 'B' : 'A'}${own.slice(21)}`;
    expect((await scim.list({ cursor: edited })).body).toMatchObject({ scimType: 'invalidCursor' });
  });

  it('expires, and says so', async () => {
    const seal = createCursorSeal(server.kernel.vault);
    const sort = JSON.stringify([null, null]);
    const scope = { tenant: SUPER_ORG_ID, org: SUPER_ORG_ID, collection: 'scim/Users', filter: null, sort };
    const edge = { after: { value: 'user03', id: '00000000-0000-4000-8000-000000000000' } };
    const at = (ageS: number) => cursorAt({ seal, scope, nowMs: Date.now() - ageS * 1_000 }, edge);
    const old = await scim.list({ cursor: await at(CURSOR_LIVES_S + 60) });
    expect(old.body).toMatchObject({ status: '400', scimType: 'expiredCursor' });
    expect((await scim.list({ cursor: await at(CURSOR_LIVES_S - 60) })).status).toBe(200);
  });

  it('does not go together with startIndex', async () =>
    expect((await scim.list({ cursor: '', startIndex: '2' })).body).toMatchObject({ scimType: 'invalidValue' }));

  it('tells nothing of the users whose place it marks', async () => {
    const bytes = Buffer.from(await cursor(), 'base64url').toString('latin1');
    expect(bytes).not.toMatch(/user|admin/);
  });
});
