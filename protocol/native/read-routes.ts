/** GET /api/read/{collection}[/{id}]: read models by filter, order and page; one document now or as it was. */
import type { Kernel } from '../../commands/kernel.ts';
import {
  type Filter,
  PAGE_SIZE_MAX,
  type Page,
  type PageKey,
  type ReadStore,
  type Sort,
  UnsearchableField,
} from '../../infra/read-store/read-store.ts';
import { USERS } from '../../projections/users.ts';
import { documentAsOf, type Moment } from '../../read-api/as-of.ts';
import { type ReadableCollection, readableCollections } from '../../read-api/collections.ts';
import { type CursorScope, type CursorSeal, createCursorSeal } from '../../read-api/cursor.ts';
import { documentOf, pageOf } from '../../read-api/documents.ts';
import { isEntityId } from '../../read-api/entities.ts';
import { isVisibleTo } from '../../read-api/visibility.ts';
import type { Request, Response, Route } from '../http/route.ts';
import { FilterRefused, fieldFilter } from '../rest/field-filter.ts';
import { callerOf, readScopeOf } from '../rest/request-input.ts';
import { userFilter } from '../scim/filter/compile.ts';
import { OPERATORS } from '../scim/filter/syntax.ts';
import { ScimError } from '../scim/scim-error.ts';
import { withMembers } from '../scim/users/membership-filter.ts';
import { momentOf } from './moment.ts';
import { answering, Problem, problems } from './problem.ts';
import { flag, knownParameters, wholeNumber } from './query-input.ts';

const LIMIT_DEFAULT = 50;
const OFFSET_MAX = 1_000_000;

export interface ReadDoor {
  readonly kernel: Kernel;
  readonly readStore: ReadStore;
}

export function readRoutes(door: ReadDoor): readonly Route[] {
  const cursors = createCursorSeal(door.kernel.vault);
  return [...readableCollections.values()].flatMap((collection) => routesOf({ ...door, cursors }, collection));
}

interface Dependencies extends ReadDoor {
  readonly cursors: CursorSeal;
}

function routesOf(deps: Dependencies, collection: ReadableCollection): readonly Route[] {
  const shared = {
    method: 'GET',
    access: { kind: 'scopes', scopes: collection.permissions },
    body: 'none',
    errors: problems,
    ...(collection.superOnly ? { superOnly: true as const } : {}),
  } as const;
  const path = `/api/read/${collection.name}`;
  return [
    {
      ...shared,
      path,
      summary: `A page of ${collection.name}.`,
      handle: answering((request) => readPage(deps, collection, request)),
    },
    {
      ...shared,
      path: `${path}/:id`,
      summary: `One of ${collection.name}, now or as it was.`,
      handle: answering((request) => readOne(deps, collection, request)),
    },
  ];
}

const PAGE_PARAMETERS = new Set(['filter', 'sort', 'limit', 'after', 'before', 'offset', 'minPosition', 'total']);

async function readPage(deps: Dependencies, collection: ReadableCollection, request: Request): Promise<Response> {
  const { query } = request;
  knownParameters(query, PAGE_PARAMETERS);
  const scope = cursorScopeOf(collection, request);
  const filter = await filterIn(deps, collection, request);
  const sort = sortOf(query.get('sort'));
  const page = await answered(
    pageOf(deps.readStore, collection.name, readScopeOf(request), {
      ...(filter === null ? {} : { filter }),
      ...(sort === null ? {} : { sort }),
      limit: wholeNumber(query, { name: 'limit', absent: LIMIT_DEFAULT, min: 1, max: PAGE_SIZE_MAX }),
      ...(await placeOf(deps.cursors, scope, query)),
      ...(flag(query, 'total') ? { total: true } : {}),
    }),
  );
  return { status: 200, body: await pageBody(deps.cursors, scope, page) };
}

const cursorScopeOf = ({ name }: ReadableCollection, request: Request): CursorScope => {
  const { tenant, org } = callerOf(request);
  const { query } = request;
  return { tenant, org, collection: name, filter: query.get('filter'), sort: query.get('sort') };
};

async function pageBody(cursors: CursorSeal, scope: CursorScope, page: Page): Promise<object> {
  const sealed = async (key: PageKey | null) => (key === null ? null : await cursors.seal(scope, key));
  return {
    items: page.documents,
    next: await sealed(page.next),
    previous: await sealed(page.previous),
    ...(page.total === null ? {} : { total: page.total }),
  };
}

async function answered(page: Promise<Page>): Promise<Page> {
  try {
    return await page;
  } catch (error) {
    if (error instanceof UnsearchableField) throw new Problem(400, 'field-unknown', error.message);
    throw error;
  }
}

async function placeOf(cursors: CursorSeal, scope: CursorScope, query: URLSearchParams) {
  const given = ['after', 'before', 'offset'].filter((name) => query.has(name));
  if (given.length > 1)
    throw new Problem(400, 'parameter-invalid', 'Of after, before and offset only one can be given.');
  const after = query.get('after');
  if (after !== null) return { after: await keyOf(cursors, scope, after) };
  const before = query.get('before');
  if (before !== null) return { before: await keyOf(cursors, scope, before) };
  return query.has('offset')
    ? { offset: wholeNumber(query, { name: 'offset', absent: 0, min: 0, max: OFFSET_MAX }) }
    : {};
}

async function keyOf(cursors: CursorSeal, scope: CursorScope, cursor: string): Promise<PageKey> {
  const key = await cursors.open(scope, cursor);
  if (key !== null) return key;
  throw new Problem(400, 'cursor-invalid', 'The cursor was not given out for this collection, filter and order.');
}

/** Groups and roles of users are looked up before. */
async function filterIn({ readStore }: Dependencies, collection: ReadableCollection, request: Request) {
  const filter = filterOf(collection, request.query.get('filter'));
  if (filter === null || collection.name !== USERS) return filter;
  try {
    return await withMembers(readStore, readScopeOf(request), filter);
  } catch (error) {
    if (error instanceof ScimError) throw new Problem(400, 'filter-invalid', error.message);
    throw error;
  }
}

const OPERATOR_SET = new Set(OPERATORS);

function filterOf(collection: ReadableCollection, text: string | null): Filter | null {
  if (text === null || text === '') return null;
  try {
    if (collection.name === USERS) return userFilter(text);
    const declared = collection.projection.collections.find(({ name }) => name === collection.name);
    const fields = (declared?.fields ?? []).map((field) => [field.path, field] as const);
    return fieldFilter(text, { fields: new Map(fields), operators: OPERATOR_SET, full: true });
  } catch (error) {
    if (!(error instanceof FilterRefused) && !(error instanceof ScimError)) throw error;
    throw new Problem(400, 'filter-invalid', error.message);
  }
}

/** `name` ascending, `-name` descending. */
function sortOf(text: string | null): Sort | null {
  if (text === null || text === '') return null;
  const descends = text.startsWith('-');
  return { path: descends ? text.slice(1) : text, direction: descends ? 'descending' : 'ascending' };
}

const ONE_PARAMETERS = new Set(['asOf', 'minPosition']);

async function readOne(deps: Dependencies, collection: ReadableCollection, request: Request): Promise<Response> {
  const { query } = request;
  knownParameters(query, ONE_PARAMETERS);
  const id = request.params['id'] ?? '';
  if (!isEntityId(id)) throw notFound();
  const asOf = query.get('asOf');
  if (asOf !== null) return await readPast(deps, collection, request, await momentOf(deps.kernel, asOf));
  const document = await documentOf(deps.readStore, collection.name, readScopeOf(request), id);
  if (document === null) throw notFound();
  return { status: 200, body: document };
}

const notFound = (): Problem => new Problem(404, 'not-found', 'There is no such thing.');

async function readPast(
  { kernel }: Dependencies,
  collection: ReadableCollection,
  request: Request,
  moment: Moment,
): Promise<Response> {
  const { aggregate } = collection;
  const past = await documentAsOf(kernel, collection, { aggregate, id: request.params['id'] ?? '', moment });
  // Judged by the rights and the place of today: who may not see it now may not see it as it was.
  if (past === null || !isVisibleTo(callerOf(request), past.home, aggregate.category)) throw notFound();
  if (past.document === null) throw new Problem(404, 'not-found', 'It did not exist at that moment.');
  return { status: 200, headers: { etag: `"${past.revision}"` }, body: past.document };
}
