import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { newClient, ownToken } from '../../support/server-client.ts';
import { type ScimClient, scimClient } from './client.ts';

let server: TestServer;
let scim: ScimClient;

beforeAll(async () => {
  server = await startTestServer();
  scim = scimClient(server);
});
afterAll(() => server.stop());

const bulk = (Operations: readonly object[], authorization = server.admin.authorization) =>
  scim.call('POST', '/Bulk', { body: { Operations }, authorization });
const idIn = ({ location }: { location: string }): string => location.split('/').at(-1) ?? '';

describe('a bulk request with users, groups and roles', () => {
  it('puts new users into a new group, and the group into a new role, by references', async () => {
    const { body } = await bulk([
      { method: 'POST', path: '/Groups', bulkId: 'g', data: { displayName: 'crew', members: [{ value: 'bulkId:a' }] } },
      { method: 'POST', path: '/Users', bulkId: 'a', data: { userName: 'ann' } },
      { method: 'POST', path: '/Users', bulkId: 'b', data: { userName: 'ben' } },
      {
        method: 'PATCH',
        path: '/Groups/bulkId:g',
        data: { Operations: [{ op: 'add', path: 'members', value: [{ value: 'bulkId:b' }] }] },
      },
      {
        method: 'POST',
        path: '/v2/Roles',
        bulkId: 'r',
        data: { displayName: 'sailor', groups: [{ value: 'bulkId:g' }] },
      },
      {
        method: 'PATCH',
        path: '/Groups/bulkId:g',
        data: { Operations: [{ op: 'remove', path: 'members[value eq "bulkId:a"]' }] },
      },
    ]);
    const statuses = body.Operations.map(({ status }: { status: string }) => status);
    expect(statuses, JSON.stringify(body.Operations)).toEqual(['201', '201', '201', '200', '201', '200']);
    const [group, ann, ben] = body.Operations.map(idIn);
    const shown = await scim.call('GET', `/Groups/${group}`);
    expect(shown.body.members.map(({ value }: { value: string }) => value)).toEqual([ben]);
    expect(shown.body.roles).toMatchObject([{ display: 'sailor' }]);
    expect((await scim.call('GET', `/Users/${ben}`)).body.groups).toMatchObject([{ value: group }]);
    expect((await scim.call('GET', `/Users/${ann}`)).body).not.toHaveProperty('groups');
  });

  it('[SEC-C5] judges each kind by its own scope', async () => {
    const client = await newClient(server, { name: 'Groups alone', scopes: ['internal_bulk_group_create'] });
    const authorization = `Bearer ${await ownToken(server, client, ['internal_bulk_group_create'])}`;
    const { body } = await bulk(
      [
        { method: 'POST', path: '/Groups', bulkId: 'g', data: { displayName: 'allowed' } },
        { method: 'POST', path: '/Users', bulkId: 'u', data: { userName: 'refused' } },
        {
          method: 'POST',
          path: '/Groups',
          bulkId: 'h',
          data: { displayName: 'led', members: [{ value: 'bulkId:u' }] },
        },
        { method: 'POST', path: '/v2/Roles', bulkId: 'r', data: { displayName: 'refused' } },
      ],
      authorization,
    );
    expect(body.Operations.map(({ status }: { status: string }) => status)).toEqual(['201', '403', '409', '403']);
  });
});

describe('a list of groups', () => {
  it('pages by cursor, and is found with users at the root', async () => {
    for (const displayName of ['page-1', 'page-2', 'page-3'])
      await scim.call('POST', '/Groups', { body: { displayName } });
    const asked = 'filter=displayName+sw+page&count=2';
    const first = await scim.call('GET', `/Groups?${asked}&cursor=`);
    const second = await scim.call('GET', `/Groups?${asked}&cursor=${first.body.nextCursor}`);
    const names = [...first.body.Resources, ...second.body.Resources].map(({ displayName }) => displayName);
    expect(names).toEqual(['page-1', 'page-2', 'page-3']);
    const groups = { filter: 'meta.resourceType eq "Group" and displayName sw page' };
    expect((await scim.call('POST', '/.search', { body: groups })).body.totalResults).toBe(3);
    const both = { filter: 'displayName sw page or userName eq admin' };
    expect((await scim.call('POST', '/.search', { body: both })).body.totalResults).toBe(4);
  });
});
