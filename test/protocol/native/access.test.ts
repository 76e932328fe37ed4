import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asAdmin, createTenant, limitedCaller, type ManagementClient } from '../../support/management-client.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';

const VIEW = 'internal_user_mgt_view';
const LIST = 'internal_user_mgt_list';

let server: TestServer;
let admin: ManagementClient;
let made = 0;

beforeAll(async () => {
  server = await startTestServer();
  admin = asAdmin(server);
});
afterAll(async () => await server.stop());

/** Id and position of what was done. */
async function run(type: string, input: object): Promise<{ readonly id: string; readonly position: string }> {
  const answer = await admin.send('POST', `/api/commands/${type}`, input);
  if (answer.status !== 200) throw new Error(`${type}: ${answer.status} ${answer.text}`);
  return { id: answer.json.id, position: answer.headers.get('muniment-position') ?? '' };
}
const name = (stem: string) => `${stem} ${++made}`;
const access = async (user: string, at?: string) => {
  const query = new URLSearchParams({ user, ...(at === undefined ? {} : { at }) });
  return (await admin.get(`/api/read/access?${query}`)).json;
};
// biome-ignore lint/suspicious/noExplicitAny: a body off the wire; each test says what it expects of it.
const own = (roles: readonly any[]): any[] => roles.filter(({ displayName }) => displayName !== 'everyone');

describe('effective access at a moment', () => {
  it('says what a user could do then, since when, through which path, and by which events', async () => {
    const { id: userId } = await run('CreateUser', { userName: name('kim') });
    const { id: roleId } = await run('CreateRole', { name: name('Viewer'), permissions: [VIEW] });
    const { id: groupId } = await run('CreateGroup', { name: name('staff') });
    const before = await run('AssignRoleToGroup', { groupId, roleId });
    const joined = await run('AddGroupMember', { groupId, userId });
    const widened = await run('ChangeRole', { roleId, permissions: [VIEW, LIST] });
    const left = await run('RemoveGroupMember', { groupId, userId });

    const then = await access(userId, joined.position);
    expect(then.account).toEqual({ status: 'present', state: 'UNLOCKED' });
    expect(then.permissions).toEqual({ organization: [VIEW], applications: {} });
    const [role] = own(then.roles);
    expect(role).toMatchObject({
      id: roleId,
      audience: { type: 'organization' },
      permissions: [{ value: VIEW, to: null }],
      held: [
        {
          group: { id: groupId },
          from: { position: joined.position },
          to: { position: left.position },
        },
      ],
    });
    const events = await namedEvents(role.held[0].why.map(({ event }: { event: string }) => event));
    expect(events).toEqual([
      'access.role.created.v1',
      'access.group.created.v1',
      'access.role.assigned.v1',
      'access.group.joined.v1',
    ]);
    expect((await access(userId, before.position)).permissions.organization).toEqual([]);
    expect((await access(userId, widened.position)).permissions.organization).toEqual([LIST, VIEW]);
    expect((await access(userId)).permissions.organization).toEqual([]);
  });

  /** Types of events of the log, by id. */
  async function namedEvents(ids: readonly string[]): Promise<readonly string[]> {
    const types = new Map<string, string>();
    for await (const { id, type } of server.kernel.store.readAll({ after: 'start' })) types.set(id, type);
    return ids.map((id) => types.get(id) ?? '');
  }

  it('tells each time that a role was held from the others', async () => {
    const { id: userId } = await run('CreateUser', { userName: name('kim') });
    const { id: roleId } = await run('CreateRole', { name: name('Role'), permissions: [VIEW] });
    const spans: [string, string][] = [];
    for (let time = 0; time < 3; time += 1) {
      const from = await run('AssignRole', { userId, roleId });
      spans.push([from.position, (await run('UnassignRole', { userId, roleId })).position]);
    }
    for (const [from, to] of spans) {
      const [role] = own((await access(userId, from)).roles);
      expect(role.held).toMatchObject([{ group: null, from: { position: from }, to: { position: to } }]);
      expect(own((await access(userId, to)).roles)).toEqual([]);
    }
  });

  it('ends with the role and with the user, and shows the role as it was called', async () => {
    const { id: userId } = await run('CreateUser', { userName: name('kim') });
    const first = name('First');
    const { id: roleId } = await run('CreateRole', { name: first, permissions: [VIEW] });
    const given = await run('AssignRole', { userId, roleId });
    const renamed = await run('ChangeRole', { roleId, name: name('Second') });
    const deleted = await run('DeleteRole', { roleId });
    const [then] = own((await access(userId, given.position)).roles);
    expect(then).toMatchObject({ displayName: first });
    expect(then.held[0].to.position > renamed.position && then.held[0].to.position <= deleted.position).toBe(true);
    expect(own((await access(userId, renamed.position)).roles)).toMatchObject([{ displayName: `Second ${made}` }]);
    expect(own((await access(userId, deleted.position)).roles)).toEqual([]);

    const locked = await run('LockUser', { userId });
    expect((await access(userId, locked.position)).account).toEqual({ status: 'present', state: 'LOCKED' });
    await run('DeleteUser', { userId });
    expect(await access(userId)).toMatchObject({ account: { status: 'deleted', state: null }, roles: [] });
    expect((await access(userId, given.position)).permissions.organization).toEqual([VIEW]);
    expect((await access(userId, '2001-01-01T00:00:00Z')).account).toEqual({ status: 'absent', state: null });
  });

  it('is of the application for roles of an application', async () => {
    const { id: userId } = await run('CreateUser', { userName: name('kim') });
    const applicationId = (await admin.send('POST', '/api/server/v1/applications', { name: name('App') })).createdId;
    const { id: roleId } = await run('CreateRole', { name: name('Role'), applicationId });
    await run('AssignRole', { userId, roleId });
    expect((await access(userId)).permissions).toEqual({ organization: [], applications: { [applicationId]: [] } });
  });

  it('[SEC-B1] [SEC-B11] is for auditors of the user’s organization alone, by their rights of today', async () => {
    const { id: user } = await run('CreateUser', { userName: name('kim') });
    const path = `/api/read/access?user=${user}`;
    const auditor = await limitedCaller(server, name('Auditor'), ['internal_audit_view']);
    expect((await auditor.get(path)).status).toBe(200);
    const other = await limitedCaller(server, name('Other'), [VIEW, LIST, 'internal_role_mgt_view']);
    expect((await other.get(path)).status).toBe(403);
    const { owner } = await createTenant(server, `access-${++made}.example`);
    expect((await owner.get(path)).status).toBe(404);
    expect((await owner.get(`/api/read/access?user=${crypto.randomUUID()}`)).status).toBe(404);
  });

  it.each([
    ['user=kim', 'parameter-invalid'],
    ['', 'parameter-invalid'],
    [`user=${crypto.randomUUID()}&at=yesterday`, 'moment-invalid'],
    [`user=${crypto.randomUUID()}&at=2999-01-01T00:00:00Z`, 'moment-ahead'],
    [`user=${crypto.randomUUID()}&role=x`, 'parameter-unknown'],
  ])('refuses ?%s', async (query, reason) => {
    expect(await admin.get(`/api/read/access?${query}`)).toMatchObject({ status: 400, json: { reason } });
  });

  it('stands in the API description, and roles and groups are read as other collections are', async () => {
    const { paths } = (await admin.get('/api/openapi.json')).json;
    expect(paths['/api/read/access'].get.security).toContainEqual({ bearer: ['internal_audit_view'] });
    const role = name('Readable');
    const { id, position } = await run('CreateRole', { name: role });
    const renamed = await run('ChangeRole', { roleId: id, name: `${role} again` });
    const listed = (await admin.get(`/api/read/roles?filter=${encodeURIComponent(`displayName eq "${role} again"`)}`))
      .json;
    expect(listed.items).toMatchObject([{ id, displayName: `${role} again` }]);
    expect((await admin.get(`/api/read/roles/${id}?asOf=${position}`)).json).toMatchObject({ displayName: role });
    expect((await admin.get(`/api/read/roles/${id}?asOf=${renamed.position}`)).json.displayName).toBe(`${role} again`);
    const group = await run('CreateGroup', { name: role });
    expect((await admin.get(`/api/read/groups/${group.id}?asOf=${group.position}`)).json.displayName).toBe(role);
  });
});
