/** GET /applications: filter, offset paging, chosen attributes. */
import type { Kernel } from '../../../commands/kernel.ts';
import { applications } from '../../../domain/applications/application.ts';
import type { Document, Filter, ReadStore } from '../../../infra/read-store/read-store.ts';
import { applicationsPage } from '../../../read-api/applications.ts';
import type { Request, Response } from '../../http/route.ts';
import { ScimError } from '../../scim/scim-error.ts';
import { FilterRefused, type FilterRules, fieldFilter } from '../field-filter.ts';
import { apiPath, callerOf, offsetLinks, type PageRules, pageInputOf, readScopeOf } from '../request-input.ts';
import { RestError } from '../rest-error.ts';
import { applicationErrors } from './application-errors.ts';
import { LIST_ATTRIBUTES, type ListAttribute, listItem } from './application-response.ts';

const PAGES: PageRules = {
  limitDefault: 30,
  limitMin: 1,
  limitMax: 100,
  invalidLimit: applicationErrors.invalidLimit,
  invalidOffset: applicationErrors.invalidOffset,
};

const FILTERS: FilterRules = {
  fields: new Map([
    ['name', { path: 'name', kind: 'text' }],
    ['clientId', { path: 'clientId', kind: 'text' }],
    // The issuer of a SAML application; there are none.
    ['issuer', null],
  ]),
  operators: new Set(['eq', 'co', 'sw', 'ew']),
  full: false,
};

export interface ListDependencies {
  readonly kernel: Kernel;
  readonly readStore: ReadStore;
}

export async function listApplications(deps: ListDependencies, request: Request): Promise<Response> {
  const { query } = request;
  if (query.has('sortBy') || query.has('sortOrder')) {
    throw new RestError(applicationErrors.sortUnsupported, 'Applications come in the order of their creation.');
  }
  const page = pageInputOf(request, PAGES);
  const attributes = attributesOf(query.get('attributes'));
  const filter = filterOf(query);
  const { documents, total } = await applicationsPage(deps.readStore, readScopeOf(request), {
    ...page,
    ...(filter === null ? {} : { filter }),
    total: true,
  });
  const base = apiPath(request);
  const items = await Promise.all(documents.map((document) => itemOf(deps, request, { document, attributes, base })));
  const totalResults = total ?? 0;
  return {
    status: 200,
    body: {
      totalResults,
      startIndex: page.offset + 1,
      count: items.length,
      applications: items,
      links: offsetLinks({ path: `${base}/applications`, page, total: totalResults, count: items.length }, query),
    },
  };
}

interface Item {
  readonly document: Document;
  readonly attributes: ReadonlySet<ListAttribute>;
  readonly base: string;
}

/** The consent settings are not in the read model; of a page's applications they are in memory, or one look-up each. */
async function itemOf({ kernel }: ListDependencies, request: Request, item: Item): Promise<object> {
  const needed = item.attributes.has('advancedConfigurations');
  const application = needed ? (await kernel.aggregates.load(applications, item.document.id)).state : null;
  return listItem({ ...item, application, caller: callerOf(request) });
}

function attributesOf(text: string | null): ReadonlySet<ListAttribute> {
  const names = (text ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return new Set(
    names.map((name) => {
      const known = LIST_ATTRIBUTES.find((attribute) => attribute === name);
      if (known !== undefined) return known;
      throw new RestError(
        applicationErrors.unknownAttribute,
        `The attribute ${JSON.stringify(name)} cannot be chosen.`,
      );
    }),
  );
}

function filterOf(query: URLSearchParams): Filter | null {
  const text = query.get('filter');
  const asked = text === null || text === '' ? null : parsed(text);
  if (query.get('excludeSystemPortals') !== 'true') return asked;
  const own: Filter = { op: 'eq', path: 'system', value: false };
  return asked === null ? own : { op: 'and', filters: [asked, own] };
}

function parsed(text: string): Filter {
  try {
    return fieldFilter(text, FILTERS);
  } catch (error) {
    if (!(error instanceof FilterRefused) && !(error instanceof ScimError)) throw error;
    throw new RestError(applicationErrors.invalidFilter, error.message);
  }
}
