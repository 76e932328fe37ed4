import { z } from 'zod';
import { roleId, userId } from '../../domain/id-parsers.ts';
import { accept, type Result, refuse } from '../../domain/result.ts';
import { roles } from '../../domain/roles/role.ts';
import { decideAssignRole, decideUnassignRole, type User, users } from '../../domain/users/user.ts';
import type { Command, Scope } from '../command.ts';
import { EVERY_PERMISSION, may } from '../permissions.ts';
import { ownerRefusal, type UserCommandRefusal } from './user-command.ts';

const input = z.strictObject({ userId, roleId });
type Input = z.output<typeof input>;

/** Nobody grants more than he holds. */
type RoleRefusal = UserCommandRefusal | { readonly reason: 'role-not-found' } | { readonly reason: 'role-exceeds-own' };

const shared = {
  input,
  permissions: ['internal_role_mgt_users_update'],
  aggregate: users,
  target: (given: Input): string => given.userId,
  facts: mayGrant,
};

export const assignRole: Command<Input, User, RoleRefusal, null> = {
  ...shared,
  type: 'AssignRole',
  summary: 'Gives a user a role.',
  decide: (user, given) => decideAssignRole(user, given.roleId),
};

export const unassignRole: Command<Input, User, RoleRefusal, null> = {
  ...shared,
  type: 'UnassignRole',
  summary: 'Takes a role from a user.',
  decide: (user, given) => decideUnassignRole(user, given.roleId),
};

async function mayGrant(scope: Scope<Input>): Promise<Result<null, RoleRefusal>> {
  const { kernel, envelope, input: given } = scope;
  const owner = await ownerRefusal(scope);
  if (owner !== null) return refuse(owner);
  const { state: role } = await kernel.aggregates.load(roles, given.roleId);
  if (role.status !== 'present' || role.org !== envelope.caller.org) return refuse({ reason: 'role-not-found' });
  const holdsAll = [...role.permissions].every((permission) =>
    permission === EVERY_PERMISSION
      ? envelope.caller.kind === 'system' || envelope.caller.permissions.has(EVERY_PERMISSION)
      : may(envelope.caller, [permission]),
  );
  return holdsAll ? accept(null) : refuse({ reason: 'role-exceeds-own' });
}
