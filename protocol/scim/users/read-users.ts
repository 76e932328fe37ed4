/** One user as a question (RFC 7644 §3.4.1). */
import { isUuid } from '../../../domain/id-parsers.ts';
import type { Document } from '../../../infra/read-store/read-store.ts';
import { userById } from '../../../read-api/users.ts';
import type { Request, Response } from '../../http/route.ts';
import { etagOf, isKnown } from '../etag.ts';
import { readScopeOf } from '../list/list.ts';
import { type ScimDoor, scimReply } from '../scim-door.ts';
import { selectionOfQuery } from '../selection.ts';
import { withMemberships } from './memberships.ts';
import { catalogueFor, declaredOf } from './organization-attributes.ts';
import { locationOf, presented, userVocabulary, versionOf } from './present.ts';
import { notFound } from './refusals.ts';
import type { JsonMap } from './values.ts';

export async function getUser(door: ScimDoor, request: Request): Promise<Response> {
  const { id = '' } = request.params;
  const document = isUuid(id) ? await userById(door.readStore, readScopeOf(request), id) : null;
  if (document === null) throw notFound(id);
  return await showUser(door, request, document);
}

/** From the read model's document, or from the state in its shape. */
export async function showUser(door: ScimDoor, request: Request, document: Document | JsonMap): Promise<Response> {
  const selection = selectionOfQuery(userVocabulary, request.query);
  const { baseUrl } = request.tenant;
  const etag = etagOf(versionOf(document));
  const headers = { etag, location: locationOf(baseUrl, String(document['id'])) };
  if (isKnown(request, etag)) return { status: 304, headers, body: null };
  const [found = document] = await withMemberships(door, request, [document], selection);
  const shown = declaredOf(await catalogueFor(door, request), found);
  return scimReply(200, presented(shown, baseUrl, selection), headers);
}
