/** Groups and roles of users, beside what their own documents say. */
import { CORE_USER } from '../../../domain/users/attribute-catalogue.ts';
import type { Document } from '../../../infra/read-store/read-store.ts';
import { MEMBERSHIPS } from '../../../projections/access.ts';
import { reachPosition } from '../../../read-api/min-position.ts';
import type { Request } from '../../http/route.ts';
import { heldBy } from '../members/present.ts';
import { callerOf, type ScimDoor } from '../scim-door.ts';
import type { Selection } from '../selection.ts';
import type { JsonMap } from './values.ts';

const SAID: ReadonlySet<string> = new Set(['groups', 'roles']);

export async function withMemberships<Shown extends Document | JsonMap>(
  door: ScimDoor,
  request: Request,
  documents: readonly Shown[],
  selection: Selection | null,
): Promise<readonly Shown[]> {
  if (documents.length === 0 || !areAskedFor(selection)) return documents;
  const { tenant, org } = callerOf(request);
  await reachPosition(door.readStore, MEMBERSHIPS, request.minPosition);
  const ground = { door, tenant, org, base: request.tenant.baseUrl, minPosition: request.minPosition };
  const held = await heldBy(
    ground,
    documents.map(({ id }) => String(id)),
  );
  if (held.size === 0) return documents;
  return documents.map((document) => {
    const { groups = [], roles = [] } = held.get(String(document.id)) ?? {};
    return { ...document, ...(groups.length === 0 ? {} : { groups }), ...(roles.length === 0 ? {} : { roles }) };
  });
}

function areAskedFor(selection: Selection | null): boolean {
  if (selection === null || selection.kind === 'without') return true;
  return selection.paths.some((path) =>
    path.kind === 'schema' ? path.urn === CORE_USER : SAID.has(path.place.attribute.name),
  );
}
