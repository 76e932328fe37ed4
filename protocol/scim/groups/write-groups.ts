/** Groups as changes: create, replace, patch, delete (RFC 7644 §3.3, §3.5, §3.6). */
import type { Outcome } from '../../../commands/command.ts';
import {
  changeGroup as changeGroupCommand,
  createGroup,
  deleteGroup,
} from '../../../commands/groups/group-commands.ts';
import { addGroupMember, removeGroupMember } from '../../../commands/groups/membership.ts';
import { execute } from '../../../commands/pipeline.ts';
import type { AnyCommand } from '../../../commands/registry.ts';
import { type Group, groups } from '../../../domain/groups/group.ts';
import { isUuid } from '../../../domain/id-parsers.ts';
import type { Json } from '../../../domain/json.ts';
import type { Position } from '../../../infra/event-store/position.ts';
import { MEMBERSHIPS } from '../../../projections/access.ts';
import { reachPosition } from '../../../read-api/min-position.ts';
import type { Request, Response } from '../../http/route.ts';
import { applyMembers, type MembersOf, prepareMembers } from '../members/change-members.ts';
import { isEdit, type MemberEdit, memberIds, membersAnew, noEdit, withAdded, withRemoved } from '../members/edit.ts';
import { withoutStore } from '../members/filter.ts';
import { later } from '../members/later-position.ts';
import { shownByQuery } from '../members/listing.ts';
import { namedUsers, requireUsers, withRight } from '../members/named-users.ts';
import { namedMembers, type PlainOperation, plainOperations } from '../members/operations.ts';
import { callerOf, envelopeOf, type ScimDoor, scimReply } from '../scim-door.ts';
import { quoted, ScimError } from '../scim-error.ts';
import { isMap, TEXT_CHARACTERS_MAX } from '../users/values.ts';
import { documentOfGroup, groundOf, groupLocation, presentGroup } from './group-resource.ts';
import { groupError, groupNotFound, memberError } from './refusals.ts';

interface GroupWrite {
  /** Null: as it is. */
  readonly name: string | null;
  /** Undefined: as it is; null: none. */
  readonly externalId: string | null | undefined;
  readonly members: MemberEdit;
}

export async function postGroup(door: ScimDoor, request: Request): Promise<Response> {
  const { name, externalId = null, members } = readGroup(request.body);
  if (name === null) throw missingName;
  const envelope = envelopeOf(request);
  const about = { id: '', name };
  const input = { name, externalId };
  const rehearsed = await execute(door.kernel, createGroup, input, { ...envelope, dryRun: true });
  if (!rehearsed.ok) throw groupError(rehearsed.refusal, about);
  await requireUsers(door, request, members.added);

  const created = await execute(door.kernel, createGroup, input, envelope);
  if (!created.ok) throw groupError(created.refusal, about);
  const { id, state, pendingApproval } = created.value;
  if (pendingApproval !== undefined) return { status: 202, body: null };
  // The right to create a group is the right to say who is in it from the start: it holds no role yet.
  const empowered = withRight(request, addGroupMember.permissions);
  const change = await prepareMembers(door, empowered, membersOfGroup(id), members);
  const position = later(created.value.position, await applyMembers(door, change));
  return await answer(door, request, { id, state, position, status: 201 });
}

export async function putGroup(door: ScimDoor, request: Request): Promise<Response> {
  const { name, externalId = null, members } = readGroup(request.body);
  if (name === null) throw missingName;
  return await changeGroup(door, request, { name, externalId, members: membersAnew(members.added) });
}

export async function patchGroup(door: ScimDoor, request: Request): Promise<Response> {
  let change: GroupWrite = { name: null, externalId: undefined, members: noEdit };
  for (const operation of plainOperations(request.body)) change = await patched(door, request, change, operation);
  return await changeGroup(door, request, change);
}

export async function removeGroup(door: ScimDoor, request: Request): Promise<Response> {
  const { id = '' } = request.params;
  if (!isUuid(id)) throw groupNotFound(id);
  const removed = await execute(door.kernel, deleteGroup, { groupId: id }, envelopeOf(request));
  if (!removed.ok) throw groupError(removed.refusal, { id, name: '' });
  const { position, pendingApproval } = removed.value;
  return { status: pendingApproval === undefined ? 204 : 202, body: null, ...(position === null ? {} : { position }) };
}

/** Everything is decided before anything is stored. */
async function changeGroup(
  door: ScimDoor,
  request: Request,
  { name, externalId, members }: GroupWrite,
): Promise<Response> {
  const { kernel } = door;
  const { id = '' } = request.params;
  const { tenant, org } = callerOf(request);
  const { state, position: before } = isUuid(id) ? await kernel.aggregates.load(groups, id) : noGroup;
  if (state.status !== 'present' || state.tenant !== tenant || state.org !== org) throw groupNotFound(id);

  const envelope = envelopeOf(request);
  const changes =
    (name !== null && name !== state.name) || (externalId !== undefined && externalId !== state.externalId);
  const input = {
    groupId: id,
    ...(name === null ? {} : { name }),
    ...(externalId === undefined ? {} : { externalId }),
  };
  const describe = async (dryRun: boolean): Promise<Outcome<Group>> => {
    const changed = await execute(kernel, changeGroupCommand, input, { ...envelope, dryRun });
    if (!changed.ok) throw groupError(changed.refusal, { id, name: name ?? '' });
    return changed.value;
  };
  if (changes) await describe(true);
  const change = isEdit(members) ? await prepareMembers(door, request, membersOfGroup(id), members) : null;
  const changed = changes ? await describe(false) : null;
  if (changed?.pendingApproval !== undefined) return { status: 202, body: null };
  const moved = change === null ? null : await applyMembers(door, change);
  const position = later(changed?.position ?? before, moved);
  return await answer(door, request, { id, state: changed?.state ?? state, position, status: 200 });
}

const noGroup = { state: groups.initial, position: null } as const;

interface Answered {
  readonly id: string;
  readonly state: Group;
  readonly position: Position | null;
  readonly status: number;
}

async function answer(door: ScimDoor, request: Request, { id, state, position, status }: Answered): Promise<Response> {
  await reachPosition(door.readStore, MEMBERSHIPS, later(position, request.minPosition));
  const ground = groundOf(door, request);
  const presentation = { shown: shownByQuery(request.query), why: 'change' } as const;
  const body = await presentGroup(ground, documentOfGroup(id, state), presentation);
  const reply = scimReply(status, body, { location: groupLocation(ground.base, id) });
  return { ...reply, ...(position === null ? {} : { position }) };
}

const membersOfGroup = (target: string): MembersOf => ({
  target,
  holderType: 'user',
  add: addGroupMember as AnyCommand,
  remove: removeGroupMember as AnyCommand,
  input: (userId) => ({ groupId: target, userId }),
  refused: memberError,
});

const missingName = new ScimError(400, 'invalidValue', 'Attribute displayName is required.');

function readGroup(body: unknown): GroupWrite {
  if (!isMap(body)) throw new ScimError(400, 'invalidSyntax', 'A group is a JSON object.');
  const given = new Map(Object.entries(body).map(([name, value]) => [name.toLowerCase(), value]));
  const name = given.get('displayname') ?? null;
  return {
    name: name === null ? null : nameOf(name),
    externalId: externalIdOf(given.get('externalid') ?? null),
    members: withAdded(noEdit, memberIds('members', given.get('members'))),
  };
}

function nameOf(value: Json): string {
  if (typeof value !== 'string' || value.length > TEXT_CHARACTERS_MAX || !value.isWellFormed()) {
    throw new ScimError(400, 'invalidValue', 'Attribute displayName takes a text.');
  }
  return withoutStore(value);
}

function externalIdOf(value: Json): string | null {
  if (value === null) return null;
  if (typeof value === 'string' && value.length <= 255 && value.isWellFormed()) return value;
  throw new ScimError(400, 'invalidValue', 'Attribute externalId takes a text of at most 255 characters.');
}

async function patched(
  door: ScimDoor,
  request: Request,
  change: GroupWrite,
  operation: PlainOperation,
): Promise<GroupWrite> {
  const { op, name, value } = operation;
  switch (name) {
    case 'displayname':
      if (op === 'remove') throw new ScimError(400, 'mutability', 'Attribute displayName cannot be removed.');
      return { ...change, name: nameOf(value ?? null) };
    case 'members':
    case 'members.value':
      return { ...change, members: await patchedMembers(door, request, change.members, operation) };
    case 'id':
    case 'meta':
    case 'roles':
      throw new ScimError(400, 'mutability', `Attribute ${name} is read-only.`);
    case 'schemas':
      return change;
    case 'externalid':
      return { ...change, externalId: op === 'remove' ? null : externalIdOf(value ?? null) };
    default:
      if (!operation.byPath) return change;
      throw new ScimError(400, 'noTarget', `A group has no attribute ${quoted(name ?? '')}.`);
  }
}

async function patchedMembers(
  door: ScimDoor,
  request: Request,
  edit: MemberEdit,
  { op, filter, value }: PlainOperation,
): Promise<MemberEdit> {
  if (filter !== null) {
    const named = await namedUsers(door, request, namedMembers(filter));
    if (op === 'remove') return withRemoved(edit, named);
    throw new ScimError(400, 'mutability', 'A member is added or removed as a whole.');
  }
  const ids = memberIds('members', value);
  if (op === 'add') return withAdded(edit, ids);
  if (op === 'replace') return membersAnew(ids);
  return value === undefined ? membersAnew([]) : withRemoved(edit, ids);
}
