/** Who is in a group: joined and left, one event each on the user's own stream. */
import { z } from 'zod';
import { groups } from '../../domain/groups/group.ts';
import { groupId, userId } from '../../domain/id-parsers.ts';
import type { MembershipRefusal } from '../../domain/memberships.ts';
import { accept, type Result, refuse } from '../../domain/result.ts';
import { decideJoinGroup, decideLeaveGroup, type User, users } from '../../domain/users/user.ts';
import type { Command, Scope } from '../command.ts';
import { mayGiveAll } from '../roles/grantable.ts';
import { ownerRefusal, type UserCommandRefusal } from '../users/user-command.ts';

const input = z.strictObject({ groupId, userId });
type Input = z.output<typeof input>;

export type GroupMemberRefusal =
  | UserCommandRefusal
  | MembershipRefusal
  | { readonly reason: 'group-not-found' }
  /** The group's roles carry more than the caller holds. */
  | { readonly reason: 'role-exceeds-own' };

type MemberCommand = Command<Input, User, GroupMemberRefusal, null>;

const shared = {
  input,
  permissions: ['internal_group_mgt_update'],
  aggregate: users,
  target: (given: Input): string => given.userId,
  facts: mayMove,
};

export const addGroupMember: MemberCommand = {
  ...shared,
  type: 'AddGroupMember',
  summary: 'Takes a user into a group.',
  decide: (user, given) => decideJoinGroup(user, given.groupId),
};

export const removeGroupMember: MemberCommand = {
  ...shared,
  type: 'RemoveGroupMember',
  summary: 'Takes a user out of a group.',
  decide: (user, given) => decideLeaveGroup(user, given.groupId),
};

async function mayMove(scope: Scope<Input>): Promise<Result<null, GroupMemberRefusal>> {
  const { kernel, envelope, input: given } = scope;
  const owner = await ownerRefusal(scope);
  if (owner !== null) return refuse(owner);
  const { state: group } = await kernel.aggregates.load(groups, given.groupId);
  if (group.status !== 'present' || group.org !== envelope.caller.org) return refuse({ reason: 'group-not-found' });
  return (await mayGiveAll(scope, group.roles)) ? accept(null) : refuse({ reason: 'role-exceeds-own' });
}
