import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { permissionsOf } from '../../commands/access.ts';
import {
  assignRoleToGroup,
  createGroup,
  deleteGroup,
  unassignRoleFromGroup,
} from '../../commands/groups/group-commands.ts';
import { addGroupMember, removeGroupMember } from '../../commands/groups/membership.ts';
import { execute } from '../../commands/pipeline.ts';
import type { AnyCommand } from '../../commands/registry.ts';
import { changeRole, createRole, deleteRole } from '../../commands/roles/role-commands.ts';
import { assignRole, unassignRole } from '../../commands/users/assign-role.ts';
import { createUser } from '../../commands/users/create-user.ts';
import { systemScopes } from '../../domain/applications/api-resources.ts';
import { groups } from '../../domain/groups/group.ts';
import { SUPER_ORG_ID } from '../../domain/ids.ts';
import { roles } from '../../domain/roles/role.ts';
import { users } from '../../domain/users/user.ts';
import type { Document } from '../../infra/read-store/read-store.ts';
import { GROUPS, MEMBERSHIPS, ROLES } from '../../projections/access.ts';
import { openAccess, type TestAccess } from '../support/access.ts';
import { asking, openSetUpKernel, type TestKernel } from '../support/kernel.ts';

const STEPS = 400;
const SEED = Number(process.hrtime.bigint() % 1_000_000n);

/** Mulberry32: the seed of a failing run repeats it. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

describe(`the access read model after random changes (seed ${SEED})`, () => {
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

  const run = async (command: AnyCommand, input: object): Promise<string> => {
    const done = await execute(test.kernel, command, input, asking());
    // Whatever is gone by now is refused; the others go on.
    return done.ok ? done.value.id : '';
  };

  async function changeAtRandom(random: (below: number) => number): Promise<readonly string[]> {
    const make = (count: number, one: (index: number) => Promise<string>) =>
      Promise.all(Array.from({ length: count }, (_, index) => one(index)));
    const people = await make(6, (index) => run(createUser, { userName: `user-${index}` }));
    const groupIds = await make(5, (index) => run(createGroup, { name: `group-${index}` }));
    const scopes = [...systemScopes];
    const some = () => Array.from({ length: random(4) }, () => scopes[random(scopes.length)] ?? '');
    const roleIds = await make(6, (index) => run(createRole, { name: `role-${index}`, permissions: some() }));
    const pick = (ids: readonly string[]) => ids[random(ids.length)] ?? '';
    for (let step = 0; step < STEPS; step += 1) {
      const [userId, groupId, roleId] = [pick(people), pick(groupIds), pick(roleIds)];
      const steps: readonly (() => Promise<string>)[] = [
        () => run(assignRole, { userId, roleId }),
        () => run(unassignRole, { userId, roleId }),
        () => run(addGroupMember, { userId, groupId }),
        () => run(removeGroupMember, { userId, groupId }),
        () => run(assignRoleToGroup, { groupId, roleId }),
        () => run(unassignRoleFromGroup, { groupId, roleId }),
        () => run(changeRole, { roleId, permissions: some() }),
      ];
      await steps[random(steps.length)]?.();
      if (step === STEPS - 50) await run(deleteRole, { roleId });
      if (step === STEPS - 40) await run(deleteGroup, { groupId });
    }
    return people;
  }

  /** Worked out anew from the streams, without a read model. */
  async function expected(userId: string): Promise<readonly string[]> {
    const { aggregates } = test.kernel;
    const held = new Set<string>();
    const { state: user } = await aggregates.load(users, userId);
    for (const id of user.roles) held.add(id);
    for (const id of user.groups) {
      const { state: group } = await aggregates.load(groups, id);
      if (group.status === 'present') for (const role of group.roles) held.add(role);
    }
    const permissions = new Set(['internal_login']);
    for (const id of held) {
      const { state: role } = await aggregates.load(roles, id);
      if (role.status === 'present') for (const permission of role.permissions) permissions.add(permission);
    }
    return [...permissions].sort();
  }

  const all = async (): Promise<readonly (readonly Document[])[]> =>
    Promise.all(
      [ROLES, GROUPS, MEMBERSHIPS].map(
        async (collection) => (await seen.reads.query({ collection, tenant: SUPER_ORG_ID, limit: 1_000 })).documents,
      ),
    );

  it('gives what the streams say, and the same when it is built anew', async () => {
    const people = await changeAtRandom(randomFrom(SEED));
    for (const id of people) {
      const holder = { id, tenant: SUPER_ORG_ID, org: SUPER_ORG_ID };
      expect([...(await permissionsOf(seen.access, holder))].sort()).toEqual(await expected(id));
    }
    const before = await all();
    expect(before[2]?.length).toBeGreaterThan(20);
    await seen.engine.rebuild('access');
    expect(await all()).toEqual(before);
    expect(seen.errors).toEqual([]);
  }, 60_000);
});
