/** One user as a question (RFC 7644 §3.4.1). */
import { isUuid } from '../../../domain/id-parsers.ts';
import { userById } from '../../../read-api/users.ts';
import type { Request, Response } from '../../http/route.ts';
import { etagOf, isKnown } from '../etag.ts';
import { readScopeOf } from '../list/list.ts';
import { type ScimDoor, scimReply } from '../scim-door.ts';
import { selectionOfQuery } from '../selection.ts';
import { withMemberships } from './memberships.ts';
import { locationOf, presented, userVocabulary, versionOf } from './present.ts';
import { notFound } from './refusals.ts';

export const getUser = (door: ScimDoor, request: Request): Promise<Response> =>
  showUser(door, request, request.params['id'] ?? '');

export async function showUser(door: ScimDoor, request: Request, id: string): Promise<Response> {
  const selection = selectionOfQuery(userVocabulary, request.query);
  const document = isUuid(id) ? await userById(door.readStore, readScopeOf(request), id) : null;
  if (document === null) throw notFound(id);
  const { baseUrl } = request.tenant;
  const etag = etagOf(versionOf(document));
  const headers = { etag, location: locationOf(baseUrl, id) };
  if (isKnown(request, etag)) return { status: 304, headers, body: null };
  const [shown = document] = await withMemberships(door, request, [document], selection);
  return scimReply(200, presented(shown, baseUrl, selection), headers);
}
