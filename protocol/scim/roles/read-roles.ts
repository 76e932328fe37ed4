/** Roles as questions: one, a page, a search. */
import { isUuid } from '../../../domain/id-parsers.ts';
import { ROLES } from '../../../projections/access.ts';
import { documentOf } from '../../../read-api/documents.ts';
import type { Request, Response } from '../../http/route.ts';
import { shownByQuery } from '../members/listing.ts';
import { callerOf, type ScimDoor, scimReply } from '../scim-door.ts';
import { roleNotFound } from './refusals.ts';
import { presentRole } from './role-resource.ts';
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

export function roleGround(door: ScimDoor, request: Request) {
  const { tenant, org } = callerOf(request);
  return { door, tenant, org, base: request.tenant.baseUrl, minPosition: request.minPosition };
}

function scopeOf(request: Request) {
  const { tenant, org } = callerOf(request);
  return { tenant, org, minPosition: request.minPosition };
}
