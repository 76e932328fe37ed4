/** Roles of a user: given and taken, one event each on the user's own stream. */
import { z } from 'zod';
import { roleId, userId } from '../../domain/id-parsers.ts';
import type { MembershipRefusal } from '../../domain/memberships.ts';
import { organizations } from '../../domain/organizations/organization.ts';
import { accept, type Result, refuse } from '../../domain/result.ts';
import { decideAssignRole, decideUnassignRole, type User, users } from '../../domain/users/user.ts';
import type { Command, Scope } from '../command.ts';
import { type GrantRefusal, mayGiveRole } from '../roles/grantable.ts';
import { ownerRefusal, type UserCommandRefusal } from './user-command.ts';

const input = z.strictObject({ userId, roleId });
type Input = z.output<typeof input>;

/** Nobody grants more than he holds. */
export type RoleHolderRefusal = UserCommandRefusal | GrantRefusal | MembershipRefusal;

const shared = {
  input,
  permissions: ['internal_role_mgt_users_update', 'internal_role_mgt_update'],
  aggregate: users,
  target: (given: Input): string => given.userId,
};

export const assignRole: Command<Input, User, RoleHolderRefusal, null> = {
  ...shared,
  type: 'AssignRole',
  summary: 'Gives a user a role.',
  facts: mayGrant,
  decide: (user, given) => decideAssignRole(user, given.roleId),
};

export const unassignRole: Command<Input, User, RoleHolderRefusal, null> = {
  ...shared,
  type: 'UnassignRole',
  summary: 'Takes a role from a user.',
  facts: async (scope) => ((await isOwnersRole(scope)) ? refuse({ reason: 'owner-protected' }) : await mayGrant(scope)),
  decide: (user, given) => decideUnassignRole(user, given.roleId),
};

async function mayGrant(scope: Scope<Input>): Promise<Result<null, RoleHolderRefusal>> {
  const owner = await ownerRefusal(scope);
  if (owner !== null) return refuse(owner);
  const granted = await mayGiveRole(scope, scope.input.roleId);
  return granted.ok ? accept(null) : granted;
}

/** An organization never loses its last administrator, not even by his own hand. */
async function isOwnersRole({ kernel, envelope, input: given }: Scope<Input>): Promise<boolean> {
  const { state } = await kernel.aggregates.load(organizations, envelope.caller.org);
  return state.owner === given.userId && state.administratorRole === given.roleId;
}
