/** /api-resources: the server's own APIs, so that clients can find ids and scopes. They are built in and read only. */
import { type ApiResource, apiById, systemApis } from '../../domain/applications/api-resources.ts';
import type { Filter } from '../../infra/read-store/read-store.ts';
import type { Request, Response, Route } from '../http/route.ts';
import { ScimError } from '../scim/scim-error.ts';
import { FilterRefused, type FilterRules, fieldFilter } from './field-filter.ts';
import { apiPath } from './request-input.ts';
import { answering, RestError, restErrors, type WireError } from './rest-error.ts';

const notFound: WireError = { status: 404, code: 'API-RESOURCE-60002', message: 'API resource not found.' };
const badFilter: WireError = { status: 400, code: 'API-RESOURCE-60007', message: 'Invalid filter.' };
const badLimit: WireError = { status: 400, code: 'API-RESOURCE-60010', message: 'Invalid limit.' };

/** Whoever manages applications needs to find the APIs. */
const VIEW = { kind: 'scopes', scopes: ['internal_api_resource_view', 'internal_application_mgt_view'] } as const;

const text = (path: string) => ({ path, kind: 'text' }) as const;
const FILTERS: FilterRules = {
  fields: new Map([
    ['name', text('name')],
    ['identifier', text('identifier')],
    ['type', text('type')],
  ]),
  operators: new Set(['eq', 'co', 'sw', 'ew']),
  full: false,
};

export const apiResourceRoutes = (): readonly Route[] => [
  {
    method: 'GET',
    path: '/api/server/v1/api-resources',
    access: VIEW,
    body: 'none',
    errors: restErrors,
    summary: 'Lists API resources.',
    handle: answering(list),
  },
  {
    method: 'GET',
    path: '/api/server/v1/api-resources/:apiId',
    access: VIEW,
    body: 'none',
    errors: restErrors,
    summary: 'Reads an API resource.',
    handle: answering(read),
  },
];

function list(request: Request): Response {
  const limit = request.query.get('limit');
  if (limit !== null && limit !== '' && !/^[1-9]\d{0,8}$/.test(limit)) {
    throw new RestError(badLimit, 'The parameter limit must be a whole number above 0.');
  }
  const filter = request.query.get('filter');
  const wanted = filter === null || filter === '' ? () => true : matcherOf(filter);
  const found = systemApis.filter(wanted);
  // The built-in APIs fit on every page.
  const shown = found.slice(0, limit === null || limit === '' ? found.length : Number(limit));
  const apiResources = shown.map((api) => summaryOf(api, apiPath(request)));
  return { status: 200, body: { totalResults: found.length, links: [], apiResources } };
}

function read(request: Request): Response {
  const api = apiById(request.params['apiId'] ?? '');
  if (api === null) throw new RestError(notFound, 'There is no such API resource.');
  const scopes = api.scopes.map((name) => ({ id: name, name, displayName: name }));
  return { status: 200, body: { ...summaryOf(api, apiPath(request)), scopes, authorizationDetailsTypes: [] } };
}

const summaryOf = ({ id, name, identifier }: ApiResource, base: string) => ({
  id,
  name,
  identifier,
  type: TYPE,
  requiresAuthorization: true,
  self: `${base}/api-resources/${id}`,
});

const TYPE = 'SYSTEM';

function matcherOf(given: string): (api: ApiResource) => boolean {
  try {
    const filter = fieldFilter(given, FILTERS);
    return (api) => holds(filter, new Map(Object.entries({ ...api, type: TYPE, scopes: '' })));
  } catch (error) {
    if (!(error instanceof FilterRefused) && !(error instanceof ScimError)) throw error;
    throw new RestError(badFilter, error.message);
  }
}

function holds(filter: Filter, api: ReadonlyMap<string, string>): boolean {
  switch (filter.op) {
    case 'and':
      return filter.filters.every((part) => holds(part, api));
    case 'or':
      return filter.filters.some((part) => holds(part, api));
    case 'eq':
      return lower(api.get(filter.path)) === lower(String(filter.value));
    case 'contains':
      return lower(api.get(filter.path)).includes(lower(filter.value));
    case 'prefix':
      return lower(api.get(filter.path)).startsWith(lower(filter.value));
    case 'suffix':
      return lower(api.get(filter.path)).endsWith(lower(filter.value));
    default:
      throw new Error(`an API resource filter holds ${filter.op}`);
  }
}

const lower = (value: string | undefined): string => (value ?? '').toLowerCase();
