/** Roles as questions: one, a page, a search. */
import { isUuid } from '../../../domain/id-parsers.ts';
import { ROLES } from '../../../projections/access.ts';
import { documentOf, pageOf } from '../../../read-api/documents.ts';
import type { Request, Response } from '../../http/route.ts';
import { compileFilter } from '../members/filter.ts';
import {
  type Listing,
  listingOfBody,
  listingOfQuery,
  listReply,
  pageRequest,
  shownByQuery,
} from '../members/listing.ts';
import { callerOf, type ScimDoor, scimReply } from '../scim-door.ts';
import { roleNotFound } from './refusals.ts';
import { presentRole, roleFilterParts, rolePlaces } from './role-resource.ts';
import type { RolesVersion } from './versions.ts';

export const getRole =
  (version: RolesVersion) =>
  async (door: ScimDoor, request: Request): Promise<Response> => {
    const { id = '' } = request.params;
    const document = isUuid(id) ? await documentOf(door.readStore, ROLES, scopeOf(request), id) : null;
    if (document === null) throw roleNotFound(id);
    const presentation = { version, shown: shownByQuery(request.query), why: 'question' } as const;
    return scimReply(200, await presentRole(roleGround(door, request), document, presentation));
  };

export const listRoles = (version: RolesVersion) => (door: ScimDoor, request: Request) =>
  page(door, request, { version, listing: listingOfQuery(request, rolePlaces) });

export const searchRoles = (version: RolesVersion) => (door: ScimDoor, request: Request) =>
  page(door, request, { version, listing: listingOfBody(request, rolePlaces) });

async function page(
  door: ScimDoor,
  request: Request,
  { version, listing }: { readonly version: RolesVersion; readonly listing: Listing },
): Promise<Response> {
  const ground = roleGround(door, request);
  const filter = listing.filter === null ? null : await compileFilter(listing.filter, roleFilterParts(ground));
  const found = await pageOf(door.readStore, ROLES, scopeOf(request), pageRequest(listing, filter));
  const resources: object[] = [];
  for (const document of found.documents) {
    resources.push(await presentRole(ground, document, { version, shown: listing.shown, why: 'list' }));
  }
  return listReply(listing, found, resources);
}

export function roleGround(door: ScimDoor, request: Request) {
  const { tenant, org } = callerOf(request);
  return { door, tenant, org, base: request.tenant.baseUrl };
}

function scopeOf(request: Request) {
  const { tenant, org } = callerOf(request);
  return { tenant, org, minPosition: request.minPosition };
}
