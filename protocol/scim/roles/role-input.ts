/** What a request says of a role, read from a whole resource or from PATCH operations. */
import type { Json } from '../../../domain/json.ts';
import type { Role } from '../../../domain/roles/role.ts';
import type { FilterNode } from '../filter/syntax.ts';
import { type MemberEdit, memberIds, membersAnew, noEdit, withAdded, withRemoved } from '../members/edit.ts';
import { type NamedMember, namedMembers, type PlainOperation } from '../members/operations.ts';
import { quoted, ScimError } from '../scim-error.ts';
import { isMap, TEXT_CHARACTERS_MAX } from '../users/values.ts';

const PERMISSIONS_MAX = 5_000;

export interface RoleWrite {
  /** Null: as it is. */
  readonly name: string | null;
  readonly permissions: ReadonlySet<string> | null;
  readonly users: MemberEdit;
  readonly groups: MemberEdit;
}

export interface RoleBody extends RoleWrite {
  readonly audience: { readonly type: string; readonly value: string } | null;
}

export const noWrite: RoleWrite = { name: null, permissions: null, users: noEdit, groups: noEdit };

export function readRole(body: unknown): RoleBody {
  if (!isMap(body)) throw new ScimError(400, 'invalidSyntax', 'A role is a JSON object.');
  const given = new Map(Object.entries(body).map(([name, value]) => [name.toLowerCase(), value]));
  const [name, permissions] = [given.get('displayname') ?? null, given.get('permissions') ?? null];
  return {
    name: name === null ? null : nameIn(name),
    permissions: permissions === null ? null : new Set(permissionsIn(permissions)),
    audience: audienceIn(given.get('audience') ?? null),
    users: withAdded(noEdit, memberIds('users', given.get('users'))),
    groups: withAdded(noEdit, memberIds('groups', given.get('groups'))),
  };
}

function nameIn(value: Json): string {
  if (typeof value === 'string' && value.length <= TEXT_CHARACTERS_MAX && value.isWellFormed()) return value;
  throw new ScimError(400, 'invalidValue', 'The displayName of a role is a text.');
}

/** V1 sends names, V2 and V3 objects with the name as their value. */
function permissionsIn(raw: Json): readonly string[] {
  const list: readonly Json[] = Array.isArray(raw) ? raw : [raw];
  if (list.length > PERMISSIONS_MAX) throw new ScimError(400, 'tooMany', `More than ${PERMISSIONS_MAX} permissions.`);
  return list.map((element) => {
    const value = isMap(element) ? element['value'] : element;
    if (typeof value === 'string' && value.length <= 255) return value;
    throw new ScimError(400, 'invalidValue', 'Each of the permissions has a value, its name.');
  });
}

function audienceIn(raw: Json): RoleBody['audience'] {
  if (raw === null) return null;
  const value = isMap(raw) ? raw['value'] : undefined;
  const type = isMap(raw) ? raw['type'] : undefined;
  if (typeof value === 'string' && typeof type === 'string')
    return { type: type.toLowerCase(), value: value.toLowerCase() };
  throw new ScimError(400, 'invalidValue', 'An audience has a value and a type.');
}

export interface RolePatch {
  readonly before: Pick<Role, 'permissions'>;
  /** False: membership has endpoints of its own, and what is said of it here is passed over (V3). */
  readonly withMembers: boolean;
  readonly namedUsers: (named: readonly NamedMember[]) => Promise<readonly string[]>;
}

export async function patchedRole(patch: RolePatch, write: RoleWrite, operation: PlainOperation): Promise<RoleWrite> {
  const { op, name, filter, value = null } = operation;
  switch (name?.split('.', 1).join('')) {
    case 'displayname':
      if (op === 'remove') throw new ScimError(400, 'mutability', 'The displayName of a role cannot be removed.');
      return { ...write, name: nameIn(value) };
    case 'permissions':
      return { ...write, permissions: patchedPermissions(write.permissions ?? patch.before.permissions, operation) };
    case 'users':
      return patch.withMembers ? { ...write, users: await patchedMembers(patch, write.users, operation) } : write;
    case 'groups':
      return patch.withMembers ? { ...write, groups: await patchedMembers(patch, write.groups, operation) } : write;
    case 'audience':
    case 'id':
    case 'meta':
    case 'associatedapplications':
      if (!operation.byPath && filter === null) return write;
      throw new ScimError(400, 'mutability', `Attribute ${name} of a role cannot be changed.`);
    default:
      if (!operation.byPath) return write;
      throw new ScimError(400, 'noTarget', `A role has no attribute ${quoted(name ?? '')}.`);
  }
}

function patchedPermissions(before: ReadonlySet<string>, { op, filter, value }: PlainOperation): ReadonlySet<string> {
  if (filter !== null) {
    const named = namedMembers(filter).map(({ text }) => text);
    if (op === 'remove') return before.difference(new Set(named));
    throw new ScimError(400, 'mutability', 'A permission is added or removed as a whole.');
  }
  const given = value === undefined || value === null ? [] : permissionsIn(value);
  if (op === 'add') return before.union(new Set(given));
  if (op === 'replace') return new Set(given);
  return value === undefined ? new Set() : before.difference(new Set(given));
}

type Named = Pick<RolePatch, 'namedUsers'>;

export async function patchedMembers(
  { namedUsers }: Named,
  edit: MemberEdit,
  operation: PlainOperation,
): Promise<MemberEdit> {
  const { op, filter, value } = operation;
  if (filter !== null) {
    const named = await idsBy(namedUsers, filter);
    if (op === 'remove') return withRemoved(edit, named);
    throw new ScimError(400, 'mutability', 'A holder of a role is added or removed as a whole.');
  }
  const ids = memberIds('members', value);
  if (op === 'add') return withAdded(edit, ids);
  if (op === 'replace') return membersAnew(ids);
  return value === undefined ? membersAnew([]) : withRemoved(edit, ids);
}

const idsBy = (namedUsers: Named['namedUsers'], filter: FilterNode): Promise<readonly string[]> =>
  namedUsers(namedMembers(filter));
