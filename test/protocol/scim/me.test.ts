import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic, startTestServer, type TestServer } from '../../support/server.ts';
import { newClient, ownToken } from '../../support/server-client.ts';
import { ACCOUNT, ENTERPRISE, PASSWORD, type ScimClient, scimClient } from './client.ts';

let server: TestServer;
let scim: ScimClient;
let count = 0;

beforeAll(async () => {
  server = await startTestServer();
  scim = scimClient(server);
});
afterAll(() => server.stop());

async function person(more: object = {}) {
  count += 1;
  const userName = `me-${count}`;
  const user = await scim.create({ userName, password: PASSWORD, ...more });
  const authorization = basic(userName, PASSWORD);
  const call = (method: string, body?: object, query = '') =>
    scim.call(method, `/Me${query}`, { authorization, ...(body === undefined ? {} : { body }) });
  const patch = (...Operations: object[]) => call('PATCH', { Operations });
  return { id: user.id as string, userName, user, call, patch };
}

describe('the caller himself', () => {
  it('is shown as the user that he is, with the address that he has among the users', async () => {
    const { id, user, call } = await person({ name: { givenName: 'Kim' } });
    const { status, body, headers } = await call('GET');
    expect([status, body]).toEqual([200, user]);
    expect(headers.get('location')).toBe(`${server.url}/scim2/Users/${id}`);
    expect(headers.get('etag')).toBe(body.meta.version);
    const selected = await call('GET', undefined, '?attributes=name.givenName');
    expect(Object.keys(selected.body).sort()).toEqual(['id', 'name', 'schemas']);
  });

  it('changes what describes him, by PATCH and by PUT, with no right but that to his own account', async () => {
    const { userName, patch, call } = await person();
    const patched = await patch({ op: 'replace', path: 'name.givenName', value: 'Kimberly' });
    expect([patched.status, patched.body.name]).toEqual([200, { givenName: 'Kimberly' }]);
    const put = await call('PUT', { userName, nickName: 'Kimmy' });
    expect(put.status).toBe(200);
    expect(put.body).toMatchObject({ userName, nickName: 'Kimmy' });
    expect(put.body).not.toHaveProperty('name');
    expect((await call('PUT', { userName: 'other' })).body).toMatchObject({ status: '400', scimType: 'mutability' });
  });

  it('sets his password: the old one counts no more', async () => {
    const { userName, patch, call } = await person();
    const password = 'Another-password-9';
    expect((await patch({ op: 'replace', value: { password } })).status).toBe(200);
    expect((await call('GET')).status).toBe(401);
    expect((await scim.call('GET', '/Me', { authorization: basic(userName, password) })).status).toBe(200);
  });

  it.each([
    ['active', false],
    ['externalId', 'hr-2'],
    ['userType', 'Administrator'],
    ['entitlements', [{ value: 'everything' }]],
    ['roles', [{ value: 'admin' }]],
    ['groups', [{ value: 'admins' }]],
    [`${ENTERPRISE}:manager.value`, 'himself'],
    [`${ENTERPRISE}:department`, 'Board'],
    [`${ACCOUNT}:accountLocked`, true],
    [`${ACCOUNT}:accountDisabled`, true],
    [`${ACCOUNT}:emailVerified`, true],
    [`${ACCOUNT}:phoneVerified`, true],
    [`${ACCOUNT}:userSourceId`, 'hr'],
    [`${ACCOUNT}:failedLoginAttempts`, 0],
  ] as const)('[SEC-C4] [SEC-D10] does not write %s, not by PATCH and not by PUT', async (path, value) => {
    const { id, userName, patch, call } = await person();
    const before = (await scim.call('GET', `/Users/${id}`)).body;
    expect((await patch({ op: 'replace', path, value })).body).toMatchObject({ status: '400', scimType: 'mutability' });
    const [, urn = null, name = path] = /^(urn.*):([^:]+)$/.exec(path) ?? [];
    const given = name === 'manager.value' ? { manager: { value } } : { [name]: value };
    const put = await call('PUT', { userName, ...(urn === null ? given : { [urn]: given }) });
    expect(put.status).toBe(200);
    expect((await scim.call('GET', `/Users/${id}`)).body).toEqual(before);
  });

  it('keeps what administrators wrote when he replaces the rest', async () => {
    const more = { externalId: 'hr-1', title: 'Dr', [ENTERPRISE]: { department: 'Sales' } };
    const { userName, call } = await person(more);
    const { body } = await call('PUT', { userName });
    expect(body).toMatchObject({ externalId: 'hr-1', [ENTERPRISE]: { department: 'Sales' } });
    expect(body).not.toHaveProperty('title');
  });

  it('[SEC-D10] is verified no longer once he writes another address', async () => {
    const verified = { emailVerified: true, phoneVerified: true };
    const { patch } = await person({ emails: ['kim@old.example'], [ACCOUNT]: verified });
    const { body } = await patch({ op: 'replace', path: 'emails', value: ['kim@new.example'] });
    expect(body[ACCOUNT]).toMatchObject({ emailVerified: false, phoneVerified: true });
  });

  it('deletes himself, and is gone', async () => {
    const { id, call } = await person();
    const gone = await call('DELETE');
    expect(gone.status).toBe(204);
    expect((await call('GET')).status).toBe(401);
    const seen = { headers: { 'muniment-position': gone.headers.get('muniment-position') ?? '' } };
    expect((await scim.call('GET', `/Users/${id}`, seen)).status).toBe(404);
  });

  it('stays where he is the owner of the organization: nobody could let anybody in', async () => {
    const { authorization } = server.admin;
    expect((await scim.call('DELETE', '/Me', { authorization })).status).toBe(403);
    expect((await scim.call('GET', '/Me', { authorization })).status).toBe(200);
  });

  it('is no application', async () => {
    const client = await newClient(server, { name: 'No user', scopes: ['internal_user_mgt_view'] });
    const token = await ownToken(server, client, ['internal_user_mgt_view', 'internal_login']);
    expect((await scim.call('GET', '/Me', { authorization: `Bearer ${token}` })).status).toBe(403);
  });

  it('creates users with the right to, and none without', async () => {
    const { call } = await person();
    expect((await call('POST', { userName: 'self-made' })).status).toBe(403);
    expect((await scim.call('POST', '/Me', { body: { userName: 'self-made' } })).status).toBe(201);
  });
});
