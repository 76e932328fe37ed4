import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SUPER_ORG_ID } from '../../../domain/ids.ts';
import { organizations } from '../../../domain/organizations/organization.ts';
import { asAdmin, limitedCaller } from '../../support/management-client.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { type ScimClient, scimClient } from './client.ts';

const ROLE = 'urn:ietf:params:scim:schemas:extension:2.0:Role';
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const VIEW = 'internal_user_mgt_view';
const LIST = 'internal_user_mgt_list';

let server: TestServer;
let scim: ScimClient;
let made = 0;

beforeAll(async () => {
  server = await startTestServer();
  scim = scimClient(server);
});
afterAll(async () => await server.stop());

const newUser = async (): Promise<string> => (await scim.create({ userName: `user-${++made}` })).id;
const newName = (name = 'Role') => `${name} ${++made}`;
const post = (path: string, body: object) => scim.call('POST', path, { body });
const newRole = async (version: string, body: object = {}): Promise<string> => {
  const answer = await post(`${version}/Roles`, { displayName: newName(), ...body });
  if (answer.status !== 201) throw new Error(`${answer.status} ${answer.text}`);
  return answer.body.id;
};
const newGroup = async (): Promise<string> => (await post('/Groups', { displayName: newName('group') })).body.id;
const operations = (...list: object[]) => ({ body: { schemas: [PATCH_OP], Operations: list } });
const patch = (path: string, ...list: object[]) => scim.call('PATCH', path, operations(...list));
const valuesOf = (list: readonly { readonly value: string }[] | undefined) =>
  (list ?? []).map(({ value }) => value).sort();
const usersOf = async (id: string) => valuesOf((await scim.call('GET', `/v3/Roles/${id}`)).body.users);

const newApplication = async (roles: object = {}): Promise<string> => {
  const answer = await asAdmin(server).send('POST', '/api/server/v1/applications', { name: newName('App'), ...roles });
  return answer.createdId;
};

describe('a role', () => {
  it('[O7.8-1] is created through V3 without members, which have an endpoint of their own', async () => {
    const kim = await newUser();
    const created = await post('/v3/Roles', { schemas: [ROLE], displayName: 'Editors', users: [{ value: kim }] });
    expect(created.status).toBe(201);
    expect(created.headers.get('location')).toBe(`${server.url}/scim2/v3/Roles/${created.body.id}`);
    expect(created.body).toMatchObject({
      schemas: [ROLE],
      displayName: 'Editors',
      audience: { value: SUPER_ORG_ID, display: 'Super', type: 'organization' },
      meta: { resourceType: 'Role', location: `${server.url}/scim2/v3/Roles/${created.body.id}` },
    });
    expect(await usersOf(created.body.id)).toEqual([]);

    const put = await scim.call('PUT', `/v3/Roles/${created.body.id}/Users`, { body: [{ value: kim }] });
    expect(put.status, put.text).toBe(200);
    expect(put.body.users).toEqual([
      { value: kim, display: expect.stringMatching(/^user-/), $ref: `${server.url}/scim2/Users/${kim}` },
    ]);
    expect(await usersOf(created.body.id)).toEqual([kim]);
  });

  it('[O7.8-2] may have the name of a role of another audience, and is told from it by a filter', async () => {
    const displayName = newName('Same');
    const [one, two] = [await newApplication(), await newApplication()];
    const at = (value?: string) =>
      post('/v3/Roles', { displayName, ...(value === undefined ? {} : { audience: { value, type: 'application' } }) });
    const answers = [await at(one), await at(two), await at()];
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(answers[0]?.body).toMatchObject({
      audience: { value: one, type: 'application' },
      associatedApplications: [{ value: one }],
    });

    const listed = await scim.call(
      'GET',
      `/v3/Roles?${new URLSearchParams({
        filter: `audience.type eq application and displayName eq "${displayName.toUpperCase()}"`,
      })}`,
    );
    expect(listed.body.totalResults, listed.text).toBe(2);
    expect(listed.body.Resources.map((role: { audience: { value: string } }) => role.audience.value).sort()).toEqual(
      [one, two].sort(),
    );
    const again = await at(two);
    expect(again.status).toBe(409);
    expect(again.body.scimType).toBe('uniqueness');
  });

  it('[O7.8-3] has one id in every published form, and the old forms say that they end', async () => {
    const displayName = newName('Everywhere');
    const id = await newRole('/v3', { displayName });
    for (const path of ['/v2/Roles', '/Roles', '/v3/Roles']) {
      const listed = await scim.call(
        'GET',
        `${path}?${new URLSearchParams({ filter: `displayName eq "${displayName}"` })}`,
      );
      expect(listed.body.Resources.map((role: { id: string }) => role.id)).toEqual([id]);
      const one = await scim.call('GET', `${path}/${id}`);
      expect(one.body.meta.location).toBe(`${server.url}/scim2${path}/${id}`);
      const isOld = path !== '/v3/Roles';
      for (const { headers } of [listed, one]) {
        expect(/^@\d+$/.test(headers.get('deprecation') ?? '')).toBe(isOld);
        expect(Number.isNaN(Date.parse(headers.get('sunset') ?? ''))).toBe(!isOld);
      }
    }
  });

  it('[O7.8-4] that is changed or taken changes the next request by name and password', async () => {
    const userName = `user-${++made}`;
    const password = 'Wso2@test-secret';
    const kim = (await scim.create({ userName, password })).id;
    const authorization = `Basic ${Buffer.from(`${userName}:${password}`).toString('base64')}`;
    const lists = async () => (await scim.call('GET', '/Users?count=1', { authorization })).status;
    const id = await newRole('/v3', { permissions: [{ value: VIEW }] });
    await scim.call('PUT', `/v3/Roles/${id}/Users`, { body: [{ value: kim }] });
    expect(await lists()).toBe(403);
    await patch(`/v3/Roles/${id}`, { op: 'add', path: 'permissions', value: [{ value: LIST }] });
    expect(await lists()).toBe(200);
    await patch(`/v3/Roles/${id}/Users`, { op: 'remove', path: `value eq ${kim}` });
    expect(await lists()).toBe(403);
  });

  it('[O7.8-5] gives and takes members by a scope that cannot change what the role carries', async () => {
    const id = await newRole('/v3');
    const kim = await newUser();
    const members = await limitedCaller(server, newName('Members'), ['internal_role_mgt_users_update']);
    const give = await members.send('PATCH', `/scim2/v3/Roles/${id}/Users`, {
      Operations: [{ op: 'add', value: [{ value: kim }] }],
    });
    expect(give.status, give.text).toBe(200);
    const change = { Operations: [{ op: 'replace', path: 'displayName', value: 'taken over' }] };
    for (const path of [`/scim2/v3/Roles/${id}`, `/scim2/v2/Roles/${id}`, `/scim2/v3/Roles/${id}/Groups`]) {
      expect((await members.send('PATCH', path, change)).status).toBe(403);
    }
    expect(await usersOf(id)).toEqual([kim]);
  });

  it('carries permissions that there are, and of an application those that it may ask for', async () => {
    const unknown = await post('/v3/Roles', { displayName: newName(), permissions: [{ value: 'shop:read' }] });
    expect([unknown.status, unknown.body.scimType]).toEqual([400, 'invalidValue']);
    const star = await post('/v3/Roles', { displayName: newName(), permissions: [{ value: '*' }] });
    expect(star.status).toBe(400);
    const audience = { value: await newApplication(), type: 'application' };
    const others = await post('/v3/Roles', { displayName: newName(), audience, permissions: [{ value: VIEW }] });
    expect(others.status).toBe(400);
    for (const wrong of [
      { value: crypto.randomUUID(), type: 'application' },
      { value: crypto.randomUUID(), type: 'organization' },
      { value: audience.value, type: 'tenant' },
    ]) {
      const refused = await post('/v3/Roles', { displayName: newName(), audience: wrong });
      expect([refused.status, refused.body.scimType]).toEqual([400, 'invalidValue']);
    }
  });

  it('is changed by PUT: V3 leaves its members alone, V2 replaces them', async () => {
    const [kim, ann] = [await newUser(), await newUser()];
    const displayName = newName();
    const created = await post('/v2/Roles', { displayName, users: [{ value: kim }], permissions: [{ value: VIEW }] });
    expect(created.status, created.text).toBe(201);
    const { id } = created.body;
    expect(await usersOf(id)).toEqual([kim]);
    const v3 = await scim.call('PUT', `/v3/Roles/${id}`, {
      body: { displayName, users: [{ value: ann }], permissions: [{ value: LIST }] },
    });
    expect(v3.body.permissions).toEqual([{ value: LIST, display: LIST }]);
    expect(await usersOf(id)).toEqual([kim]);
    const v2 = await scim.call('PUT', `/v2/Roles/${id}`, { body: { displayName, users: [{ value: ann }] } });
    expect(v2.status).toBe(200);
    expect(await usersOf(id)).toEqual([ann]);
    await scim.call('PUT', `/v2/Roles/${id}`, { body: { displayName } });
    expect(await usersOf(id)).toEqual([]);
  });

  it('takes every form of PATCH through V2', async () => {
    const [kim, ann, bob] = [await newUser(), await newUser(), await newUser()];
    const staff = await newGroup();
    const id = await newRole('/v2');
    const path = `/v2/Roles/${id}`;
    await patch(path, { op: 'add', value: { users: [{ value: kim }], groups: [{ value: staff }] } });
    await patch(path, { op: 'ADD', path: 'users', value: [{ value: ann }] });
    expect(await usersOf(id)).toEqual([kim, ann].sort());
    const removed = await patch(path, { op: 'remove', path: `users[value eq "${kim}"]` });
    expect(valuesOf(removed.body.users)).toEqual([ann]);
    expect(valuesOf(removed.body.groups)).toEqual([staff]);
    await patch(path, { op: 'replace', path: 'users', value: [{ value: bob }] }, { op: 'remove', path: 'groups' });
    const shown = (await scim.call('GET', path)).body;
    expect([valuesOf(shown.users), valuesOf(shown.groups)]).toEqual([[bob], []]);
    const renamed = await patch(path, { op: 'replace', path: 'displayName', value: `Renamed ${id}` });
    expect(renamed.body.displayName).toBe(`Renamed ${id}`);
    const unknown = await patch(path, { op: 'add', path: 'colour', value: 'red' });
    expect([unknown.status, unknown.body.scimType]).toEqual([400, 'noTarget']);
  });

  it.each([
    [{ op: 'remove' }, 400],
    [{ op: 'remove', value: [] }, 200],
    [{ op: 'remove', path: 'colour eq red' }, 400],
    [{ op: 'add', path: 'value eq x', value: [] }, 400],
  ])('loses nobody by %o, which names nobody', async (operation, status) => {
    const kim = await newUser();
    const id = await newRole('/v2', { users: [{ value: kim }] });
    expect((await patch(`/v3/Roles/${id}/Users`, operation)).status).toBe(status);
    expect(await usersOf(id)).toEqual([kim]);
  });

  it('is shown whole by V1, with permissions by name alone', async () => {
    const kim = await newUser();
    const body = { displayName: newName(), users: [{ value: kim }], permissions: [VIEW] };
    const created = await post('/Roles', body);
    expect(created.status, created.text).toBe(201);
    expect(created.body).toMatchObject({ permissions: [VIEW], users: [{ value: kim }] });
    expect(created.body.audience).toBeUndefined();
  });

  it('in a list shows members and permissions only where they are asked for', async () => {
    const displayName = newName('Listed');
    await newRole('/v2', { displayName, users: [{ value: await newUser() }], permissions: [{ value: VIEW }] });
    const list = (more: object) =>
      scim.call('GET', `/v2/Roles?${new URLSearchParams({ filter: `displayName sw "${displayName}"`, ...more })}`);
    expect(Object.keys((await list({})).body.Resources[0]).sort()).toEqual([
      'audience',
      'displayName',
      'id',
      'meta',
      'schemas',
    ]);
    expect((await list({ attributes: 'users' })).body.Resources[0].users).toHaveLength(1);
    expect((await list({ attributes: 'permissions,displayName' })).body.Resources[0]).toMatchObject({
      displayName,
      permissions: [{ value: VIEW }],
    });
    const counted = await list({ count: '0' });
    expect([counted.body.totalResults, counted.body.Resources]).toEqual([1, []]);
    expect((await list({ filter: 'permissions co "x"' })).body.scimType).toBe('invalidFilter');
  });

  it('is found by who holds it, and searched by a body', async () => {
    const kim = await newUser();
    const id = await newRole('/v2', { users: [{ value: kim }] });
    const found = await post('/v3/Roles/.search', { filter: `users.value eq "${kim}"` });
    expect(found.body.Resources.map((role: { id: string }) => role.id)).toEqual([id]);
    expect((await post('/v2/Roles/.search', { filter: `users[value eq "${kim}"]`, count: 5 })).body.totalResults).toBe(
      1,
    );
  });

  it('that is deleted is gone from its holders; its name is free', async () => {
    const kim = await newUser();
    const displayName = newName();
    const id = await newRole('/v2', { displayName, users: [{ value: kim }] });
    expect((await scim.call('GET', `/Users/${kim}`)).body.roles).toMatchObject([{ value: id }]);
    expect((await scim.call('DELETE', `/v3/Roles/${id}`)).status).toBe(204);
    expect((await scim.call('GET', `/v3/Roles/${id}`)).status).toBe(404);
    expect((await scim.call('DELETE', `/v3/Roles/${id}`)).status).toBe(404);
    expect((await scim.call('GET', `/Users/${kim}`)).body.roles).toBeUndefined();
    await newRole('/v3', { displayName });
  });

  it('of the organization itself keeps name, permissions and its owner’s membership', async () => {
    const { state } = await server.kernel.aggregates.load(organizations, SUPER_ORG_ID);
    const admin = state.administratorRole;
    expect((await scim.call('DELETE', `/v2/Roles/${admin}`)).status).toBe(403);
    expect((await patch(`/v2/Roles/${admin}`, { op: 'replace', path: 'displayName', value: 'boss' })).status).toBe(403);
    const owner = await patch(`/v3/Roles/${admin}/Users`, { op: 'remove', path: `value eq "${state.owner}"` });
    expect(owner.status).toBe(403);
    expect((await scim.call('PUT', `/v3/Roles/${admin}/Users`, { body: [] })).status).toBe(403);
    const everyone = await scim.call('GET', '/v3/Roles?filter=displayName+eq+everyone');
    const { id } = everyone.body.Resources[0];
    const kim = await newUser();
    expect((await patch(`/v3/Roles/${id}/Users`, { op: 'add', value: [{ value: kim }] })).status).toBe(403);
    expect((await scim.call('DELETE', `/v3/Roles/${id}`)).status).toBe(403);
  });

  it('changes nothing when one part of the request is refused', async () => {
    const kim = await newUser();
    const id = await newRole('/v2');
    const refused = await patch(
      `/v2/Roles/${id}`,
      { op: 'replace', path: 'displayName', value: 'never' },
      { op: 'add', path: 'users', value: [{ value: kim }, { value: crypto.randomUUID() }] },
    );
    expect([refused.status, refused.body.scimType]).toEqual([400, 'invalidValue']);
    const shown = (await scim.call('GET', `/v2/Roles/${id}`)).body;
    expect([shown.users, shown.displayName === 'never']).toEqual([undefined, false]);
    const displayName = newName();
    const never = await post('/v2/Roles', { displayName, users: [{ value: crypto.randomUUID() }] });
    expect(never.status).toBe(400);
    await newRole('/v2', { displayName });
  });
});
