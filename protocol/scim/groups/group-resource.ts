/** Groups as SCIM shows them (RFC 7643 §4.2), with the roles that they hold. */

import type { Group } from '../../../domain/groups/group.ts';
import { CORE_GROUP } from '../../../domain/groups/group-schema.ts';
import type { Json } from '../../../domain/json.ts';
import { text } from '../../../domain/users/attribute-definition.ts';
import type { Document } from '../../../infra/read-store/read-store.ts';
import { openMembershipsOf } from '../../../read-api/memberships.ts';
import type { Request } from '../../http/route.ts';
import { commonPlaces, type FilterParts } from '../members/filter.ts';
import { isShown, type Shown } from '../members/listing.ts';
import { type Ground, heldBy, shownMembers } from '../members/present.ts';
import { callerOf, type ScimDoor } from '../scim-door.ts';

export const groupLocation = (base: string, id: string): string => `${base}/scim2/Groups/${id}`;

export function groundOf(door: ScimDoor, request: Request): Ground {
  const { tenant, org } = callerOf(request);
  return { door, tenant, org, base: request.tenant.baseUrl, minPosition: request.minPosition };
}

export const groupFilterParts = (ground: Ground): FilterParts => ({
  places: groupPlaces,
  memberships: new Map([
    [
      'members',
      async (holder) => {
        const memberships = await openMembershipsOf(ground.door.readStore, ground, [holder]);
        return memberships.filter(({ targetType }) => targetType === 'group').map(({ target }) => target);
      },
    ],
  ]),
});

export const groupPlaces = new Map([
  ...commonPlaces,
  ['externalid', { path: 'externalId', definition: text('externalId', '', { caseExact: true }) }] as const,
]);

/** In the shape of the read model's document. */
export const documentOfGroup = (id: string, group: Group): Document => ({
  id,
  tenant: group.tenant,
  org: group.org,
  displayName: group.name,
  ...(group.externalId === null ? {} : { externalId: group.externalId }),
  meta: { created: group.createdAt, lastModified: group.modifiedAt },
});

export interface Presentation {
  readonly shown: Shown;
  /** `list`: members and roles only where they are asked for. */
  readonly why: 'question' | 'change' | 'list';
}

export async function presentGroup(
  ground: Ground,
  document: Document,
  { shown, why }: Presentation,
): Promise<{ readonly [name: string]: Json }> {
  const { id, displayName, externalId, meta } = document;
  const byDefault = why !== 'list';
  const wants = (name: string): boolean => isShown(shown, name, byDefault);
  const members = wants('members') ? await shownMembers(ground, { target: id, holderType: 'user', why }) : undefined;
  const roles = wants('roles') ? ((await heldBy(ground, [id])).get(id)?.roles ?? []) : [];
  const created = { ...(meta as object), location: groupLocation(ground.base, id), resourceType: 'Group' };
  return {
    schemas: [CORE_GROUP],
    id,
    ...(isShown(shown, 'displayName', true) ? { displayName: String(displayName) } : {}),
    ...(externalId !== undefined && isShown(shown, 'externalId', true) ? { externalId } : {}),
    ...(members === undefined || members.length === 0 ? {} : { members }),
    ...(roles.length === 0 ? {} : { roles }),
    ...(isShown(shown, 'meta', true) ? { meta: created } : {}),
  };
}
