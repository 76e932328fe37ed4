/** Roles and groups in the hands of somebody who may manage them and holds little himself. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SUPER_ORG_ID } from '../../domain/ids.ts';
import { organizations } from '../../domain/organizations/organization.ts';
import {
  asAdmin,
  createTenant,
  limitedCaller,
  type ManagementClient,
  type NewTenant,
} from '../support/management-client.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const VIEW = 'internal_user_mgt_view';
const DELETE = 'internal_user_mgt_delete';
const MANAGEMENT = [
  'internal_role_mgt_view',
  'internal_role_mgt_create',
  'internal_role_mgt_update',
  'internal_role_mgt_delete',
  'internal_role_mgt_meta_create',
  'internal_role_mgt_meta_update',
  'internal_role_mgt_users_update',
  'internal_role_mgt_groups_update',
  'internal_group_mgt_create',
  'internal_group_mgt_view',
  'internal_group_mgt_update',
  'internal_group_mgt_delete',
];

let server: TestServer;
let admin: ManagementClient;
let delegate: ManagementClient;
let administratorRole = '';
let made = 0;

beforeAll(async () => {
  server = await startTestServer();
  admin = asAdmin(server);
  delegate = await limitedCaller(server, 'Delegate', [...MANAGEMENT, VIEW]);
  administratorRole = (await server.kernel.aggregates.load(organizations, SUPER_ORG_ID)).state.administratorRole;
});
afterAll(async () => await server.stop());

const name = (stem: string) => `${stem} ${++made}`;
async function create(client: ManagementClient, path: string, body: object): Promise<string> {
  const answer = await client.send('POST', `/scim2${path}`, body);
  if (answer.status !== 201) throw new Error(`${path}: ${answer.status} ${answer.text}`);
  return answer.json.id;
}
const user = (client = admin) => create(client, '/Users', { userName: `user-${++made}` });
const role = (permissions: readonly string[], client = admin) =>
  create(client, '/v3/Roles', { displayName: name('Role'), permissions: permissions.map((value) => ({ value })) });
const group = (client = admin) => create(client, '/Groups', { displayName: name('group') });
const patch = (client: ManagementClient, path: string, ...Operations: object[]) =>
  client.send('PATCH', `/scim2${path}`, { Operations });
const rolesOf = async (id: string): Promise<string[]> =>
  ((await admin.get(`/scim2/Users/${id}`)).json.roles ?? []).map(({ value }: { value: string }) => value);
const events = async () => {
  let count = 0;
  for await (const { stream } of server.kernel.store.readAll({ after: 'start' }))
    if (!/^(token|session)-/.test(stream)) count += 1;
  return count;
};

describe('a delegated administrator', () => {
  it('[SEC-C3] gives what he holds, on every way', async () => {
    const kim = await user();
    const own = await role([VIEW], delegate);
    expect((await patch(delegate, `/v3/Roles/${own}/Users`, { op: 'add', value: [{ value: kim }] })).status).toBe(200);
    expect(await rolesOf(kim)).toEqual([own]);
  });

  it('[SEC-C3] gives no more than he holds, by whatever way, and nothing is stored', async () => {
    const kim = await user();
    const strong = await role([VIEW, DELETE]);
    const weak = await role([VIEW]);
    const strongGroup = await group();
    await admin.send('PUT', `/scim2/v3/Roles/${strong}/Groups`, [{ value: strongGroup }]);
    const plainGroup = await group();
    const before = await events();

    const named = { displayName: name('Role') };
    const add = { op: 'add', value: [{ value: kim }] };
    const wide = [{ value: VIEW }, { value: DELETE }];
    const attempts: readonly (readonly [string, () => ReturnType<ManagementClient['send']>])[] = [
      ['a new role', () => delegate.send('POST', '/scim2/v3/Roles', { ...named, permissions: wide })],
      ['a new role of V2', () => delegate.send('POST', '/scim2/v2/Roles', { ...named, permissions: wide })],
      ['a new role of V1', () => delegate.send('POST', '/scim2/Roles', { ...named, permissions: [DELETE] })],
      ['a wider role', () => patch(delegate, `/v3/Roles/${weak}`, { op: 'add', path: 'permissions', value: wide })],
      ['a wider role of V2', () => delegate.send('PUT', `/scim2/v2/Roles/${weak}`, { ...named, permissions: wide })],
      ['a user of a role', () => patch(delegate, `/v3/Roles/${strong}/Users`, add)],
      ['users of a role', () => delegate.send('PUT', `/scim2/v3/Roles/${strong}/Users`, [{ value: kim }])],
      ['a user of a role of V2', () => patch(delegate, `/v2/Roles/${strong}`, { ...add, path: 'users' })],
      [
        'a group of a role',
        () => patch(delegate, `/v3/Roles/${strong}/Groups`, { op: 'add', value: [{ value: plainGroup }] }),
      ],
      ['the administrator’s role', () => patch(delegate, `/v3/Roles/${administratorRole}/Users`, add)],
      ['a member of a group with a role', () => patch(delegate, `/Groups/${strongGroup}`, { ...add, path: 'members' })],
      [
        'a group with a role, replaced',
        () => delegate.send('PUT', `/scim2/Groups/${strongGroup}`, { ...named, members: [{ value: kim }] }),
      ],
      ['a command', () => delegate.send('POST', '/api/commands/AssignRole', { userId: kim, roleId: strong })],
      [
        'a command on a group',
        () => delegate.send('POST', '/api/commands/AddGroupMember', { userId: kim, groupId: strongGroup }),
      ],
      [
        'a command for a group',
        () => delegate.send('POST', '/api/commands/AssignRoleToGroup', { groupId: plainGroup, roleId: strong }),
      ],
      [
        'a command for a role',
        () => delegate.send('POST', '/api/commands/ChangeRole', { roleId: weak, permissions: [DELETE] }),
      ],
    ];
    for (const [what, send] of attempts) expect([what, (await send()).status]).toEqual([what, 403]);
    expect(await rolesOf(kim)).toEqual([]);
    expect(await events()).toBe(before);
  });

  it('[SEC-C3] cannot make a group strong by giving it a role while he is in it, then joining others', async () => {
    const kim = await user();
    const plain = await group(delegate);
    expect(
      (await patch(delegate, `/Groups/${plain}`, { op: 'add', path: 'members', value: [{ value: kim }] })).status,
    ).toBe(200);
    const strong = await role([DELETE]);
    const given = await patch(delegate, `/v3/Roles/${strong}/Groups`, { op: 'add', value: [{ value: plain }] });
    expect(given.status).toBe(403);
    expect(await rolesOf(kim)).toEqual([]);
  });
});

describe('roles and groups of another organization', () => {
  let theirs: NewTenant;
  let ids: { readonly role: string; readonly group: string; readonly user: string };

  beforeAll(async () => {
    theirs = await createTenant(server, 'roles.example');
    const kim = await user(theirs.owner);
    ids = { role: await role([VIEW], theirs.owner), group: await group(theirs.owner), user: kim };
    await theirs.owner.send('PUT', `/scim2/v3/Roles/${ids.role}/Users`, [{ value: kim }]);
  });

  it('[SEC-B1] are not there, for reading and for writing', async () => {
    const own = await user();
    const add = { op: 'add', path: 'members', value: [{ value: own }] };
    const holders = { op: 'add', value: [{ value: own }] };
    const before = await events();
    const statuses = await Promise.all([
      ...['v3/Roles', 'v2/Roles', 'Roles'].flatMap((path) => [
        admin.get(`/scim2/${path}/${ids.role}`),
        patch(admin, `/${path}/${ids.role}`, { op: 'replace', path: 'displayName', value: 'taken' }),
        admin.send('PUT', `/scim2/${path}/${ids.role}`, { displayName: 'taken' }),
        admin.send('DELETE', `/scim2/${path}/${ids.role}`),
      ]),
      patch(admin, `/v3/Roles/${ids.role}/Users`, holders),
      admin.send('PUT', `/scim2/v3/Roles/${ids.role}/Groups`, []),
      admin.get(`/scim2/Groups/${ids.group}`),
      patch(admin, `/Groups/${ids.group}`, add),
      admin.send('PUT', `/scim2/Groups/${ids.group}`, { displayName: 'taken' }),
      admin.send('DELETE', `/scim2/Groups/${ids.group}`),
      admin.get(`/api/read/roles/${ids.role}`),
      admin.get(`/api/read/groups/${ids.group}`),
    ]);
    expect(statuses.map(({ status }) => status)).toEqual(statuses.map(() => 404));
    expect(await events()).toBe(before);
  });

  it('[SEC-B1] take and give no members across', async () => {
    const own = { role: await role([VIEW]), group: await group(), user: await user() };
    const foreign = [
      await patch(admin, `/v3/Roles/${own.role}/Users`, { op: 'add', value: [{ value: ids.user }] }),
      await patch(admin, `/v3/Roles/${own.role}/Groups`, { op: 'add', value: [{ value: ids.group }] }),
      await patch(admin, `/Groups/${own.group}`, { op: 'add', path: 'members', value: [{ value: ids.user }] }),
      await admin.send('POST', '/scim2/Groups', { displayName: name('group'), members: [{ value: ids.user }] }),
      await admin.send('POST', '/scim2/v2/Roles', { displayName: name('Role'), groups: [{ value: ids.group }] }),
    ];
    expect(foreign.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400]);
    const commands = [
      await admin.send('POST', '/api/commands/AddGroupMember', { groupId: ids.group, userId: own.user }),
      await admin.send('POST', '/api/commands/AssignRole', { roleId: ids.role, userId: own.user }),
      await admin.send('POST', '/api/commands/AssignRoleToGroup', { roleId: ids.role, groupId: own.group }),
    ];
    expect(commands.map(({ status }) => status)).toEqual([404, 404, 404]);
    const kim = (await theirs.owner.get(`/scim2/Users/${ids.user}`)).json;
    expect(kim.roles.map(({ value }: { value: string }) => value)).toEqual([ids.role]);
  });

  it('[SEC-B7] show in no list and no total', async () => {
    for (const [path, id] of [
      ['v3/Roles', ids.role],
      ['Groups', ids.group],
    ] as const) {
      const found = (await admin.get(`/scim2/${path}?filter=id+eq+"${id}"`)).json;
      expect([found.totalResults, found.Resources]).toEqual([0, []]);
    }
    const byMember = (await admin.get(`/scim2/v3/Roles?filter=users.value+eq+"${ids.user}"`)).json;
    expect(byMember.totalResults).toBe(0);
  });

  it('[SEC-B8] stay when one of the same name is deleted here', async () => {
    const displayName = name('Twin');
    const twins = await Promise.all(
      [admin, theirs.owner].map(async (client) => ({
        role: await create(client, '/v3/Roles', { displayName }),
        group: await create(client, '/Groups', { displayName }),
      })),
    );
    const [here, there] = twins as [(typeof twins)[number], (typeof twins)[number]];
    await admin.send('DELETE', `/scim2/v3/Roles/${here.role}`);
    await admin.send('DELETE', `/scim2/Groups/${here.group}`);
    expect((await theirs.owner.get(`/scim2/v3/Roles/${there.role}`)).status).toBe(200);
    expect((await theirs.owner.get(`/scim2/Groups/${there.group}`)).status).toBe(200);
  });

  it('[SEC-B9] leave nobody holding what ended while it was given', async () => {
    for (let pair = 0; pair < 100; pair += 1) {
      const [kim, given] = [await user(), await role([VIEW])];
      const add = { op: 'add', value: [{ value: kim }] };
      const [, deleted] = await Promise.all([
        patch(admin, `/v3/Roles/${given}/Users`, add),
        admin.send('DELETE', `/scim2/v3/Roles/${given}`),
      ]);
      expect(deleted.status).toBe(204);
      expect(await rolesOf(kim)).toEqual([]);
    }
  }, 60_000);
});
