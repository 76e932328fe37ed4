import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  asAdmin,
  createMachine,
  createTenant,
  type ManagementClient,
  machineToken,
  managementClient,
  type NewTenant,
} from '../support/management-client.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const APPLICATIONS = '/api/server/v1/applications';

let server: TestServer;
let admin: ManagementClient;
let left: NewTenant;
let right: NewTenant;
/** An application, a user and a role of the left tenant. */
let foreign: { readonly application: string; readonly user: string; readonly owner: string; readonly role: string };

beforeAll(async () => {
  server = await startTestServer();
  admin = asAdmin(server);
  left = await createTenant(server, 'left.com');
  right = await createTenant(server, 'right.com');
  const send = (type: string, input: object) => left.owner.send('POST', `/api/commands/${type}`, input);
  const application = await createMachine(left.owner, 'left-app', ['internal_user_mgt_list']);
  const user = (await send('CreateUser', { userName: 'left-user' })).json.id;
  const owner = (await left.owner.get('/api/read/users?filter=userName+eq+kim')).json.items[0].id;
  const [role] = (await left.owner.get(`/api/history/users/${owner}`)).json.entries
    .flatMap(({ changes }: { changes: { path: string; to: string[] }[] }) => changes)
    .flatMap(({ path, to }: { path: string; to: string[] }) => (path === '/roles' ? to : []));
  foreign = { application: application.id, user, owner, role };
});
afterAll(() => server.stop());

/** Every stream of the left tenant, as the log has it. */
async function leftEvents(): Promise<number> {
  let count = 0;
  for await (const event of server.kernel.store.readAll({ after: 'start' }))
    if (event.meta.tenant === left.id) count += 1;
  return count;
}

describe('ids of another organization', () => {
  it('[SEC-B1] are not there for reading, at any management endpoint', async () => {
    const at = encodeURIComponent(new Date().toISOString());
    const paths = [
      `${APPLICATIONS}/${foreign.application}`,
      `${APPLICATIONS}/${foreign.application}/inbound-protocols`,
      `${APPLICATIONS}/${foreign.application}/inbound-protocols/oidc`,
      `${APPLICATIONS}/${foreign.application}/authorized-apis`,
      `/api/read/applications/${foreign.application}`,
      `/api/read/applications/${foreign.application}?asOf=${at}`,
      `/api/read/users/${foreign.user}`,
      `/api/read/users/${foreign.user}?asOf=${at}`,
      `/api/history/applications/${foreign.application}`,
      `/api/history/users/${foreign.user}`,
      `/api/history/roles/${foreign.role}`,
      `/api/history/keys/${left.id}`,
      `/scim2/Users/${foreign.user}`,
    ];
    for (const path of paths) {
      expect((await left.owner.get(path)).status, `${path} for its own tenant`).toBe(200);
      expect((await right.owner.get(path)).status, `${path} for a sibling`).toBe(404);
      expect((await admin.get(path)).status, `${path} for the super organization`).toBe(404);
    }
    const history = `/api/history/organizations/${left.id}`;
    expect((await right.owner.get(history)).status).toBe(404);
    expect((await admin.get(history)).status, 'the super organization manages the tenant itself').toBe(200);
    expect((await admin.get(`/api/read/tenants/${left.id}?asOf=${at}`)).json).toMatchObject({ domain: 'left.com' });
  });

  it('[SEC-B1] are not there for writing, and nothing is written', async () => {
    const api = (await admin.get('/api/server/v1/api-resources')).json.apiResources[0].id;
    const path = `${APPLICATIONS}/${foreign.application}`;
    const { application: applicationId, user: userId, role: roleId } = foreign;
    const writes: readonly (readonly [method: string, path: string, body?: object])[] = [
      ['PATCH', path, { name: 'stolen' }],
      ['DELETE', path],
      ['PUT', `${path}/inbound-protocols/oidc`, { grantTypes: ['client_credentials'] }],
      ['DELETE', `${path}/inbound-protocols/oidc`],
      ['POST', `${path}/inbound-protocols/oidc/regenerate-secret`],
      ['POST', `${path}/inbound-protocols/oidc/revoke`],
      ['POST', `${path}/authorized-apis`, { id: api }],
      ['PATCH', `${path}/authorized-apis/${api}`, { addedScopes: [] }],
      ['DELETE', `${path}/authorized-apis/${api}`],
      ['POST', '/api/commands/ChangeApplication', { applicationId, enabled: false }],
      ['POST', '/api/commands/DeleteApplication', { applicationId }],
      ['POST', '/api/commands/RegenerateClientSecret', { applicationId }],
      ['POST', '/api/commands/ConfigureOidc', { applicationId, oidc: { grantTypes: ['client_credentials'] } }],
      ['POST', '/api/commands/AuthorizeApi', { applicationId, api }],
      ['POST', '/api/commands/LockUser', { userId }],
      ['POST', '/api/commands/DeleteUser', { userId }],
      ['POST', '/api/commands/EraseUser', { userId }],
      ['POST', '/api/commands/SetUserPassword', { userId, password: 'A-stolen-password-1' }],
      ['POST', '/api/commands/AssignRole', { userId, roleId }],
      ['POST', '/api/commands/RenameOrganization', { organizationId: left.id, name: 'Stolen' }],
      ['DELETE', `/scim2/Users/${foreign.user}`],
    ];
    const before = await leftEvents();
    for (const client of [right.owner, admin]) {
      for (const [method, target, body] of writes) {
        const answer = await client.send(method, target, body);
        expect(answer.status, `${method} ${target} ${answer.text}`).toBe(404);
      }
    }
    expect(await leftEvents()).toBe(before);
  });

  it('[SEC-B1] give no right: a role of another tenant cannot be given, an own one not to its users', async () => {
    const own = (await right.owner.send('POST', '/api/commands/CreateUser', { userName: 'right-user' })).json.id;
    const given = await right.owner.send('POST', '/api/commands/AssignRole', { userId: own, roleId: foreign.role });
    expect(given).toMatchObject({ status: 404, json: { reason: 'role-not-found' } });
  });

  it('[SEC-B1] tenants manage no tenants, whatever rights they hold at home', async () => {
    const owner = { userName: 'eve', password: 'An-evil-password-1' };
    const created = await right.owner.send('POST', '/api/commands/CreateRootOrganization', {
      handle: 'evil.com',
      owner,
    });
    expect(created.status).toBe(403);
    const input = { organizationId: left.id, active: false };
    expect((await right.owner.send('POST', '/api/commands/SetOrganizationActive', input)).status).toBe(403);
    expect((await right.owner.get('/api/read/tenants')).status).toBe(404);
    expect((await left.owner.get(APPLICATIONS)).status).toBe(200);
  });
});

describe('contexts that do not fit together', () => {
  it('[SEC-B2] refuses a token of one tenant under the path of another', async () => {
    const scopes = ['internal_application_mgt_view'];
    const machine = await createMachine(left.owner, 'b2', scopes);
    const token = await machineToken(server.url, machine, scopes, '/t/left.com');
    const under = (prefix: string) => managementClient(server.url, `Bearer ${token}`, prefix).get(APPLICATIONS);
    expect((await under('/t/left.com')).status).toBe(200);
    expect((await under('/t/right.com')).status).toBe(401);
    expect((await under('')).status).toBe(401);
  });

  it('[SEC-B2] goes by the path, not by what forwarding headers or the body name', async () => {
    const headers = { 'x-forwarded-host': 'left.com', 'x-forwarded-prefix': '/t/left.com', forwarded: 'host=left.com' };
    const list = await right.owner.get(`${APPLICATIONS}?filter=name+eq+left-app`, headers);
    expect(list.json.totalResults).toBe(0);
    const created = await right.owner.send('POST', APPLICATIONS, { name: 'b2-own' }, headers);
    expect(created.headers.get('location')).toContain(`${server.url}/t/right.com/`);
    const body = { name: 'b2-other', tenantDomain: 'left.com' };
    expect((await right.owner.send('POST', APPLICATIONS, body)).status).toBe(400);
    const command = { name: 'b2-other', tenant: left.id, org: left.id };
    expect((await right.owner.send('POST', '/api/commands/CreateApplication', command)).status).toBe(400);
  });
});

describe('what lists and counts reveal', () => {
  it('[SEC-B7] totals, pages and filters know only the caller’s organization', async () => {
    const filters = ['name+eq+left-app', 'name+co+left', 'name+sw+left-app+or+name+ew+app'];
    for (const client of [right.owner, admin]) {
      for (const filter of filters) {
        const list = (await client.get(`${APPLICATIONS}?filter=${filter}`)).json;
        expect(list).toMatchObject({ totalResults: 0, count: 0, applications: [], links: [] });
      }
      const read = (await client.get('/api/read/users?filter=userName+co+left&total=true')).json;
      expect(read).toEqual({ items: [], next: null, previous: null, total: 0 });
    }
    expect((await right.owner.get('/api/read/users?total=true')).json.total, 'kim and right-user').toBeLessThanOrEqual(
      2,
    );
  });

  it('[SEC-B7] a name or client id in use elsewhere can be used here', async () => {
    const oidc = { grantTypes: ['client_credentials'], clientId: 'same-client' };
    const body = { name: 'left-app-twin', inboundProtocolConfiguration: { oidc } };
    expect((await left.owner.send('POST', APPLICATIONS, body)).status).toBe(201);
    expect((await right.owner.send('POST', APPLICATIONS, body)).status).toBe(201);
  });
});
