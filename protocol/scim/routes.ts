/** The SCIM 2.0 endpoints: every kind of resource, the caller himself, bulk, searches, and what describes them. */
import { createCursorSeal } from '../../read-api/cursor.ts';
import type { Access, Request, Route } from '../http/route.ts';
import { bulkScopes, runBulk } from './bulk/run-bulk.ts';
import {
  getResourceType,
  getSchema,
  getServiceProviderConfig,
  listResourceTypes,
  listSchemas,
} from './discovery/discover.ts';
import { listed } from './list/list.ts';
import { givenInBody, givenInQuery } from './list/list-request.ts';
import { searchAll } from './list/search-all.ts';
import type { Handler, ResourceType } from './resource-type.ts';
import { resourceTypes } from './resource-types.ts';
import { holderRows } from './roles/routes.ts';
import { answering, type ScimDoor, scimErrors } from './scim-door.ts';
import { getMe, patchMe, putMe, removeMe } from './users/me.ts';
import { userType } from './users/user-type.ts';

type Row = readonly [Route['method'], string, Access, Handler, string];

const scopes = (names: readonly string[]): Access => ({ kind: 'scopes', scopes: names });
const everybody: Access = { kind: 'public' };
const ownAccount = scopes(['internal_login']);

/** The name of the resource in the summaries: `user`. */
function rowsOf(type: ResourceType): readonly Row[] {
  const { endpoint, handlers, scopes: may } = type;
  const kind = type.name.toLowerCase();
  const all = `/scim2${endpoint}`;
  const query: Handler = (door, request) => listed({ door, request, type }, givenInQuery(request.query));
  const search: Handler = (door, request) => listed({ door, request, type }, givenInBody(request.body));
  return [
    ['GET', all, scopes(may.list), handlers.list ?? query, `Lists ${kind}s: filter, sort, page.`],
    ['POST', all, scopes(may.create), handlers.create, `Creates a ${kind}.`],
    [
      'POST',
      `${all}/.search`,
      scopes(may.list),
      handlers.search ?? search,
      `Lists ${kind}s; the question is in the body.`,
    ],
    ['GET', `${all}/:id`, scopes(may.view), handlers.get, `Shows a ${kind}.`],
    ['PUT', `${all}/:id`, scopes(may.update), handlers.replace, `Replaces a ${kind}.`],
    ['PATCH', `${all}/:id`, scopes(may.update), handlers.patch, `Changes parts of a ${kind}, all or none.`],
    ['DELETE', `${all}/:id`, scopes(may.delete), handlers.remove, `Deletes a ${kind}.`],
  ];
}

const discovery: readonly Row[] = [
  ['GET', '/scim2/Schemas', everybody, listSchemas, 'Lists the schemas.'],
  ['GET', '/scim2/Schemas/:id', everybody, getSchema, 'Shows a schema.'],
  ['GET', '/scim2/ResourceTypes', everybody, (_, request) => listResourceTypes(request), 'Lists the resource types.'],
  ['GET', '/scim2/ResourceTypes/:name', everybody, (_, request) => getResourceType(request), 'Shows a resource type.'],
  [
    'GET',
    '/scim2/ServiceProviderConfig',
    everybody,
    (_, request) => getServiceProviderConfig(request),
    'Shows what the server can do.',
  ],
];

const me: readonly Row[] = [
  ['GET', '/scim2/Me', ownAccount, getMe, 'Shows the caller.'],
  ['POST', '/scim2/Me', scopes(userType.scopes.create), userType.handlers.create, 'Creates a user.'],
  ['PUT', '/scim2/Me', ownAccount, putMe, 'Replaces what the caller may write of himself.'],
  ['PATCH', '/scim2/Me', ownAccount, patchMe, 'Changes parts of the caller, all or none.'],
  ['DELETE', '/scim2/Me', ownAccount, removeMe, 'Deletes the caller.'],
];

const table = (types: readonly ResourceType[]): readonly Row[] => [
  ...types.flatMap(rowsOf),
  ...holderRows,
  ...me,
  [
    'POST',
    '/scim2/.search',
    scopes(types.flatMap((type) => type.scopes.list)),
    searchAll(types),
    'Lists resources of every kind.',
  ],
  ['POST', '/scim2/Bulk', scopes(bulkScopes(types)), runBulk(types), 'Many operations in one request.'],
  ...discovery,
];

export function scimRoutes(deps: Omit<ScimDoor, 'cursors'>): readonly Route[] {
  const door: ScimDoor = { ...deps, cursors: createCursorSeal(deps.kernel.vault) };
  return table(resourceTypes).map(([method, path, access, handle, summary]) => ({
    method,
    path,
    access,
    body: method === 'GET' || method === 'DELETE' ? 'none' : 'scim',
    errors: scimErrors,
    summary,
    handle: answering((request: Request) => handle(door, request)),
  }));
}
