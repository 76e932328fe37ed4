/** Roles as SCIM shows them, in each published form. */
import type { Kernel } from '../../../commands/kernel.ts';
import { applications } from '../../../domain/applications/application.ts';
import type { Json } from '../../../domain/json.ts';
import { organizations } from '../../../domain/organizations/organization.ts';
import type { Role } from '../../../domain/roles/role.ts';
import { ROLE_SCHEMA } from '../../../domain/roles/role-schema.ts';
import { text } from '../../../domain/users/attribute-definition.ts';
import type { Document } from '../../../infra/read-store/read-store.ts';
import { openMembershipsOf } from '../../../read-api/memberships.ts';
import { commonPlaces, type FilterParts, type Place } from '../members/filter.ts';
import { isShown, type Shown } from '../members/listing.ts';
import { type Ground, shownMembers } from '../members/present.ts';
import { type RolesVersion, rolesPath } from './versions.ts';

export const rolePlaces = new Map<string, Place>([
  ...commonPlaces,
  ['audience.value', { path: 'audience.value', definition: text('value', '', { caseExact: true }) }],
  ['audience.type', { path: 'audience.type', definition: text('type', '') }],
]);

export const roleFilterParts = (ground: Ground): FilterParts => {
  const heldBy = async (holder: string) => {
    const memberships = await openMembershipsOf(ground.door.readStore, ground, [holder]);
    return memberships.filter(({ targetType }) => targetType === 'role').map(({ target }) => target);
  };
  return {
    places: rolePlaces,
    memberships: new Map([
      ['users', heldBy],
      ['groups', heldBy],
    ]),
  };
};

export const roleLocation = (base: string, version: RolesVersion, id: string): string =>
  `${base}${rolesPath[version]}/${id}`;

/** In the shape of the read model's document. */
export const documentOfRole = (id: string, role: Role): Document => ({
  id,
  tenant: role.tenant,
  org: role.org,
  displayName: role.name,
  audience: { type: role.audience.type, value: role.audience.id },
  permissions: Object.fromEntries([...role.permissions].map((permission) => [permission, true])),
  meta: { created: role.createdAt, lastModified: role.modifiedAt },
});

export interface RolePresentation {
  readonly version: RolesVersion;
  readonly shown: Shown;
  /** `list`: permissions and members only where they are asked for. */
  readonly why: 'question' | 'change' | 'list';
}

export async function presentRole(
  ground: Ground & { readonly door: { readonly kernel: Kernel } },
  document: Document,
  { version, shown, why }: RolePresentation,
): Promise<{ readonly [name: string]: Json }> {
  const { id, displayName, meta } = document;
  const byDefault = why !== 'list';
  const wants = (name: string): boolean => isShown(shown, name, byDefault);
  const members = async (name: 'users' | 'groups', holderType: 'user' | 'group') => {
    if (!wants(name)) return {};
    const list = await shownMembers(ground, { target: id, holderType, why });
    return list === undefined || list.length === 0 ? {} : { [name]: list };
  };
  const audience = await audienceOf(ground.door.kernel, document);
  const permissions = Object.keys(document['permissions'] as object).sort();
  const location = roleLocation(ground.base, version, id);
  return {
    schemas: [ROLE_SCHEMA],
    id,
    ...(isShown(shown, 'displayName', true) ? { displayName: String(displayName) } : {}),
    ...(isShown(shown, 'audience', true) && version !== 'v1' ? { audience } : {}),
    ...(wants('permissions') ? { permissions: version === 'v1' ? permissions : permissions.map(permissionOf) } : {}),
    ...(await members('users', 'user')),
    ...(await members('groups', 'group')),
    ...(wants('associatedApplications') && version !== 'v1' ? associated(ground.base, audience) : {}),
    ...(wants('properties') && version !== 'v1' ? { properties: NOT_SHARED } : {}),
    ...(isShown(shown, 'meta', true) ? { meta: { ...(meta as object), location, resourceType: 'Role' } } : {}),
  };
}

const NOT_SHARED = [{ name: 'isSharedRole', value: 'false' }];

const permissionOf = (name: string) => ({ value: name, display: name });

interface ShownAudience {
  readonly value: string;
  readonly display: string;
  readonly type: 'organization' | 'application';
  readonly [name: string]: Json;
}

async function audienceOf(kernel: Kernel, { audience }: Document): Promise<ShownAudience> {
  const { type, value } = audience as { readonly type: ShownAudience['type']; readonly value: string };
  const { state } =
    type === 'application'
      ? await kernel.aggregates.load(applications, value)
      : await kernel.aggregates.load(organizations, value);
  return { value, display: state.name, type };
}

function associated(base: string, { type, value, display }: ShownAudience) {
  if (type !== 'application') return {};
  return { associatedApplications: [{ value, display, $ref: `${base}/api/server/v1/applications/${value}` }] };
}
