/** Groups themselves, and the roles that they hold for their members. */
import { z } from 'zod';
import {
  decideChangeGroup,
  decideCreateGroup,
  decideDeleteGroup,
  decideGiveGroupRole,
  decideTakeGroupRole,
  type Group,
  type GroupRefusal,
  groups,
} from '../../domain/groups/group.ts';
import { groupId, roleId } from '../../domain/id-parsers.ts';
import type { MembershipRefusal } from '../../domain/memberships.ts';
import { accept } from '../../domain/result.ts';
import type { Command } from '../command.ts';
import { type GrantRefusal, mayGiveRole } from '../roles/grantable.ts';

export type GroupCommandRefusal = GroupRefusal | MembershipRefusal | GrantRefusal;

const externalId = z.string().max(255).nullable().optional();
const createInput = z.strictObject({ name: z.string(), externalId });

export const createGroup: Command<z.output<typeof createInput>, Group, GroupCommandRefusal> = {
  type: 'CreateGroup',
  summary: 'Creates a group in the caller’s organization.',
  input: createInput,
  permissions: ['internal_group_mgt_create'],
  aggregate: groups,
  target: () => null,
  decide: (group, { name, externalId: given }, _, { envelope }) =>
    decideCreateGroup(group, { org: envelope.caller.org, name, externalId: given ?? null }),
};

const changeInput = z.strictObject({ groupId, name: z.string().optional(), externalId });

export const changeGroup: Command<z.output<typeof changeInput>, Group, GroupCommandRefusal> = {
  type: 'ChangeGroup',
  summary: 'Changes a group’s name, and its id in the system that it comes from.',
  input: changeInput,
  permissions: ['internal_group_mgt_update'],
  aggregate: groups,
  target: (given) => given.groupId,
  decide: (group, { name, externalId: given }) =>
    decideChangeGroup(group, {
      ...(name === undefined ? {} : { name }),
      ...(given === undefined ? {} : { externalId: given }),
    }),
};

const only = z.strictObject({ groupId });

export const deleteGroup: Command<z.output<typeof only>, Group, GroupCommandRefusal> = {
  type: 'DeleteGroup',
  summary: 'Deletes a group; its members lose the roles that they held through it.',
  input: only,
  permissions: ['internal_group_mgt_delete'],
  aggregate: groups,
  target: (given) => given.groupId,
  decide: (group) => decideDeleteGroup(group),
};

const roleInput = z.strictObject({ groupId, roleId });
type RoleInput = z.output<typeof roleInput>;

const ofRole = {
  input: roleInput,
  permissions: ['internal_role_mgt_groups_update', 'internal_role_mgt_update'],
  aggregate: groups,
  target: (given: RoleInput): string => given.groupId,
};

type RoleCommand = Command<RoleInput, Group, GroupCommandRefusal, null>;

const mayGrant: NonNullable<RoleCommand['facts']> = async (scope) => {
  const granted = await mayGiveRole(scope, scope.input.roleId);
  return granted.ok ? accept(null) : granted;
};

export const assignRoleToGroup: RoleCommand = {
  ...ofRole,
  type: 'AssignRoleToGroup',
  summary: 'Gives a role to a group; its members hold it through the group.',
  facts: mayGrant,
  decide: (group, given) => decideGiveGroupRole(group, given.roleId),
};

export const unassignRoleFromGroup: RoleCommand = {
  ...ofRole,
  type: 'UnassignRoleFromGroup',
  summary: 'Takes a role from a group.',
  facts: mayGrant,
  decide: (group, given) => decideTakeGroupRole(group, given.roleId),
};
