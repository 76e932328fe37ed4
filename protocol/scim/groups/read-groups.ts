/** Groups as questions: one, a page, a search (RFC 7644 §3.4). */
import { isUuid } from '../../../domain/id-parsers.ts';
import { GROUPS } from '../../../projections/access.ts';
import { documentOf } from '../../../read-api/documents.ts';
import type { Request, Response } from '../../http/route.ts';
import { shownByQuery } from '../members/listing.ts';
import { callerOf, type ScimDoor, scimReply } from '../scim-door.ts';
import { groundOf, presentGroup } from './group-resource.ts';
import { groupNotFound } from './refusals.ts';

export async function getGroup(door: ScimDoor, request: Request): Promise<Response> {
  const { id = '' } = request.params;
  const document = isUuid(id) ? await documentOf(door.readStore, GROUPS, scopeOf(request), id) : null;
  if (document === null) throw groupNotFound(id);
  const presentation = { shown: shownByQuery(request.query), why: 'question' } as const;
  return scimReply(200, await presentGroup(groundOf(door, request), document, presentation));
}

function scopeOf(request: Request) {
  const { tenant, org } = callerOf(request);
  return { tenant, org, minPosition: request.minPosition };
}
