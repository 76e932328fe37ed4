/** The endpoints that say what there is; open to everybody (RFC 7644 §4). */
import type { Request, Response } from '../../http/route.ts';
import { LIST_RESPONSE } from '../list/list.ts';
import { scimReply } from '../scim-door.ts';
import { ScimError } from '../scim-error.ts';

import { publishedSchema, resourceTypeResources, schemaResource, schemaResources } from './schemas.ts';
import { serviceProviderConfig } from './service-provider-config.ts';

export const getServiceProviderConfig = ({ tenant }: Request): Response =>
  scimReply(200, serviceProviderConfig(tenant.baseUrl));

export const listSchemas = (request: Request): Response => {
  const shown = schemaResources(request.tenant.baseUrl).map((schema) => asAccepted(request, schema));
  return listed(request, shown);
};

/**
 * Published clients read the display names of attributes here, and ask for `application/json`. RFC 7643 §7 has no such
 * member: who does not ask for that gets what the RFC has, and nothing that a strict client would refuse.
 */
function asAccepted({ headers }: Request, schema: object): object {
  const asksForJson = headers.accept?.toLowerCase().includes('application/json') === true;
  return asksForJson ? schema : (withoutDisplayNames(schema) as object);
}

function withoutDisplayNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDisplayNames);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([name]) => name !== 'displayName');
  return Object.fromEntries(kept.map(([name, inner]) => [name, withoutDisplayNames(inner)]));
}

export const listResourceTypes = (request: Request): Response =>
  listed(request, resourceTypeResources(request.tenant.baseUrl));

export function getSchema(request: Request): Response {
  const { params, tenant } = request;
  const schema = publishedSchema(params['id'] ?? '');
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
