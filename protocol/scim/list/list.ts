/** Lists of one kind of resource, by index and by cursor (RFC 7644 §3.4.2, RFC 9865). */
import type { Page } from '../../../infra/read-store/read-store.ts';
import type { PageRequest, ReadScope } from '../../../read-api/documents.ts';
import type { Request, Response } from '../../http/route.ts';
import { callerOf, scimReply } from '../scim-door.ts';
import { type Cursors, cursorAt, type Edge, edgeAt } from './cursor.ts';
import { type GivenList, type Listing, type ListRequest, listRequestOf } from './list-request.ts';

export const LIST_RESPONSE = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

export async function listed(listing: Listing, given: GivenList): Promise<Response> {
  const asked = await listRequestOf(listing, given);
  return scimReply(200, asked.cursor === null ? await byIndex(listing, asked) : await byCursor(listing, asked));
}

async function byIndex(listing: Listing, asked: ListRequest): Promise<object> {
  const page = await pageOf(listing, asked, { limit: asked.count, offset: asked.startIndex - 1 });
  return {
    totalResults: page.total ?? page.documents.length,
    startIndex: asked.startIndex,
    itemsPerPage: page.documents.length,
    schemas: [LIST_RESPONSE],
    Resources: await resourcesOf(listing, asked, page),
  };
}

async function byCursor(listing: Listing, asked: ListRequest): Promise<object> {
  const cursors = cursorsOf(listing, asked);
  const edge = asked.cursor === null || asked.cursor === '' ? {} : await edgeAt(cursors, asked.cursor);
  const page = await pageOf(listing, asked, { limit: asked.count, ...edge });
  const next = page.next === null ? {} : { nextCursor: await cursorAt(cursors, { after: page.next }) };
  const previous = page.previous === null ? {} : { previousCursor: await cursorAt(cursors, { before: page.previous }) };
  return {
    totalResults: page.total ?? page.documents.length,
    itemsPerPage: page.documents.length,
    ...next,
    ...previous,
    schemas: [LIST_RESPONSE],
    Resources: await resourcesOf(listing, asked, page),
  };
}

export function cursorsOf({ door, request, type }: Listing, { question }: ListRequest): Cursors {
  const { tenant, org } = callerOf(request);
  const scope = { tenant, org, collection: `scim${type.endpoint}`, ...question };
  return { seal: door.cursors, scope, nowMs: door.kernel.clock() };
}

const nobody: Page = { documents: [], total: 0, next: null, previous: null };

type Window = { readonly limit: number; readonly offset?: number } & Partial<Edge>;

/** A filter that holds for none is answered without asking the store; one that holds for all is none. */
export async function pageOf({ door, request, type }: Listing, asked: ListRequest, window: Window): Promise<Page> {
  const { filter, sort } = asked;
  if (filter === false) return nobody;
  const query: PageRequest = {
    ...window,
    sort,
    total: true,
    ...(filter === null || filter === true ? {} : { filter }),
  };
  return await type.list.page(door.readStore, readScopeOf(request), query);
}

export const resourcesOf = async (
  { type, ...place }: Listing,
  { shown }: ListRequest,
  { documents }: Page,
): Promise<readonly object[]> => await type.list.presented(place, documents, shown);

export function readScopeOf(request: Request): ReadScope {
  const { tenant, org } = callerOf(request);
  return { tenant, org, minPosition: request.minPosition };
}
