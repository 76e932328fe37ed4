/** A search at the root over kinds of resources that are made up here: users twice, under other names. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SUPER_ORG_ID } from '../../../domain/ids.ts';
import type { Request } from '../../../protocol/http/route.ts';
import { searchAll } from '../../../protocol/scim/list/search-all.ts';
import type { ResourceType } from '../../../protocol/scim/resource-type.ts';
import type { ScimDoor } from '../../../protocol/scim/scim-door.ts';
import { userVocabulary } from '../../../protocol/scim/users/present.ts';
import { userType } from '../../../protocol/scim/users/user-type.ts';
import { createCursorSeal } from '../../../read-api/cursor.ts';
import { system } from '../../support/kernel.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { scimClient } from './client.ts';

let server: TestServer;
let door: ScimDoor;

beforeAll(async () => {
  server = await startTestServer();
  door = { kernel: server.kernel, readStore: server.reads, cursors: createCursorSeal(server.kernel.vault) };
  const scim = scimClient(server);
  for (const userName of ['ann', 'ben', 'cat', 'dan']) await scim.create({ userName, title: 'Dr' });
  await server.reads.waitFor('users', (await server.kernel.store.head()) as never, 5_000);
});
afterAll(() => server.stop());

/** By the vocabulary of each kind alone, not by what an organization defines. */
const { filterOf: _filterOf, sortPath: _sortPath, ...listed } = userType.list;

/** Users, shown by their kind and name. */
const kind = (name: string, more: Partial<ResourceType> = {}): ResourceType => ({
  ...userType,
  name,
  endpoint: `/${name}s`,
  list: {
    ...listed,
    presented: (_, documents) => documents.map((document) => ({ is: `${name} ${document['userName']}` })),
  },
  ...more,
});

const untitled = {
  ...userVocabulary,
  attributeAt: (path: string) => (path === 'title' ? null : userVocabulary.attributeAt(path)),
};
const robots = kind('Robot', { vocabulary: untitled });
const kinds = [kind('Person'), robots, kind('Ghost', { scopes: { ...userType.scopes, list: ['internal_ghosts'] } })];

async function search(body: object, permissions = ['internal_user_mgt_list']) {
  const caller = { ...system, kind: 'user' as const, permissions: new Set(permissions) };
  const tenant = { id: SUPER_ORG_ID, domain: 'carbon.super', isSuper: true, baseUrl: server.url };
  const request = { caller, body, tenant, minPosition: null } as unknown as Request;
  const answer = await searchAll(kinds)(door, request);
  const { Resources, ...rest } = answer.body as {
    Resources: { is: string }[];
    totalResults: number;
    nextCursor?: string;
  };
  return { ...rest, is: Resources.map(({ is }) => is) };
}

const people = ['admin', 'ann', 'ben', 'cat', 'dan'];
const both = [...people.map((name) => `Person ${name}`), ...people.map((name) => `Robot ${name}`)];

describe('a search over several kinds of resources', () => {
  it('shows one kind after the other, those alone that the caller may list', async () => {
    expect(await search({})).toMatchObject({ totalResults: 10, itemsPerPage: 10, startIndex: 1, is: both });
    const all = await search({}, ['internal_user_mgt_list', 'internal_ghosts']);
    expect(all.totalResults).toBe(15);
  });

  it('pages over from one kind to the next by index', async () => {
    for (const [startIndex, count] of [
      [1, 3],
      [4, 4],
      [5, 1],
      [6, 2],
      [10, 5],
      [11, 5],
      [1, 0],
    ] as const) {
      const expected = both.slice(startIndex - 1, startIndex - 1 + count);
      const page = await search({ startIndex, count });
      expect(page).toMatchObject({ totalResults: 10, startIndex, itemsPerPage: expected.length, is: expected });
    }
  });

  it.each([1, 2, 3, 5, 7, 10])('pages over from one kind to the next by cursor, %i at a time', async (count) => {
    const seen: string[] = [];
    let cursor: string | undefined = '';
    for (let turn = 0; turn < 20 && cursor !== undefined; turn += 1) {
      const page: Awaited<ReturnType<typeof search>> = await search({ cursor, count });
      expect(page.totalResults).toBe(10);
      seen.push(...page.is);
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(both);
  });

  it.each(['x', '7.', '0.x', '1.AAAA', '-1.'])('refuses the cursor %s', async (cursor) =>
    expect(search({ cursor, count: 2 })).rejects.toMatchObject({ scimType: 'invalidCursor' }),
  );

  it('chooses the kind by meta.resourceType and by schemas', async () => {
    expect((await search({ filter: 'meta.resourceType eq "robot"' })).is).toEqual(both.slice(5));
    expect((await search({ filter: 'meta.resourceType ne Robot and userName eq ann' })).is).toEqual(['Person ann']);
    expect((await search({ filter: 'not (meta.resourceType sw Per)' })).is).toEqual(both.slice(5));
    const urn = 'urn:ietf:params:scim:schemas:core:2.0:User';
    expect((await search({ filter: `schemas eq "${urn}" and userName eq ann` })).totalResults).toBe(2);
    expect((await search({ filter: 'schemas eq "urn:other"' })).totalResults).toBe(0);
  });

  it('takes an attribute that one kind lacks as one without a value there', async () => {
    expect((await search({ filter: 'title eq Dr' })).is).toEqual(
      ['ann', 'ben', 'cat', 'dan'].map((n) => `Person ${n}`),
    );
    expect((await search({ filter: 'not (title pr)' })).totalResults).toBe(1 + people.length);
    expect((await search({ filter: 'title ne Dr and userName ne admin' })).totalResults).toBe(4);
    expect((await search({ sortBy: 'title', sortOrder: 'descending' })).totalResults).toBe(10);
  });

  it.each(['shoeSize eq 42', 'password eq "x"', 'title eq'])('refuses %s, which is right nowhere', async (filter) =>
    expect(search({ filter })).rejects.toMatchObject({ scimType: 'invalidFilter' }),
  );
});
