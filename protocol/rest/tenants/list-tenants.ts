/** GET /tenants: filter and order by domain, offset paging. */
import type { Kernel } from '../../../commands/kernel.ts';
import { users } from '../../../domain/users/user.ts';
import type { Document, Filter, ReadStore } from '../../../infra/read-store/read-store.ts';
import { tenantsPage } from '../../../read-api/tenants.ts';
import type { Request, Response } from '../../http/route.ts';
import { ScimError } from '../../scim/scim-error.ts';
import { FilterRefused, type FilterRules, fieldFilter } from '../field-filter.ts';
import { apiPath, offsetLinks, type PageRules, pageInputOf } from '../request-input.ts';
import { invalidRequest, RestError } from '../rest-error.ts';
import { tenantErrors } from './tenant-errors.ts';
import { refuseDomain, type ShownOwner, tenantResponse } from './tenant-wire.ts';

const PAGES: PageRules = {
  limitDefault: 15,
  limitMin: 1,
  limitMax: 100,
  invalidLimit: invalidRequest,
  invalidOffset: invalidRequest,
};

const FILTERS: FilterRules = {
  fields: new Map([['domainName', { path: 'domain', kind: 'text' }]]),
  operators: new Set(['eq', 'co', 'sw', 'ew']),
  full: false,
};

export interface TenantDependencies {
  readonly kernel: Kernel;
  readonly readStore: ReadStore;
}

export async function listTenants(deps: TenantDependencies, request: Request): Promise<Response> {
  const { query } = request;
  const page = pageInputOf(request, PAGES);
  const filter = filterOf(query.get('filter'));
  const { documents, total } = await tenantsPage(deps.readStore, request.minPosition, {
    ...page,
    ...(filter === null ? {} : { filter }),
    ...sortOf(query),
    total: true,
  });
  const tenants = await Promise.all(documents.map((document) => itemOf(deps, document)));
  const totalResults = total ?? 0;
  const path = `${apiPath(request)}/tenants`;
  return {
    status: 200,
    body: {
      totalResults,
      startIndex: page.offset + 1,
      count: tenants.length,
      tenants,
      links: offsetLinks({ path, page, total: totalResults, count: tenants.length }, query),
    },
  };
}

async function itemOf({ kernel }: TenantDependencies, document: Document): Promise<object> {
  const { id, domain, name, owner, active, createdDate } = document;
  const owners = typeof owner === 'string' ? await ownersOf(kernel, owner) : [];
  return tenantResponse({
    id,
    domain: String(domain),
    name: String(name),
    active: active === true,
    createdDate: String(createdDate),
    owners,
  });
}

/** None once the account is gone. */
export async function ownersOf(kernel: Kernel, owner: string | null): Promise<readonly ShownOwner[]> {
  if (owner === null) return [];
  const { state } = await kernel.aggregates.load(users, owner);
  return state.status === 'present' ? [{ id: owner, username: state.userName }] : [];
}

function sortOf(query: URLSearchParams) {
  const by = query.get('sortBy');
  const order = query.get('sortOrder') ?? 'asc';
  if (by !== null && by !== '' && by !== 'domainName') {
    throw new RestError(tenantErrors.filterAttribute, 'Tenants are sorted by domainName only.');
  }
  if (!/^(asc|desc)$/i.test(order)) throw new RestError(invalidRequest, 'sortOrder must be asc or desc.');
  const direction = order.toLowerCase() === 'asc' ? 'ascending' : 'descending';
  return by === null || by === '' ? {} : ({ sort: { path: 'domain', direction } } as const);
}

const REFUSED = {
  'unknown-field': tenantErrors.filterAttribute,
  operator: tenantErrors.filterOperator,
  value: tenantErrors.illegalCharacters,
  form: tenantErrors.filterFormat,
} as const;

function filterOf(text: string | null): Filter | null {
  if (text === null || text === '') return null;
  const filter = parsed(text);
  if (filter.op === 'and' || filter.op === 'or') {
    throw new RestError(tenantErrors.filterFormat, 'A filter is one comparison: domainName sw abc');
  }
  if ('value' in filter && !/^[a-z0-9._-]+$/.test(String(filter.value))) refuseDomain(String(filter.value));
  return filter;
}

function parsed(text: string): Filter {
  try {
    return fieldFilter(text, FILTERS);
  } catch (error) {
    if (error instanceof FilterRefused) throw new RestError(REFUSED[error.reason], error.message);
    if (error instanceof ScimError) throw new RestError(tenantErrors.filterFormat, error.message);
    throw error;
  }
}
