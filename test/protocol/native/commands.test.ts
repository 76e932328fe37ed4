import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { users } from '../../../domain/users/user.ts';
import {
  asAdmin,
  createMachine,
  limitedCaller,
  type ManagementClient,
  machineToken,
  managementClient,
} from '../../support/management-client.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';

let server: TestServer;
let admin: ManagementClient;

beforeAll(async () => {
  server = await startTestServer();
  admin = asAdmin(server);
});
afterAll(() => server.stop());

const command = (type: string, input: unknown, headers: Record<string, string> = {}) =>
  admin.send('POST', `/api/commands/${type}`, input, headers);

const create = (name: string, headers: Record<string, string> = {}) => command('CreateApplication', { name }, headers);

async function eventCount(): Promise<number> {
  let count = 0;
  for await (const _ of server.kernel.store.readAll({ after: 'start' })) count += 1;
  return count;
}

describe('sending a command', () => {
  it('answers with what happened: ids, revision, position, event types', async () => {
    const answer = await create('native');
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      commandId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      revision: '0',
      position: answer.headers.get('muniment-position'),
      changed: true,
      events: ['application.application.created.v1'],
    });
    expect(answer.headers.get('etag')).toBe('"0"');
  });

  it('answers changed: false when everything is so already', async () => {
    const { id } = (await create('same')).json;
    const answer = await command('ChangeApplication', { applicationId: id, name: 'same' });
    expect(answer.json).toMatchObject({ changed: false, events: [], revision: '0' });
  });

  it('words refusals as problem details with a reason', async () => {
    await create('taken');
    const answer = await create('taken');
    expect(answer.status).toBe(409);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.json).toMatchObject({
      status: 409,
      reason: 'value-taken',
      kind: 'application-name',
      traceId: answer.headers.get('activityid'),
    });
  });

  it.each([
    ['an unknown command', 'Explode', {}, 404, 'command-unknown'],
    ['a name of the object prototype', 'constructor', {}, 404, 'command-unknown'],
    ['a missing member', 'CreateApplication', {}, 400, 'invalid-input'],
    ['an unknown member', 'CreateApplication', { name: 'x', colour: 'red' }, 400, 'invalid-input'],
    ['a list for the input', 'CreateApplication', [], 400, 'invalid-input'],
    ['a rule', 'CreateApplication', { name: 'a@b' }, 422, 'application-name-invalid'],
    [
      'an unknown application',
      'DeleteApplication',
      { applicationId: '00000000-0000-4000-8000-000000000000' },
      404,
      'application-not-found',
    ],
  ])('refuses %s', async (_, type, input, status, reason) => {
    expect(await command(type, input)).toMatchObject({ status, json: { reason } });
  });

  it('goes on only from the revision that If-Match names', async () => {
    const { id } = (await create('guarded')).json;
    const rename = (name: string, ifMatch: string) =>
      command('ChangeApplication', { applicationId: id, name }, { 'if-match': ifMatch });
    expect(await rename('guarded-1', '"0"')).toMatchObject({ status: 200, json: { revision: '1' } });
    expect(await rename('guarded-2', '"0"')).toMatchObject({ status: 412, json: { reason: 'revision-differs' } });
    for (const malformed of ['0', '*', '"x"', 'W/"0"']) {
      expect(await rename('guarded-3', malformed)).toMatchObject({ status: 400, json: { reason: 'if-match-invalid' } });
    }
  });

  it('checks the permission that the command declares', async () => {
    const viewer = await limitedCaller(server, 'command-viewer', ['internal_application_mgt_view']);
    const answer = await viewer.send('POST', '/api/commands/CreateApplication', { name: 'denied' });
    expect(answer).toMatchObject({
      status: 403,
      json: { reason: 'forbidden', permissions: ['internal_application_mgt_create'] },
    });
    const anonymous = managementClient(server.url, null);
    expect(await anonymous.send('POST', '/api/commands/CreateApplication', { name: 'denied' })).toMatchObject({
      status: 401,
    });
  });
});

describe('sending a command again', () => {
  it('[SEC-L4] has one effect and one answer under an Idempotency-Key, also in parallel; another body is refused', async () => {
    const headers = { 'idempotency-key': 'order-66' };
    const answers = await Promise.all(Array.from({ length: 5 }, () => create('once', headers)));
    answers.push(await create('once', headers));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1);
    expect(new Set(answers.map(({ json }) => json.position)).size).toBe(1);
    const found = await admin.get('/api/read/applications?filter=name+eq+once&total=true');
    expect(found.json.total).toBe(1);
    expect(await create('twice', headers)).toMatchObject({ status: 422, json: { reason: 'idempotency-key-reused' } });
    expect(await create('x', { 'idempotency-key': 'with blank' })).toMatchObject({
      status: 400,
      json: { reason: 'idempotency-key-invalid' },
    });
  });

  it('[SEC-L4] is answered as before after a restart', async () => {
    const send = (own: TestServer, name: string) =>
      asAdmin(own).send('POST', '/api/commands/CreateApplication', { name }, { 'idempotency-key': 'over-a-restart' });
    let own = await startTestServer();
    const before = (await send(own, 'restarted')).json;
    await own.stop('keep');
    own = await startTestServer({ directory: own.directory });
    try {
      const { id, position, revision, commandId } = before;
      expect((await send(own, 'restarted')).json).toMatchObject({ id, position, revision, commandId });
      expect(await send(own, 'changed')).toMatchObject({ status: 422, json: { reason: 'idempotency-key-reused' } });
    } finally {
      await own.stop();
    }
  });

  it('[SEC-L4] keeps the keys of two callers apart', async () => {
    const headers = { 'idempotency-key': 'shared-key' };
    const other = await limitedCaller(server, 'l4-other', ['internal_application_mgt_create']);
    const mine = await create('l4-mine', headers);
    const theirs = await other.send('POST', '/api/commands/CreateApplication', { name: 'l4-theirs' }, headers);
    expect(theirs).toMatchObject({ status: 200 });
    expect(theirs.json.id).not.toBe(mine.json.id);
  });
});

describe('rehearsing a command', () => {
  it('[SEC-L12] shows events and access, and leaves no trace', async () => {
    const machine = await createMachine(admin, 'rehearsed', ['internal_user_mgt_list']);
    const token = await machineToken(server.url, machine, ['internal_user_mgt_list']);
    await admin.get('/scim2/Users');
    const before = await eventCount();
    const rehearse = (type: string, input: object) => command(type, input, { prefer: 'respond-async, dry-run' });

    const disabled = await rehearse('ChangeApplication', { applicationId: machine.id, enabled: false });
    expect(disabled.status).toBe(200);
    expect(disabled.headers.get('preference-applied')).toBe('dry-run');
    expect(disabled.headers.has('muniment-position')).toBe(false);
    expect(disabled.json).toMatchObject({
      dryRun: true,
      events: [{ type: 'application.application.disabled.v1', stream: `app-${machine.id}` }],
      access: [
        { effect: 'loses', holder: { type: 'application', id: machine.id }, what: 'sign-in' },
        { effect: 'loses', holder: { type: 'application', id: machine.id }, what: 'sessions-and-tokens' },
      ],
    });
    const api = (await admin.get(`/api/server/v1/applications/${machine.id}/authorized-apis`)).json[0].id;
    const scopes = await rehearse('ChangeApiScopes', {
      applicationId: machine.id,
      api,
      added: ['internal_user_mgt_view'],
    });
    expect(scopes.json.access).toMatchObject([
      { effect: 'gains', what: 'scopes', permissions: ['internal_user_mgt_view'] },
    ]);
    const user = await rehearse('CreateUser', { userName: 'ghost', password: 'a-ghostly-password' });
    expect(user.json.events.map(({ type }: { type: string }) => type)).toContain('identity.user.created.v1');
    await rehearse('RegenerateClientSecret', { applicationId: machine.id });
    await rehearse('CreateRootOrganization', {
      handle: 'ghost.com',
      owner: { userName: 'kim', password: 'a-ghostly-password' },
    });

    expect(await eventCount(), 'no event').toBe(before);
    const still = managementClient(server.url, `Bearer ${token}`);
    expect((await still.get('/scim2/Users')).status, 'the token still works').toBe(200);
    expect((await machineToken(server.url, machine, [])).length, 'the secret still works').toBeGreaterThan(0);
    expect((await admin.send('HEAD', '/api/server/v1/tenants/domain/ghost.com')).status, 'no handle is kept').toBe(404);
    expect(await command('CreateUser', { userName: 'ghost', password: 'a-ghostly-password' })).toMatchObject({
      status: 200,
    });
  });

  it('[SEC-L12] keeps no idempotency key of a rehearsal', async () => {
    const headers = { 'idempotency-key': 'rehearsal-1' };
    expect(await create('rehearsal', { ...headers, prefer: 'dry-run' })).toMatchObject({ status: 200 });
    expect(await create('another', headers)).toMatchObject({ status: 200, json: { changed: true } });
  });

  it('says which permissions a role would give', async () => {
    const { id: user } = (await command('CreateUser', { userName: 'promoted' })).json;
    const admins = await admin.get('/api/read/users?filter=userName+eq+admin');
    const { state } = await server.kernel.aggregates.load(users, admins.json.items[0].id);
    const [role] = state.roles;
    const answer = await command('AssignRole', { userId: user, roleId: role }, { prefer: 'dry-run' });
    expect(answer.json.access).toEqual([
      {
        effect: 'gains',
        holder: { type: 'user', id: user },
        what: 'permissions',
        permissions: ['*'],
        through: { type: 'role', id: role },
      },
    ]);
  });

  it('says which permissions a group would give', async () => {
    const made = async (type: string, input: object): Promise<string> => (await command(type, input)).json.id;
    const userId = await made('CreateUser', { userName: 'joining' });
    const groupId = await made('CreateGroup', { name: 'Joined' });
    const roleId = await made('CreateRole', { name: 'Through', permissions: ['internal_user_mgt_view'] });
    const dryRun = { prefer: 'dry-run' };
    const effect = { effect: 'gains', what: 'permissions', permissions: ['internal_user_mgt_view'] };
    expect((await command('AssignRoleToGroup', { groupId, roleId }, dryRun)).json.access).toEqual([
      { ...effect, holder: { type: 'group-members', id: groupId }, through: { type: 'role', id: roleId } },
    ]);
    await command('AssignRoleToGroup', { groupId, roleId });
    expect((await command('AddGroupMember', { groupId, userId }, dryRun)).json.access).toEqual([
      { ...effect, holder: { type: 'user', id: userId }, through: { type: 'group', id: groupId } },
    ]);
  });
});

describe('the description of the interface', () => {
  it('lists every command with its permissions and a JSON schema', async () => {
    const { commands } = (await admin.get('/api/commands')).json;
    const lock = commands.find(({ type }: { type: string }) => type === 'LockUser');
    expect(lock).toMatchObject({ permissions: expect.any(Array), input: { type: 'object', required: ['userId'] } });
    expect(commands.length).toBeGreaterThan(20);
  });

  it('is OpenAPI 3.1 with every route of the server and every command', async () => {
    const document = (await managementClient(server.url, null).get('/api/openapi.json')).json;
    expect(document).toMatchObject({ openapi: '3.1.0', servers: [{ url: server.url }] });
    for (const { method, path } of server.routes) {
      if (path === '/api/commands/:type') continue;
      const template = path.replaceAll(/:(\w+)/g, '{$1}');
      expect(document.paths[template]?.[method.toLowerCase()], `${method} ${path}`).toBeDefined();
    }
    expect(document.paths['/api/commands/CreateUser'].post).toMatchObject({
      operationId: 'CreateUser',
      requestBody: { content: { 'application/json': { schema: { required: ['userName'] } } } },
      security: expect.arrayContaining([{ bearer: ['internal_user_mgt_create'] }]),
    });
  });
});
