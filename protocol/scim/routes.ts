/** The SCIM 2.0 endpoints: users, and what describes them. */
import type { Access, Route } from '../http/route.ts';
import {
  getResourceType,
  getSchema,
  getServiceProviderConfig,
  listResourceTypes,
  listSchemas,
} from './discovery/discover.ts';
import { groupRows } from './groups/routes.ts';
import { roleRows } from './roles/routes.ts';
import { answering, type ScimDoor, scimErrors } from './scim-door.ts';
import type { ScimRow } from './scim-row.ts';
import { getUser, listUsers, searchUsers } from './users/read-users.ts';
import { patchUser, postUser, putUser, removeUser } from './users/write-users.ts';

const scope = (name: string): Access => ({ kind: 'scopes', scopes: [`internal_user_mgt_${name}`] });
const everybody: Access = { kind: 'public' };

const table: readonly ScimRow[] = [
  ['GET', '/scim2/Users', scope('list'), listUsers, 'Lists users: filter, sort, page.'],
  ['POST', '/scim2/Users', scope('create'), postUser, 'Creates a user.'],
  ['POST', '/scim2/Users/.search', scope('list'), searchUsers, 'Lists users; the question is in the body.'],
  ['GET', '/scim2/Users/:id', scope('view'), getUser, 'Shows a user.'],
  ['PUT', '/scim2/Users/:id', scope('update'), putUser, 'Replaces a user.'],
  ['PATCH', '/scim2/Users/:id', scope('update'), patchUser, 'Changes parts of a user, all or none.'],
  ['DELETE', '/scim2/Users/:id', scope('delete'), removeUser, 'Deletes a user.'],
  ['GET', '/scim2/Schemas', everybody, (_, request) => listSchemas(request), 'Lists the schemas.'],
  ['GET', '/scim2/Schemas/:id', everybody, (_, request) => getSchema(request), 'Shows a schema.'],
  ['GET', '/scim2/ResourceTypes', everybody, (_, request) => listResourceTypes(request), 'Lists the resource types.'],
  ['GET', '/scim2/ResourceTypes/:name', everybody, (_, request) => getResourceType(request), 'Shows a resource type.'],
  [
    'GET',
    '/scim2/ServiceProviderConfig',
    everybody,
    (_, request) => getServiceProviderConfig(request),
    'Shows what the server can do.',
  ],
  ...groupRows,
  ...roleRows,
];

export const scimRoutes = (door: ScimDoor): readonly Route[] =>
  table.map(([method, path, access, handle, summary]) => ({
    method,
    path,
    access,
    body: method === 'GET' || method === 'DELETE' ? 'none' : 'scim',
    errors: scimErrors,
    summary,
    handle: answering((request) => handle(door, request)),
  }));
