/** Users as questions: one, a page, a search (RFC 7644 §3.4). */
import { isUuid } from '../../../domain/id-parsers.ts';
import type { Page } from '../../../infra/read-store/read-store.ts';
import type { ReadScope } from '../../../read-api/documents.ts';
import { userById, usersPage } from '../../../read-api/users.ts';
import type { Request, Response } from '../../http/route.ts';
import { callerOf, type ScimDoor, scimReply } from '../scim-door.ts';
import { type ListRequest, listRequestOfBody, listRequestOfQuery, selectionOfQuery } from './list-request.ts';
import { pageOfMembers, withMembers } from './membership-filter.ts';
import { withMemberships } from './memberships.ts';
import { presented } from './present.ts';
import { notFound } from './refusals.ts';

export const LIST_RESPONSE = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

export async function getUser(door: ScimDoor, request: Request): Promise<Response> {
  const selection = selectionOfQuery(request.query);
  const { id = '' } = request.params;
  const document = isUuid(id) ? await userById(door.readStore, scopeOf(request), id) : null;
  if (document === null) throw notFound(id);
  const [shown = document] = await withMemberships(door, request, [document], selection);
  return scimReply(200, presented(shown, request.tenant.baseUrl, selection));
}

export const listUsers = (door: ScimDoor, request: Request): Promise<Response> =>
  page(door, request, listRequestOfQuery(request.query));

export const searchUsers = (door: ScimDoor, request: Request): Promise<Response> =>
  page(door, request, listRequestOfBody(request.body));

async function page(door: ScimDoor, request: Request, asked: ListRequest): Promise<Response> {
  const scope = scopeOf(request);
  const ofGroup = await pageOfMembers(door.readStore, scope, asked);
  const { documents, total } = ofGroup ?? (await found(door, scope, asked));
  const { baseUrl } = request.tenant;
  const shown = await withMemberships(door, request, documents, asked.selection);
  return scimReply(200, {
    totalResults: total ?? documents.length,
    startIndex: asked.startIndex,
    itemsPerPage: documents.length,
    schemas: [LIST_RESPONSE],
    Resources: shown.map((document) => presented(document, baseUrl, asked.selection)),
  });
}

async function found({ readStore }: ScimDoor, scope: ReadScope, asked: ListRequest): Promise<Page> {
  const filter = asked.filter === null ? null : await withMembers(readStore, scope, asked.filter);
  return await usersPage(readStore, scope, {
    sort: asked.sort,
    limit: asked.count,
    offset: asked.startIndex - 1,
    total: true,
    ...(filter === null ? {} : { filter }),
  });
}

function scopeOf(request: Request): ReadScope {
  const { tenant, org } = callerOf(request);
  return { tenant, org, minPosition: request.minPosition };
}
