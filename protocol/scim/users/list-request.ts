/** What a list asks for (RFC 7644 §3.4.2 and §3.4.3), from query parameters or from the body of `.search`. */
import { attributeAt, searchPath } from '../../../domain/users/attribute-catalogue.ts';
import type { Filter, Sort } from '../../../infra/read-store/read-store.ts';
import { userFilter } from '../filter/compile.ts';
import { quoted, ScimError } from '../scim-error.ts';
import { requireStore } from './account.ts';
import { type Selection, selectionOf } from './present.ts';
import { isMap } from './values.ts';

/**
 * Users on one page, also where no count is given: the published contract gives all users then, but no answer may
 * load a whole organization. It is announced as `filter.maxResults`; `totalResults` tells that there are more.
 */
export const PAGE_USERS_MAX = 200;
const INDEX_MAX = 2_147_483_647;

export interface ListRequest {
  readonly filter: Filter | null;
  readonly sort: Sort;
  /** From 1. */
  readonly startIndex: number;
  readonly count: number;
  readonly selection: Selection | null;
}

type Given = (name: string) => string | number | null;

export function listRequestOfQuery(query: URLSearchParams): ListRequest {
  return listRequest((name) => query.get(name), selectionOfQuery(query));
}

export function listRequestOfBody(body: unknown): ListRequest {
  if (body !== null && !isMap(body)) throw new ScimError(400, 'invalidSyntax', 'A search request is a JSON object.');
  const given = new Map(Object.entries(body ?? {}));
  const selection = selectionOf(namesIn(given.get('attributes')), namesIn(given.get('excludedAttributes')));
  return listRequest((name) => {
    const value = given.get(name) ?? null;
    if (value === null || typeof value === 'string' || typeof value === 'number') return value;
    throw new ScimError(400, 'invalidSyntax', `Parameter ${name} is neither a text nor a number.`);
  }, selection);
}

export const selectionOfQuery = (query: URLSearchParams): Selection | null =>
  selectionOf(namesIn(query.getAll('attributes')), namesIn(query.getAll('excludedAttributes')));

/** A list, or names between commas. */
function namesIn(value: unknown): readonly string[] {
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
  return texts
    .filter((text) => typeof text === 'string')
    .flatMap((text) => text.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function listRequest(given: Given, selection: Selection | null): ListRequest {
  const filter = given('filter');
  const store = given('domain');
  if (store !== null && store !== '') requireStore(String(store));
  return {
    filter: filter === null || filter === '' ? null : userFilter(String(filter)),
    sort: sortOf(given('sortBy'), given('sortOrder')),
    // RFC 7644 §3.4.2.4: less than 1 is 1; a negative count is 0.
    startIndex: Math.max(1, wholeNumber('startIndex', given('startIndex')) ?? 1),
    count: Math.min(PAGE_USERS_MAX, Math.max(0, wholeNumber('count', given('count')) ?? PAGE_USERS_MAX)),
    selection,
  };
}

function wholeNumber(name: string, value: string | number | null): number | null {
  if (value === null || value === '') return null;
  if (!/^-?\d{1,15}$/.test(String(value))) {
    throw new ScimError(400, 'invalidValue', `Parameter ${name} is no whole number: ${quoted(String(value))}.`);
  }
  return Math.min(INDEX_MAX, Number(value));
}

/** By user name unless asked otherwise, so that pages follow each other. */
function sortOf(by: string | number | null, order: string | number | null): Sort {
  const direction = directionOf(order);
  if (by === null || by === '') return { path: 'userName', direction };
  const place = attributeAt(String(by));
  const leaf = place?.sub ?? place?.attribute;
  const value = leaf?.subAttributes?.find(({ name, search }) => name === 'value' && search !== 'none');
  const isSortable = leaf !== undefined && (value !== undefined || leaf.search !== 'none');
  if (place === null || !isSortable) {
    throw new ScimError(400, 'invalidPath', `Users cannot be sorted by ${quoted(String(by))}.`);
  }
  // RFC 7644 §3.4.2.3: of a list, its values are sorted by.
  return { path: searchPath(value === undefined ? place : { ...place, sub: value }), direction };
}

function directionOf(order: string | number | null): Sort['direction'] {
  const lower = String(order ?? 'ascending').toLowerCase();
  if (lower === 'ascending' || lower === 'descending' || lower === '') return lower === '' ? 'ascending' : lower;
  throw new ScimError(400, 'invalidValue', `Parameter sortOrder is ascending or descending, not ${quoted(lower)}.`);
}
