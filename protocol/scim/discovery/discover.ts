/** The endpoints that say what there is; open to everybody (RFC 7644 §4). */
import { dictionaryOf } from '../../../commands/attributes/attribute-command.ts';
import type { SchemaDefinition } from '../../../domain/users/attribute-definition.ts';
import { catalogueOf } from '../../../domain/users/user-catalogue.ts';
import type { Request, Response } from '../../http/route.ts';
import { LIST_RESPONSE } from '../list/list.ts';
import { type ScimDoor, scimReply } from '../scim-door.ts';
import { ScimError } from '../scim-error.ts';

import { TRAIT_MEMBERS } from './attribute-traits.ts';
import { publishedSchemas, resourceTypeResources, schemaResource } from './schemas.ts';
import { serviceProviderConfig } from './service-provider-config.ts';

export const getServiceProviderConfig = ({ tenant }: Request): Response =>
  scimReply(200, serviceProviderConfig(tenant.baseUrl));

/** With the attributes of the organization that the path names. */
async function schemasOf({ kernel }: ScimDoor, { tenant }: Request): Promise<readonly SchemaDefinition[]> {
  const { schemaOf } = catalogueOf(await dictionaryOf(kernel, tenant.id));
  return publishedSchemas.map((schema) => schemaOf(schema.urn) ?? schema);
}

export async function listSchemas(door: ScimDoor, request: Request): Promise<Response> {
  const schemas = await schemasOf(door, request);
  const { baseUrl } = request.tenant;
  return listed(
    request,
    schemas.map((schema) => asAccepted(request, schemaResource(baseUrl, schema))),
  );
}

/**
 * Published clients read the display names of attributes here, and what forms are made from, and ask for
 * `application/json`. RFC 7643 §7 has no such members: who does not ask for that gets what the RFC has, and nothing that
 * a strict client would refuse.
 */
function asAccepted({ headers }: Request, schema: object): object {
  const asksForJson = headers.accept?.toLowerCase().includes('application/json') === true;
  return asksForJson ? schema : (withoutFormMembers(schema) as object);
}

const FORM_MEMBERS: ReadonlySet<string> = new Set(['displayName', ...TRAIT_MEMBERS]);

function withoutFormMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutFormMembers);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([name]) => !FORM_MEMBERS.has(name));
  return Object.fromEntries(kept.map(([name, inner]) => [name, withoutFormMembers(inner)]));
}

export const listResourceTypes = (request: Request): Response =>
  listed(request, resourceTypeResources(request.tenant.baseUrl));

export async function getSchema(door: ScimDoor, request: Request): Promise<Response> {
  const { params, tenant } = request;
  const lower = (params['id'] ?? '').toLowerCase();
  const schema = (await schemasOf(door, request)).find(({ urn }) => urn.toLowerCase() === lower) ?? null;
  if (schema === null) throw new ScimError(404, null, 'There is no such schema.');
  return scimReply(200, asAccepted(request, schemaResource(tenant.baseUrl, schema)));
}

export function getResourceType({ params, tenant }: Request): Response {
  const found = resourceTypeResources(tenant.baseUrl).find(({ name }) => name === params['name']);
  if (found === undefined) throw new ScimError(404, null, 'There is no such resource type.');
  return scimReply(200, found);
}

/** RFC 7644 §4: a filter is refused, so that nobody takes the answer for a filtered one. */
function listed({ query }: Request, resources: readonly object[]): Response {
  if (query.has('filter')) throw new ScimError(403, null, 'This list cannot be filtered.');
  const { length } = resources;
  return scimReply(200, {
    schemas: [LIST_RESPONSE],
    totalResults: length,
    startIndex: 1,
    itemsPerPage: length,
    Resources: resources,
  });
}
