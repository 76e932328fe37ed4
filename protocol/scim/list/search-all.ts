/**
 * A search over every kind of resource that the caller may list (RFC 7644 §3.4.3, at the root). The kinds follow each
 * other, each in the order that was asked for; a page goes over from one to the next.
 */
import { may } from '../../../commands/permissions.ts';
import type { Page } from '../../../infra/read-store/read-store.ts';
import type { Request, Response } from '../../http/route.ts';
import type { Place, ResourceType } from '../resource-type.ts';
import { callerOf, type ScimDoor, scimReply } from '../scim-door.ts';
import { quoted, ScimError } from '../scim-error.ts';
import { cursorAt, edgeAt } from './cursor.ts';
import { cursorsOf, LIST_RESPONSE, listed, pageOf, resourcesOf } from './list.ts';
import { type GivenList, givenInBody, type Listing, type ListRequest, listRequestOf } from './list-request.ts';

/** One kind, with what is asked of it. */
interface Part {
  readonly listing: Listing;
  readonly asked: ListRequest;
}

export const searchAll =
  (types: readonly ResourceType[]) =>
  async (door: ScimDoor, request: Request): Promise<Response> => {
    const caller = callerOf(request);
    const seen = types.filter(({ scopes, unlisted }) => unlisted !== true && may(caller, scopes.list));
    const given = givenInBody(request.body);
    const [only] = seen;
    if (only !== undefined && seen.length === 1) return await listed({ door, request, type: only }, given);
    const parts = await partsOf({ door, request }, seen, given);
    const isByCursor = parts[0]?.asked.cursor !== null;
    return scimReply(200, isByCursor ? await byCursor(parts) : await byIndex(parts));
  };

/** A name that one kind lacks is an attribute without value there; a name that all lack is a mistake. */
async function partsOf(place: Place, types: readonly ResourceType[], given: GivenList): Promise<readonly Part[]> {
  const lacking = new Map<string, number>();
  const parts: Part[] = [];
  for (const type of types) {
    const unknown = new Set<string>();
    const listing = { ...place, type };
    parts.push({ listing, asked: await listRequestOf(listing, given, (path) => unknown.add(path)) });
    for (const path of unknown) lacking.set(path, (lacking.get(path) ?? 0) + 1);
  }
  const nowhere = [...lacking].find(([, count]) => count === types.length);
  if (nowhere === undefined) return parts;
  throw new ScimError(400, 'invalidFilter', `${quoted(nowhere[0])} is no attribute that can be searched.`);
}

async function byIndex(parts: readonly Part[]): Promise<object> {
  const { startIndex = 1, count = 0 } = parts[0]?.asked ?? {};
  const resources: object[] = [];
  let total = 0;
  for (const { listing, asked } of parts) {
    const offset = Math.max(0, startIndex - 1 - total);
    const limit = count - resources.length;
    const page = await pageOf(listing, asked, { limit, offset: limit === 0 ? 0 : offset });
    resources.push(...(await resourcesOf(listing, asked, page)));
    total += page.total ?? page.documents.length;
  }
  return {
    totalResults: total,
    startIndex,
    itemsPerPage: resources.length,
    schemas: [LIST_RESPONSE],
    Resources: resources,
  };
}

const KIND = /^(\d{1,3})\.([A-Za-z0-9_-]*)$/;

/** The number of the kind stands before its own cursor. */
async function byCursor(parts: readonly Part[]): Promise<object> {
  const cursor = parts[0]?.asked.cursor ?? '';
  const count = parts[0]?.asked.count ?? 0;
  const match = KIND.exec(cursor === '' ? '0.' : cursor);
  const first = Number(match?.[1] ?? parts.length);
  if (match === null || first >= parts.length)
    throw new ScimError(400, 'invalidCursor', 'The cursor is none of this search.');

  const resources: object[] = [];
  let total = 0;
  let next: string | null = null;
  for (const [index, part] of parts.entries()) {
    const own = index === first ? (match[2] ?? '') : '';
    const limit = index < first || next !== null ? 0 : count - resources.length;
    const page = await pageFrom(part, own, limit);
    resources.push(...(await resourcesOf(part.listing, part.asked, page)));
    total += page.total ?? 0;
    if (index < first || next !== null) continue;
    if (page.next !== null && limit > 0) next = `${index}.${await nextOf(part, page)}`;
    else if (limit === 0 && (page.total ?? 0) > 0 && count > 0) next = `${index}.`;
  }
  return {
    totalResults: total,
    itemsPerPage: resources.length,
    ...(next === null ? {} : { nextCursor: next }),
    schemas: [LIST_RESPONSE],
    Resources: resources,
  };
}

async function pageFrom({ listing, asked }: Part, cursor: string, limit: number): Promise<Page> {
  const edge = cursor === '' ? {} : await edgeAt(cursorsOf(listing, asked), cursor);
  return await pageOf(listing, asked, { limit, ...edge });
}

async function nextOf({ listing, asked }: Part, { next }: Page): Promise<string> {
  return next === null ? '' : await cursorAt(cursorsOf(listing, asked), { after: next });
}
