/** The endpoints that say what there is; open to everybody (RFC 7644 §4). */
import type { Request, Response } from '../../http/route.ts';
import { scimReply } from '../scim-door.ts';
import { ScimError } from '../scim-error.ts';
import { LIST_RESPONSE } from '../users/read-users.ts';
import { publishedSchema, resourceTypeResources, schemaResource, schemaResources } from './schemas.ts';
import { serviceProviderConfig } from './service-provider-config.ts';

export const getServiceProviderConfig = ({ tenant }: Request): Response =>
  scimReply(200, serviceProviderConfig(tenant.baseUrl));

export const listSchemas = (request: Request): Response => listed(request, schemaResources(request.tenant.baseUrl));

export const listResourceTypes = (request: Request): Response =>
  listed(request, resourceTypeResources(request.tenant.baseUrl));

export function getSchema({ params, tenant }: Request): Response {
  const schema = publishedSchema(params['id'] ?? '');
  if (schema === null) throw new ScimError(404, null, 'There is no such schema.');
  return scimReply(200, schemaResource(tenant.baseUrl, schema));
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
