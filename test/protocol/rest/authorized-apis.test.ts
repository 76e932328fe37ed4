import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  asAdmin,
  createMachine,
  limitedCaller,
  type ManagementClient,
  machineToken,
  managementClient,
} from '../../support/management-client.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';

const APPLICATIONS = '/api/server/v1/applications';
const USERS_API_SCOPES = ['internal_user_mgt_list', 'internal_user_mgt_view'];

let server: TestServer;
let admin: ManagementClient;
let usersApi: string;

beforeAll(async () => {
  server = await startTestServer();
  admin = asAdmin(server);
  const filter = encodeURIComponent('identifier eq /scim2/Users');
  usersApi = (await admin.get(`/api/server/v1/api-resources?filter=${filter}`)).json.apiResources[0].id;
});
afterAll(() => server.stop());

async function application(name: string): Promise<string> {
  return (await admin.send('POST', APPLICATIONS, { name })).createdId;
}

describe('API resources', () => {
  it('are listed and read with their scopes', async () => {
    const list = (await admin.get('/api/server/v1/api-resources')).json;
    expect(list.totalResults).toBe(list.apiResources.length);
    const one = (await admin.get(`/api/server/v1/api-resources/${usersApi}`)).json;
    expect(one).toMatchObject({ identifier: '/scim2/Users', type: 'SYSTEM', requiresAuthorization: true });
    expect(one.scopes.map(({ name }: { name: string }) => name)).toEqual(expect.arrayContaining(USERS_API_SCOPES));
  });

  it('answer 404 for an unknown id and 400 for a filter on something else', async () => {
    const unknown = await admin.get('/api/server/v1/api-resources/none');
    expect(unknown).toMatchObject({ status: 404, json: { code: 'API-RESOURCE-60002' } });
    const filtered = await admin.get('/api/server/v1/api-resources?filter=secret+eq+x');
    expect(filtered).toMatchObject({ status: 400, json: { code: 'API-RESOURCE-60007' } });
  });
});

describe('authorizing an application for an API', () => {
  it('answers 200 empty, shows the policy in capitals, changes scopes and takes the API away', async () => {
    const id = await application('authorized');
    const all = `${APPLICATIONS}/${id}/authorized-apis`;
    const body = { id: usersApi, policyIdentifier: 'No Policy', scopes: ['internal_user_mgt_list'] };
    expect(await admin.send('POST', all, body)).toMatchObject({ status: 200, text: '' });
    expect((await admin.get(all)).json).toMatchObject([
      {
        id: usersApi,
        identifier: '/scim2/Users',
        policyId: 'NO POLICY',
        authorizedScopes: [{ name: 'internal_user_mgt_list' }],
      },
    ]);
    const both = ['internal_user_mgt_view', 'internal_user_mgt_create'];
    const change = { addedScopes: both, removedScopes: ['internal_user_mgt_list', 'internal_user_mgt_create'] };
    expect(await admin.send('PATCH', `${all}/${usersApi}`, change)).toMatchObject({ status: 200 });
    const [authorized] = (await admin.get(all)).json;
    expect(
      authorized.authorizedScopes.map(({ name }: { name: string }) => name),
      'a scope in both is removed',
    ).toEqual(['internal_user_mgt_view']);
    expect(await admin.send('DELETE', `${all}/${usersApi}`)).toMatchObject({ status: 204 });
    expect((await admin.get(all)).json).toEqual([]);
  });

  it('names each refusal with its code', async () => {
    const id = await application('refused');
    const all = `${APPLICATIONS}/${id}/authorized-apis`;
    const post = (body: object) => admin.send('POST', all, body);
    expect(await post({})).toMatchObject({ status: 400, json: { code: 'UE-10000' } });
    expect(await post({ id: 'none' })).toMatchObject({ status: 400, json: { code: 'APP-60507' } });
    expect(await post({ id: usersApi, scopes: ['openid'] })).toMatchObject({
      status: 400,
      json: { code: 'APP-60508' },
    });
    expect(await post({ id: usersApi, policyIdentifier: 'x' })).toMatchObject({
      status: 400,
      json: { code: 'APP-60511' },
    });
    expect(await post({ id: usersApi, authorizationDetailsTypes: ['x'] })).toMatchObject({
      json: { code: 'APP-60519' },
    });
    const patched = await admin.send('PATCH', `${all}/${usersApi}`, { addedScopes: ['internal_user_mgt_list'] });
    expect(patched).toMatchObject({ status: 400, json: { code: 'APP-60510' } });
    expect(await post({ id: usersApi })).toMatchObject({ status: 200 });
    expect(await post({ id: usersApi })).toMatchObject({ status: 409, json: { code: 'APP-60509' } });
  });

  it('[O8.6-4] gives tokens the scope while it is authorized, and the next token not after it was taken', async () => {
    const scope = 'internal_user_mgt_list';
    const machine = await createMachine(admin, 'o864', [scope]);
    const before = managementClient(server.url, `Bearer ${await machineToken(server.url, machine, [scope])}`);
    expect((await before.get('/scim2/Users')).status).toBe(200);
    await admin.send('DELETE', `${APPLICATIONS}/${machine.id}/authorized-apis/${usersApi}`);
    const after = managementClient(server.url, `Bearer ${await machineToken(server.url, machine, [scope])}`);
    expect((await after.get('/scim2/Users')).status).toBe(403);
  });

  it('[SEC-C3] refuses scopes that the caller does not hold, and changes of an application that carries them', async () => {
    const delegate = await limitedCaller(server, 'c3-delegate', [
      'internal_application_mgt_view',
      'internal_application_mgt_create',
      'internal_application_mgt_update',
      'internal_application_mgt_delete',
      'internal_application_mgt_client_secret_view',
    ]);
    const own = (await delegate.send('POST', APPLICATIONS, { name: 'c3-own' })).createdId;
    const body = { id: usersApi, scopes: ['internal_user_mgt_delete'] };
    const granted = await delegate.send('POST', `${APPLICATIONS}/${own}/authorized-apis`, body);
    expect(granted).toMatchObject({ status: 403, json: { code: 'APP-60520' } });
    expect((await delegate.get(`${APPLICATIONS}/${own}/authorized-apis`)).json).toEqual([]);

    const strong = await createMachine(admin, 'c3-strong', ['internal_user_mgt_delete']);
    const path = `${APPLICATIONS}/${strong.id}`;
    const takeovers = [
      await delegate.send('POST', `${path}/inbound-protocols/oidc/regenerate-secret`),
      await delegate.send('POST', `${path}/inbound-protocols/oidc/revoke`),
      await delegate.send('PUT', `${path}/inbound-protocols/oidc`, {
        grantTypes: ['client_credentials'],
        clientSecret: 'a-secret-of-my-choice',
      }),
      await delegate.send('PATCH', path, { applicationEnabled: false }),
      await delegate.send('DELETE', path),
    ];
    for (const answer of takeovers) expect(answer).toMatchObject({ status: 403, json: { code: 'APP-60520' } });
    expect(await machineToken(server.url, strong, ['internal_user_mgt_delete']), 'its secret still works').not.toBe('');
  });
});
