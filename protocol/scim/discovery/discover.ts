/** The endpoints that say what there is; open to everybody (RFC 7644 §4). */
import { dictionaryOf } from '../../../commands/attributes/attribute-command.ts';
import { catalogueOf, type UserCatalogue } from '../../../domain/users/user-catalogue.ts';
import type { Request, Response } from '../../http/route.ts';
import { type ScimDoor, scimReply } from '../scim-door.ts';
import { ScimError } from '../scim-error.ts';
import { LIST_RESPONSE } from '../users/read-users.ts';
import { resourceTypeResources, schemaResource, schemaResources } from './schemas.ts';
import { serviceProviderConfig } from './service-provider-config.ts';

export const getServiceProviderConfig = ({ tenant }: Request): Response =>
  scimReply(200, serviceProviderConfig(tenant.baseUrl));

/** The organization's own attributes among them. */
const catalogueFor = async ({ kernel }: ScimDoor, { tenant }: Request): Promise<UserCatalogue> =>
  catalogueOf(await dictionaryOf(kernel, tenant.id));

export const listSchemas = async (door: ScimDoor, request: Request): Promise<Response> =>
  listed(request, schemaResources(request.tenant.baseUrl, await catalogueFor(door, request)));

export const listResourceTypes = (request: Request): Response =>
  listed(request, resourceTypeResources(request.tenant.baseUrl));

export async function getSchema(door: ScimDoor, request: Request): Promise<Response> {
  const { params, tenant } = request;
  const schema = (await catalogueFor(door, request)).schemaOf(params['id'] ?? '');
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
