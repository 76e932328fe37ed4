import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { grantedScopes, permissionsOf } from '../../commands/access.ts';
import { authorizeApi, changeApplication } from '../../commands/applications/change-application.ts';
import { createApplication } from '../../commands/applications/create-application.ts';
import type { Holder } from '../../commands/effective-access.ts';
import { assignRoleToGroup, createGroup, deleteGroup } from '../../commands/groups/group-commands.ts';
import { addGroupMember, removeGroupMember } from '../../commands/groups/membership.ts';
import { execute } from '../../commands/pipeline.ts';
import type { AnyCommand } from '../../commands/registry.ts';
import { everyoneRoleId } from '../../commands/roles/everyone.ts';
import { changeRole, createRole, deleteRole } from '../../commands/roles/role-commands.ts';
import { assignRole, unassignRole } from '../../commands/users/assign-role.ts';
import { createUser } from '../../commands/users/create-user.ts';
import { systemApis } from '../../domain/applications/api-resources.ts';
import { applications } from '../../domain/applications/application.ts';
import { SUPER_ORG_ID } from '../../domain/ids.ts';
import type { EventStore } from '../../infra/event-store/event-store.ts';
import type { ReadStore } from '../../infra/read-store/read-store.ts';
import { createEffectiveAccess } from '../../read-api/effective-access.ts';
import { openAccess, type TestAccess } from '../support/access.ts';
import { asking, openSetUpKernel, type TestKernel } from '../support/kernel.ts';

const VIEW = 'internal_user_mgt_view';
const LIST = 'internal_user_mgt_list';

describe('effective access', () => {
  let test: TestKernel;
  let seen: TestAccess;

  beforeEach(async () => {
    test = await openSetUpKernel();
    seen = await openAccess(test);
  });
  afterEach(async () => {
    await seen.close();
    await test.close();
  });

  const run = async (command: AnyCommand, input: unknown): Promise<string> => {
    const done = await execute(test.kernel, command, input, asking());
    if (!done.ok) throw new Error(`${command.type}: ${JSON.stringify(done.refusal)}`);
    return done.value.id;
  };
  const user = (userName: string) => run(createUser, { userName });
  const role = (name: string, ...permissions: string[]) => run(createRole, { name, permissions });
  const holder = (id: string): Holder => ({ id, tenant: SUPER_ORG_ID, org: SUPER_ORG_ID });
  const of = async (id: string) => [...(await permissionsOf(seen.access, holder(id)))].sort();

  it('is of the roles held, from the moment one is given to the moment it is taken', async () => {
    const kim = await user('kim');
    const viewer = await role('Viewer', VIEW);
    expect(await of(kim)).toEqual(['internal_login']);
    await run(assignRole, { userId: kim, roleId: viewer });
    expect(await of(kim)).toEqual(['internal_login', VIEW]);
    await run(unassignRole, { userId: kim, roleId: viewer });
    expect(await of(kim)).toEqual(['internal_login']);
    await run(assignRole, { userId: kim, roleId: viewer });
    expect(await of(kim)).toEqual(['internal_login', VIEW]);
  });

  it('goes through groups, and ends with the membership, the group’s role, and the group', async () => {
    const kim = await user('kim');
    const viewer = await role('Viewer', VIEW);
    const staff = await run(createGroup, { name: 'staff' });
    await run(assignRoleToGroup, { groupId: staff, roleId: viewer });
    await run(addGroupMember, { groupId: staff, userId: kim });
    expect(await of(kim)).toEqual(['internal_login', VIEW]);
    await run(removeGroupMember, { groupId: staff, userId: kim });
    expect(await of(kim)).toEqual(['internal_login']);
    await run(addGroupMember, { groupId: staff, userId: kim });
    expect(await of(kim)).toEqual(['internal_login', VIEW]);
    await run(deleteGroup, { groupId: staff });
    expect(await of(kim)).toEqual(['internal_login']);
  });

  it('follows a role: its permissions at once, and its end', async () => {
    const kim = await user('kim');
    const viewer = await role('Viewer', VIEW);
    await run(assignRole, { userId: kim, roleId: viewer });
    expect(await of(kim)).toEqual(['internal_login', VIEW]);
    await run(changeRole, { roleId: viewer, permissions: [LIST] });
    expect(await of(kim)).toEqual(['internal_login', LIST]);
    await run(deleteRole, { roleId: viewer });
    expect(await of(kim)).toEqual(['internal_login']);
  });

  it('holds what everybody holds without being given it', async () => {
    const kim = await user('kim');
    const roles = await seen.access.rolesOf(holder(kim));
    expect(roles.map(({ id, name }) => [id, name])).toEqual([[everyoneRoleId(SUPER_ORG_ID), 'everyone']]);
  });

  it('of an application’s own roles counts in its tokens alone, and there alone', async () => {
    const kim = await user('kim');
    const api = systemApis.find(({ scopes }) => scopes.includes(VIEW))?.id;
    const application = async (name: string, roleAudience: 'organization' | 'application') => {
      const id = await run(createApplication, { name, roleAudience });
      await run(authorizeApi, { applicationId: id, api, policy: 'RBAC', scopes: [VIEW, LIST] });
      const ofIt = await run(createRole, { name: 'Own', applicationId: id, permissions: [VIEW] });
      await run(assignRole, { userId: kim, roleId: ofIt });
      return id;
    };
    await run(assignRole, { userId: kim, roleId: await role('Organization’s', LIST) });
    const [own, other] = [await application('Own roles', 'application'), await application('Other', 'organization')];
    const scopes = async (id: string) => {
      const { state } = await test.kernel.aggregates.load(applications, id);
      return [
        ...(await grantedScopes(
          { kernel: test.kernel, access: seen.access },
          { id, state },
          holder(kim),
          new Set([VIEW, LIST]),
        )),
      ];
    };
    expect(await scopes(own)).toEqual([VIEW]);
    expect(await scopes(other)).toEqual([LIST]);
    expect(await of(kim)).toEqual(['internal_login', LIST]);
    await run(changeApplication, { applicationId: other, roleAudience: 'application' });
    expect(await scopes(other)).toEqual([VIEW]);
  });

  it('of 4,000 roles is one look-up, and none while no right changes', async () => {
    const kim = await user('kim');
    const facts = Array.from({ length: 4_000 }, (_, index) => index);
    const ids = await Promise.all(facts.map((index) => role(`Role ${index}`, VIEW)));
    for (const id of ids) await run(assignRole, { userId: kim, roleId: id });

    const calls: string[] = [];
    const counted = <Port extends object>(port: Port): Port =>
      new Proxy(port, {
        get: (target, name) => {
          const member = Reflect.get(target, name) as unknown;
          if (typeof member !== 'function') return member;
          return (...given: unknown[]) => {
            calls.push(String(name));
            return Reflect.apply(member, target, given) as unknown;
          };
        },
      });
    const access = createEffectiveAccess({
      store: counted<EventStore>(test.kernel.store),
      reads: counted<ReadStore>(seen.reads),
      everyoneRole: everyoneRoleId,
    });
    expect(await access.rolesOf(holder(kim))).toHaveLength(4_001);
    expect(calls.filter((name) => name === 'headOf')).toHaveLength(1);
    expect(calls.filter((name) => name === 'readStream' || name === 'streamInfo')).toEqual([]);
    // A thousand memberships, or roles, in one page.
    expect(calls.filter((name) => name === 'query' || name === 'findMany').length).toBeLessThanOrEqual(10);

    calls.length = 0;
    expect(await access.rolesOf(holder(kim))).toHaveLength(4_001);
    expect(calls).toEqual(['headOf']);
  }, 60_000);
});
