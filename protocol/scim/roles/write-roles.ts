/** Roles as changes: create, replace, patch, delete, and who holds them. */
import { assignRoleToGroup, unassignRoleFromGroup } from '../../../commands/groups/group-commands.ts';
import { execute } from '../../../commands/pipeline.ts';
import type { AnyCommand } from '../../../commands/registry.ts';
import { changeRole, createRole, deleteRole } from '../../../commands/roles/role-commands.ts';
import { assignRole, unassignRole } from '../../../commands/users/assign-role.ts';
import { groups } from '../../../domain/groups/group.ts';
import { isUuid } from '../../../domain/id-parsers.ts';
import { type Role, roles } from '../../../domain/roles/role.ts';
import type { Position } from '../../../infra/event-store/position.ts';
import type { HolderType } from '../../../projections/access.ts';
import { MEMBERSHIPS } from '../../../projections/access.ts';
import { reachPosition } from '../../../read-api/min-position.ts';
import type { Request, Response } from '../../http/route.ts';
import { memberError } from '../groups/refusals.ts';
import { applyMembers, type MembersOf, type PreparedChange, prepareMembers } from '../members/change-members.ts';
import { isEdit, type MemberEdit, memberIds, membersAnew, noEdit } from '../members/edit.ts';
import { later } from '../members/later-position.ts';
import { shownByQuery } from '../members/listing.ts';
import { namedUsers, requireUsers, withRight } from '../members/named-users.ts';
import { plainOperations } from '../members/operations.ts';
import { callerOf, envelopeOf, type ScimDoor, scimReply } from '../scim-door.ts';
import { ScimError } from '../scim-error.ts';
import { roleGround } from './read-roles.ts';
import { roleError, roleNotFound } from './refusals.ts';
import { noWrite, patchedMembers, patchedRole, type RoleBody, type RoleWrite, readRole } from './role-input.ts';
import { documentOfRole, presentRole, roleLocation } from './role-resource.ts';
import type { RolesVersion } from './versions.ts';

type Handler = (door: ScimDoor, request: Request) => Promise<Response>;

export const postRole =
  (version: RolesVersion): Handler =>
  async (door, request) => {
    const given = readRole(request.body);
    if (given.name === null) throw missingName;
    const input = { name: given.name, permissions: [...(given.permissions ?? [])], ...audienceInput(request, given) };
    const envelope = envelopeOf(request);
    const about = { id: '', name: given.name };
    // V3 keeps membership apart: whoever is named here is passed over.
    const { users, groups: holders } = version === 'v3' ? noWrite : given;
    const rehearsed = await execute(door.kernel, createRole, input, { ...envelope, dryRun: true });
    if (!rehearsed.ok) throw roleError(rehearsed.refusal, about);
    await requireUsers(door, request, users.added);
    await requireGroups(door, request, holders.added);

    const created = await execute(door.kernel, createRole, input, envelope);
    if (!created.ok) throw roleError(created.refusal, about);
    const { id, state, pendingApproval } = created.value;
    if (pendingApproval !== undefined) return { status: 202, body: null };
    // In V1 and V2 the right to create a role is the right to say who holds it from the start.
    const empowered = withRight(request, assignRole.permissions);
    const changes = await prepared(door, empowered, { id, users, groups: holders });
    const position = later(created.value.position, await applied(door, changes));
    return await answer(door, request, { version, id, state, position, status: 201 });
  };

export const putRole =
  (version: RolesVersion): Handler =>
  async (door, request) => {
    const given = readRole(request.body);
    if (given.name === null) throw missingName;
    const members = version === 'v3' ? { users: noEdit, groups: noEdit } : anew(given);
    const { name, permissions } = given;
    return await change(door, request, version, async () => ({
      name,
      permissions: permissions ?? new Set(),
      ...members,
    }));
  };

/** Whoever is left out goes. */
const anew = ({ users, groups: holders }: RoleWrite) => ({
  users: membersAnew(users.added),
  groups: membersAnew(holders.added),
});

export const patchRole =
  (version: RolesVersion): Handler =>
  async (door, request) => {
    const operations = plainOperations(request.body);
    return await change(door, request, version, async (before) => {
      const patch = {
        before,
        withMembers: version !== 'v3',
        namedUsers: (named: Parameters<typeof namedUsers>[2]) => namedUsers(door, request, named),
      };
      let write = noWrite;
      for (const operation of operations) write = await patchedRole(patch, write, operation);
      return write;
    });
  };

export const removeRole: Handler = async (door, request) => {
  const { id = '' } = request.params;
  if (!isUuid(id)) throw roleNotFound(id);
  const removed = await execute(door.kernel, deleteRole, { roleId: id }, envelopeOf(request));
  if (!removed.ok) throw roleError(removed.refusal, { id, name: '' });
  const { position, pendingApproval } = removed.value;
  return { status: pendingApproval === undefined ? 204 : 202, body: null, ...(position === null ? {} : { position }) };
};

/** A bare list: whoever is in it holds the role, and nobody else (V3). */
export const putHolders =
  (holderType: HolderType): Handler =>
  async (door, request) => {
    const { body } = request;
    if (!Array.isArray(body)) throw new ScimError(400, 'invalidSyntax', 'The body is a list of {"value": id}.');
    const edit = membersAnew(memberIds('members', body));
    return await change(door, request, 'v3', async () => withHolders(holderType, edit));
  };

export const patchHolders =
  (holderType: HolderType): Handler =>
  async (door, request) => {
    const operations = plainOperations(request.body, 'filter');
    return await change(door, request, 'v3', async () => {
      let edit = noEdit;
      const named = { namedUsers: (given: Parameters<typeof namedUsers>[2]) => namedUsers(door, request, given) };
      for (const operation of operations) edit = await patchedMembers(named, edit, operation);
      return withHolders(holderType, edit);
    });
  };

const withHolders = (holderType: HolderType, edit: MemberEdit): RoleWrite => ({
  ...noWrite,
  [holderType === 'user' ? 'users' : 'groups']: edit,
});

/** Everything is decided before anything is stored. */
async function change(
  door: ScimDoor,
  request: Request,
  version: RolesVersion,
  wanted: (before: Role) => Promise<RoleWrite>,
): Promise<Response> {
  const { kernel } = door;
  const { id = '' } = request.params;
  const { tenant, org } = callerOf(request);
  const { state, position: before } = isUuid(id) ? await kernel.aggregates.load(roles, id) : noRole;
  if (state.status !== 'present' || state.tenant !== tenant || state.org !== org) throw roleNotFound(id);

  const write = await wanted(state);
  const input = changeInput(id, write, state);
  const envelope = envelopeOf(request);
  const about = { id, name: write.name ?? state.name };
  if (input !== null) {
    const rehearsed = await execute(kernel, changeRole, input, { ...envelope, dryRun: true });
    if (!rehearsed.ok) throw roleError(rehearsed.refusal, about);
  }
  const changes = await prepared(door, request, { id, users: write.users, groups: write.groups });
  const changed = input === null ? null : await execute(kernel, changeRole, input, envelope);
  if (changed?.ok === false) throw roleError(changed.refusal, about);
  if (changed?.value.pendingApproval !== undefined) return { status: 202, body: null };
  const position = later(changed?.value.position ?? before, await applied(door, changes));
  return await answer(door, request, { version, id, state: changed?.value.state ?? state, position, status: 200 });
}

const noRole = { state: roles.initial, position: null } as const;

/** Null: neither name nor permissions are to change, so that no right to change them is needed. */
function changeInput(roleId: string, { name, permissions }: RoleWrite, state: Role): object | null {
  const renames = name !== null && name !== state.name;
  const changes = permissions !== null && permissions.symmetricDifference(state.permissions).size > 0;
  if (!renames && !changes) return null;
  return { roleId, ...(renames ? { name } : {}), ...(changes ? { permissions: [...permissions] } : {}) };
}

interface Holders {
  readonly id: string;
  readonly users: MemberEdit;
  readonly groups: MemberEdit;
}

async function prepared(door: ScimDoor, request: Request, given: Holders): Promise<readonly PreparedChange[]> {
  const changes: PreparedChange[] = [];
  if (isEdit(given.users)) changes.push(await prepareMembers(door, request, usersOf(given.id), given.users));
  if (isEdit(given.groups)) changes.push(await prepareMembers(door, request, groupsOf(given.id), given.groups));
  return changes;
}

async function applied(door: ScimDoor, changes: readonly PreparedChange[]): Promise<Position | null> {
  let position: Position | null = null;
  for (const prepared of changes) position = later(position, await applyMembers(door, prepared));
  return position;
}

const usersOf = (target: string): MembersOf => ({
  target,
  holderType: 'user',
  add: assignRole as AnyCommand,
  remove: unassignRole as AnyCommand,
  input: (userId) => ({ roleId: target, userId }),
  refused: memberError,
});

const groupsOf = (target: string): MembersOf => ({
  target,
  holderType: 'group',
  add: assignRoleToGroup as AnyCommand,
  remove: unassignRoleFromGroup as AnyCommand,
  input: (groupId) => ({ roleId: target, groupId }),
  refused: ({ reason }, member) => memberError({ reason: reason === 'group-not-found' ? 'not-found' : reason }, member),
});

async function requireGroups(door: ScimDoor, request: Request, ids: Iterable<string>): Promise<void> {
  const { tenant, org } = callerOf(request);
  for (const id of ids) {
    const { state } = await door.kernel.aggregates.load(groups, id);
    const isHere = state.status === 'present' && state.tenant === tenant && state.org === org;
    if (!isHere) throw memberError({ reason: 'not-found' }, id);
  }
}

const missingName = new ScimError(400, 'invalidValue', 'A role needs a displayName.');
const unknownAudience = { reason: 'audience-unknown' } as const;

function audienceInput(request: Request, { audience, name }: RoleBody): { readonly applicationId?: string } {
  if (audience === null) return {};
  const about = { id: '', name: name ?? '' };
  if (audience.type === 'application' && isUuid(audience.value)) return { applicationId: audience.value };
  if (audience.type === 'organization' && audience.value === callerOf(request).org) return {};
  throw roleError(unknownAudience, about);
}

interface Answered {
  readonly version: RolesVersion;
  readonly id: string;
  readonly state: Role;
  readonly position: Position | null;
  readonly status: number;
}

async function answer(door: ScimDoor, request: Request, answered: Answered): Promise<Response> {
  const { version, id, state, position, status } = answered;
  await reachPosition(door.readStore, MEMBERSHIPS, later(position, request.minPosition));
  const ground = roleGround(door, request);
  const presentation = { version, shown: shownByQuery(request.query), why: 'change' } as const;
  const body = await presentRole(ground, documentOfRole(id, state), presentation);
  const reply = scimReply(status, body, { location: roleLocation(ground.base, version, id) });
  return { ...reply, ...(position === null ? {} : { position }) };
}
