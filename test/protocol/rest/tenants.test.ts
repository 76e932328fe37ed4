import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  asAdmin,
  createMachine,
  createTenant,
  limitedCaller,
  type ManagementClient,
  machineToken,
} from '../../support/management-client.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';

const TENANTS = '/api/server/v1/tenants';

let server: TestServer;
let admin: ManagementClient;

beforeAll(async () => {
  server = await startTestServer();
  admin = asAdmin(server);
});
afterAll(() => server.stop());

const owner = (over: object = {}) => ({
  username: 'kim',
  password: 'An-owner-password-1',
  email: 'kim@example.com',
  firstname: 'Kim',
  lastname: 'Doe',
  provisioningMethod: 'inline-password',
  additionalClaims: [{ claim: 'http://wso2.org/claims/telephone', value: '+94 562 8723' }],
  ...over,
});

describe('creating a tenant', () => {
  it('[O14-1] [O14-2] answers 201 with Location and takes the domain for a name where none is given', async () => {
    const named = await admin.send('POST', TENANTS, { domain: 'named.com', name: 'Named Builders', owners: [owner()] });
    expect(named).toMatchObject({ status: 201, text: '' });
    expect(named.headers.get('location')).toBe(`${server.url}${TENANTS}/${named.createdId}`);
    const plain = await admin.send('POST', TENANTS, { domain: 'plain.com', owners: [owner()] });
    expect(plain).toMatchObject({ status: 201 });

    const byDomain = (domain: string) => admin.get(`${TENANTS}/domain/${domain}`);
    expect((await byDomain('named.com')).json).toMatchObject({ id: named.createdId, name: 'Named Builders' });
    expect((await byDomain('plain.com')).json).toMatchObject({
      id: plain.createdId,
      domain: 'plain.com',
      name: 'plain.com',
      lifecycleStatus: { activated: true },
      owners: [{ id: expect.any(String), username: 'kim' }],
    });
  });

  it('gives the owner every right in the tenant, and the tenant its own system applications', async () => {
    const { owner: kim } = await createTenant(server, 'owned.com');
    const list = (await kim.get('/api/server/v1/applications')).json;
    expect(list.applications.map(({ name }: { name: string }) => name).sort()).toEqual(['Console', 'My Account']);
    expect(list.applications[0].self).toContain('/t/owned.com/api/server/v1/applications/');
    expect(await kim.send('POST', '/api/server/v1/applications', { name: 'own' })).toMatchObject({ status: 201 });
  });

  it.each([
    ['no domain', { owners: [owner()] }, 'UE-10000'],
    ['no owners', { domain: 'a.com' }, 'UE-10000'],
    ['an unknown member', { domain: 'a.com', owners: [owner()], tenantDomain: 'b.com' }, 'UE-10000'],
    ['an empty list of owners', { domain: 'a.com', owners: [] }, 'TM-60012'],
    ['two owners', { domain: 'a.com', owners: [owner(), owner({ username: 'lee' })] }, 'TM-60000'],
    ['a domain that starts with a dot', { domain: '.a.com', owners: [owner()] }, 'TM-60006'],
    ['capital letters', { domain: 'A.com', owners: [owner()] }, 'TM-60007'],
    ['a slash', { domain: 'a/b', owners: [owner()] }, 'TM-60007'],
    ['the domain of the super organization', { domain: 'carbon.super', owners: [owner()] }, 'TM-60009'],
    ['no password', { domain: 'a.com', owners: [owner({ password: undefined })] }, 'TM-60013'],
    ['an invitation', { domain: 'a.com', owners: [owner({ provisioningMethod: 'invite-via-email' })] }, 'TM-60000'],
    [
      'a claim not known',
      { domain: 'a.com', owners: [owner({ additionalClaims: [{ claim: 'x', value: 'y' }] })] },
      'TM-60000',
    ],
    ['a short password', { domain: 'a.com', owners: [owner({ password: 'short' })] }, 'TM-60000'],
  ])('refuses %s and takes no domain', async (_, body, code) => {
    expect(await admin.send('POST', TENANTS, body)).toMatchObject({ status: 400, json: { code } });
    expect((await admin.send('HEAD', `${TENANTS}/domain/a.com`)).status).toBe(404);
  });
});

describe('finding tenants', () => {
  it('[O14-3] answers HEAD by domain with 404 while it is free and 200 once it is taken', async () => {
    const head = () => admin.send('HEAD', `${TENANTS}/domain/heads.com`);
    expect((await head()).status).toBe(404);
    await createTenant(server, 'heads.com');
    expect((await head()).status).toBe(200);
  });

  it('lists by filter, in order of the domain, page by page', async () => {
    for (const domain of ['list-b.com', 'list-a.com', 'list-c.com']) await createTenant(server, domain);
    const query = 'filter=domainName+sw+list-&sortBy=domainName&limit=2';
    const first = (await admin.get(`${TENANTS}?${query}`)).json;
    expect(first).toMatchObject({ totalResults: 3, startIndex: 1, count: 2 });
    expect(first.tenants.map(({ domain }: { domain: string }) => domain)).toEqual(['list-a.com', 'list-b.com']);
    const next = first.links.find(({ rel }: { rel: string }) => rel === 'next').href;
    expect((await admin.get(next)).json.tenants.map(({ domain }: { domain: string }) => domain)).toEqual([
      'list-c.com',
    ]);
    const last = (await admin.get(`${TENANTS}?${query}&sortOrder=desc&limit=1`)).json;
    expect(last.tenants).toHaveLength(2);
  });

  it.each([
    ['limit=0', 'UE-10000'],
    ['limit=x', 'UE-10000'],
    ['sortBy=name', 'TM-60023'],
    ['filter=name+eq+x', 'TM-60023'],
    ['filter=domainName+gt+x', 'TM-60024'],
    ['filter=domainName', 'TM-60022'],
    ['filter=domainName+eq+a+and+domainName+eq+b', 'TM-60022'],
    [`filter=${encodeURIComponent("domainName eq a'b")}`, 'TM-60007'],
  ])('refuses %s', async (query, code) => {
    expect(await admin.get(`${TENANTS}?${query}`)).toMatchObject({ status: 400, json: { code } });
  });

  it('answers an unknown id and an unknown domain with the contract’s 400', async () => {
    const unknown = '00000000-0000-4000-8000-000000000000';
    expect(await admin.get(`${TENANTS}/${unknown}`)).toMatchObject({ status: 400, json: { code: 'TM-60014' } });
    expect(await admin.get(`${TENANTS}/domain/none.com`)).toMatchObject({ status: 400, json: { code: 'TM-60015' } });
  });

  it('shows the owners of a tenant, and one with the claims asked for', async () => {
    const { createdId } = await admin.send('POST', TENANTS, { domain: 'owners.com', owners: [owner()] });
    const owners = (await admin.get(`${TENANTS}/${createdId}/owners`)).json;
    expect(owners).toEqual([{ id: expect.any(String), username: 'kim' }]);
    const claim = 'http://wso2.org/claims/telephone';
    const one = await admin.get(`${TENANTS}/${createdId}/owners/${owners[0].id}?additionalClaims=${claim}`);
    expect(one.json).toEqual({
      id: owners[0].id,
      username: 'kim',
      email: 'kim@example.com',
      firstname: 'Kim',
      lastname: 'Doe',
      additionalClaims: [{ claim, value: '+94 562 8723' }],
    });
    const stranger = await admin.get(`${TENANTS}/${createdId}/owners/nobody`);
    expect(stranger).toMatchObject({ status: 400, json: { code: 'TM-60020' } });
  });
});

describe('the lifecycle of a tenant', () => {
  it('[O14-5] refuses tokens and calls while it is deactivated, and serves again once it is activated', async () => {
    const { id, owner: kim } = await createTenant(server, 'sleeping.com');
    const scopes = ['internal_user_mgt_list'];
    const machine = await createMachine(kim, 'machine', scopes);
    const token = () => machineToken(server.url, machine, scopes, '/t/sleeping.com');
    await token();
    const status = (activated: boolean) => admin.send('PUT', `${TENANTS}/${id}/lifecycle-status`, { activated });

    expect(await status(false)).toMatchObject({ status: 200 });
    await expect(token()).rejects.toThrow(/token: 4\d\d/);
    expect([401, 403, 404]).toContain((await kim.get('/api/server/v1/applications')).status);
    expect((await admin.get(`${TENANTS}/${id}`)).json.lifecycleStatus).toEqual({ activated: false });

    expect(await status(true)).toMatchObject({ status: 200 });
    await token();
    expect((await kim.get('/api/server/v1/applications')).status).toBe(200);
  });

  it('never deactivates the super organization', async () => {
    const [found] = (await admin.get(`${TENANTS}?filter=domainName+eq+carbon.super`)).json.tenants;
    const answer = await admin.send('PUT', `${TENANTS}/${found.id}/lifecycle-status`, { activated: false });
    expect(answer).toMatchObject({ status: 400, json: { code: 'TM-60000' } });
    expect((await admin.get(TENANTS)).status).toBe(200);
  });

  it('[O14-7] answers 404 under the path of an unknown tenant', async () => {
    const requests = [
      ['GET', '/api/server/v1/applications'],
      ['GET', '/scim2/Users'],
      ['POST', '/oauth2/token'],
      ['POST', '/api/commands/CreateUser'],
    ] as const;
    for (const [method, path] of requests) {
      expect((await fetch(`${server.url}/t/nowhere.com${path}`, { method })).status, path).toBe(404);
    }
  });

  it('is managed from the super organization alone, and with the scopes of the contract', async () => {
    const { owner: kim } = await createTenant(server, 'nosy.com');
    expect((await kim.get(TENANTS)).status, 'not under a tenant’s path').toBe(404);
    const lister = await limitedCaller(server, 'lister', ['internal_list_tenants']);
    expect((await lister.get(TENANTS)).status).toBe(200);
    expect((await lister.send('POST', TENANTS, { domain: 'denied.com', owners: [owner()] })).status).toBe(403);
  });
});
