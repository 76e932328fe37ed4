import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  asAdmin,
  createMachine,
  createTenant,
  type ManagementClient,
  machineToken,
  managementClient,
  type NewTenant,
  OWNER_PASSWORD,
} from '../support/management-client.ts';
import { basic, startTestServer, type TestServer } from '../support/server.ts';

const SCOPES = ['internal_user_mgt_list', 'internal_user_mgt_view'];
const APPLICATIONS = '/api/server/v1/applications';

let server: TestServer;
let admin: ManagementClient;
let left: NewTenant;
let right: NewTenant;

beforeAll(async () => {
  server = await startTestServer();
  admin = asAdmin(server);
  left = await createTenant(server, 'left.example');
  right = await createTenant(server, 'right.example');
});
afterAll(async () => await server.stop());

const must = (answer: Answer): Answer => {
  if (answer.status >= 300) throw new Error(`${answer.status} ${answer.text}`);
  return answer;
};

const makeUser = async (client: ManagementClient, userName: string): Promise<string> =>
  must(await client.send('POST', '/scim2/Users', { userName, password: OWNER_PASSWORD })).json.id;

const signsIn = async (prefix: string, userName: string): Promise<boolean> =>
  (await managementClient(server.url, basic(userName, OWNER_PASSWORD), prefix).get('/api/commands')).status === 200;

describe('things of one name in two organizations', () => {
  it('[SEC-B8] a deleted user takes nobody of his name with him', async () => {
    const name = 'twin';
    const [inLeft, inRight, inSuper] = [
      await makeUser(left.owner, name),
      await makeUser(right.owner, name),
      await makeUser(admin, name),
    ];
    expect(new Set([inLeft, inRight, inSuper]).size).toBe(3);
    expect((await left.owner.send('DELETE', `/scim2/Users/${inLeft}`)).status).toBe(204);

    expect(await signsIn('/t/left.example', name)).toBe(false);
    expect(await signsIn('/t/right.example', name)).toBe(true);
    expect(await signsIn('', name)).toBe(true);
    expect((await right.owner.get(`/scim2/Users/${inRight}`)).status).toBe(200);
    expect((await admin.get(`/scim2/Users/${inSuper}`)).status).toBe(200);
    const again = await left.owner.send('POST', '/scim2/Users', { userName: name, password: OWNER_PASSWORD });
    expect(again.status, 'the name is free in its own organization').toBe(201);
    for (const client of [right.owner, admin]) {
      const taken = await client.send('POST', '/scim2/Users', { userName: name, password: OWNER_PASSWORD });
      expect(taken.status, 'and still taken in the others').toBe(409);
    }
  });

  it('[SEC-B8] an erased user takes nobody of his name with him', async () => {
    const name = 'erased-twin';
    const [inLeft, inRight] = [await makeUser(left.owner, name), await makeUser(right.owner, name)];
    must(await left.owner.send('DELETE', `/scim2/Users/${inLeft}`));
    must(await left.owner.send('POST', '/api/commands/EraseUser', { userId: inLeft }));
    expect((await right.owner.get(`/scim2/Users/${inRight}`)).json.userName).toBe(name);
    expect(await signsIn('/t/right.example', name)).toBe(true);
  });

  it('[SEC-B8] a deleted application leaves those of its name, with their clients and tokens', async () => {
    const [inLeft, inRight] = [
      await createMachine(left.owner, 'Portal', SCOPES),
      await createMachine(right.owner, 'Portal', SCOPES),
    ];
    const kept = await machineToken(server.url, inRight, SCOPES, '/t/right.example');
    expect((await left.owner.send('DELETE', `${APPLICATIONS}/${inLeft.id}`)).status).toBe(204);

    await expect(machineToken(server.url, inLeft, SCOPES, '/t/left.example')).rejects.toThrow('invalid_client');
    expect(await machineToken(server.url, inRight, SCOPES, '/t/right.example')).not.toBe('');
    const caller = managementClient(server.url, `Bearer ${kept}`, '/t/right.example');
    expect((await caller.get('/api/read/users')).status).toBe(200);
    const { applications } = (await right.owner.get(`${APPLICATIONS}?filter=name+eq+Portal`)).json;
    expect(applications.map(({ id }: { id: string }) => id)).toEqual([inRight.id]);
  });

  it('[SEC-B8] a deleted application leaves the same client id of another organization', async () => {
    const model = (name: string) => ({
      name,
      inboundProtocolConfiguration: {
        oidc: { grantTypes: ['client_credentials'], clientId: 'shared-client', clientSecret: 'shared-secret-of-16' },
      },
    });
    const inLeft = must(await left.owner.send('POST', APPLICATIONS, model('Shared left'))).createdId;
    must(await right.owner.send('POST', APPLICATIONS, model('Shared right')));
    must(await left.owner.send('DELETE', `${APPLICATIONS}/${inLeft}`));
    const client = { clientId: 'shared-client', secret: 'shared-secret-of-16' };
    await expect(machineToken(server.url, client, [], '/t/left.example')).rejects.toThrow('invalid_client');
    expect(await machineToken(server.url, client, [], '/t/right.example')).not.toBe('');
  });

  it('[SEC-B8] a tenant that is switched off takes neither its neighbour nor the super organization along', async () => {
    const third = await createTenant(server, 'third.example');
    await makeUser(third.owner, 'twin');
    const body = { activated: false };
    must(await admin.send('PUT', `/api/server/v1/tenants/${third.id}/lifecycle-status`, body));
    expect(await signsIn('/t/third.example', 'twin')).toBe(false);
    expect(await signsIn('/t/right.example', 'twin')).toBe(true);
    expect(await signsIn('', 'twin')).toBe(true);
  });
});
