/** Groups as questions: one, a page, a search (RFC 7644 §3.4). */
import { isUuid } from '../../../domain/id-parsers.ts';
import { GROUPS } from '../../../projections/access.ts';
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
import { groundOf, groupFilterParts, groupPlaces, presentGroup } from './group-resource.ts';
import { groupNotFound } from './refusals.ts';

export async function getGroup(door: ScimDoor, request: Request): Promise<Response> {
  const { id = '' } = request.params;
  const document = isUuid(id) ? await documentOf(door.readStore, GROUPS, scopeOf(request), id) : null;
  if (document === null) throw groupNotFound(id);
  const presentation = { shown: shownByQuery(request.query), why: 'question' } as const;
  return scimReply(200, await presentGroup(groundOf(door, request), document, presentation));
}

export const listGroups = (door: ScimDoor, request: Request): Promise<Response> =>
  page(door, request, listingOfQuery(request, groupPlaces));

export const searchGroups = (door: ScimDoor, request: Request): Promise<Response> =>
  page(door, request, listingOfBody(request, groupPlaces));

async function page(door: ScimDoor, request: Request, listing: Listing): Promise<Response> {
  const ground = groundOf(door, request);
  const filter = listing.filter === null ? null : await compileFilter(listing.filter, groupFilterParts(ground));
  const found = await pageOf(door.readStore, GROUPS, scopeOf(request), pageRequest(listing, filter));
  const resources: object[] = [];
  for (const document of found.documents) {
    resources.push(await presentGroup(ground, document, { shown: listing.shown, why: 'list' }));
  }
  return listReply(listing, found, resources);
}

function scopeOf(request: Request) {
  const { tenant, org } = callerOf(request);
  return { tenant, org, minPosition: request.minPosition };
}
