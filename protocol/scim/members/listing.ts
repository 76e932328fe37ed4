/** What a list of groups or roles asks for, and its answer (RFC 7644 §3.4.2 and §3.4.3). */
import type { Filter, Page, Sort } from '../../../infra/read-store/read-store.ts';
import type { Request, Response } from '../../http/route.ts';
import { scimReply } from '../scim-door.ts';
import { quoted, ScimError } from '../scim-error.ts';
import { isMap } from '../users/values.ts';
import type { Places } from './filter.ts';

/** Announced as `filter.maxResults`. */
const PAGE_MAX = 200;
const INDEX_MAX = 2_147_483_647;
const NAMES_MAX = 200;
const LIST_RESPONSE = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

/** Which attributes are shown (RFC 7644 §3.9); names in lower case, of an attribute as a whole. */
export interface Shown {
  /** Null: those that are returned by default. */
  readonly only: ReadonlySet<string> | null;
  readonly without: ReadonlySet<string>;
}

export interface Listing {
  readonly filter: string | null;
  readonly sort: Sort;
  /** From 1. */
  readonly startIndex: number;
  readonly count: number;
  readonly shown: Shown;
}

export const isShown = ({ only, without }: Shown, name: string, byDefault: boolean): boolean => {
  const lower = name.toLowerCase();
  return only === null ? byDefault && !without.has(lower) : only.has(lower);
};

export const shownByQuery = (query: URLSearchParams): Shown =>
  shownBy(query.getAll('attributes'), query.getAll('excludedAttributes'));

function shownBy(attributes: unknown, excluded: unknown): Shown {
  const only = namesIn(attributes);
  return { only: only.size === 0 ? null : only, without: only.size === 0 ? namesIn(excluded) : new Set() };
}

/** `members.value` is of `members`; a schema before the name is passed over. */
function namesIn(value: unknown): ReadonlySet<string> {
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
  const names = texts
    .filter((text) => typeof text === 'string')
    .flatMap((text) => text.split(','))
    .map((name) => name.slice(name.lastIndexOf(':') + 1).trim())
    .map((name) => name.split('.', 1).join('').toLowerCase())
    .filter((name) => name !== '');
  if (names.length > NAMES_MAX) throw new ScimError(400, 'invalidValue', `At most ${NAMES_MAX} names can be given.`);
  return new Set(names);
}

export const listingOfQuery = ({ query }: Request, places: Places): Listing =>
  listing((name) => query.get(name), shownByQuery(query), places);

export function listingOfBody({ body }: Request, places: Places): Listing {
  if (body !== null && !isMap(body)) throw new ScimError(400, 'invalidSyntax', 'A search request is a JSON object.');
  const given = new Map(Object.entries(body ?? {}));
  const shown = shownBy(given.get('attributes'), given.get('excludedAttributes'));
  return listing(
    (name) => {
      const value = given.get(name) ?? null;
      if (value === null || typeof value === 'string' || typeof value === 'number') return value;
      throw new ScimError(400, 'invalidSyntax', `The parameter ${name} is neither a text nor a number.`);
    },
    shown,
    places,
  );
}

function listing(given: (name: string) => string | number | null, shown: Shown, places: Places): Listing {
  const filter = given('filter');
  return {
    filter: filter === null || filter === '' ? null : String(filter),
    sort: sortOf(places, given('sortBy'), given('sortOrder')),
    startIndex: Math.max(1, wholeNumber('startIndex', given('startIndex')) ?? 1),
    count: Math.min(PAGE_MAX, Math.max(0, wholeNumber('count', given('count')) ?? PAGE_MAX)),
    shown,
  };
}

function wholeNumber(name: string, value: string | number | null): number | null {
  if (value === null || value === '') return null;
  if (!/^-?\d{1,15}$/.test(String(value))) {
    throw new ScimError(400, 'invalidValue', `The parameter ${name} is no whole number: ${quoted(String(value))}.`);
  }
  return Math.min(INDEX_MAX, Number(value));
}

function sortOf(places: Places, by: string | number | null, order: string | number | null): Sort {
  const direction = String(order ?? '').toLowerCase() || 'ascending';
  if (direction !== 'ascending' && direction !== 'descending') {
    throw new ScimError(400, 'invalidValue', `Lists are sorted ascending or descending, not ${quoted(direction)}.`);
  }
  if (by === null || by === '') return { path: 'displayName', direction };
  const place = places.get(String(by).toLowerCase());
  if (place === undefined)
    throw new ScimError(400, 'invalidPath', `The list cannot be sorted by ${quoted(String(by))}.`);
  return { path: place.path, direction };
}

export const pageRequest = ({ sort, count, startIndex }: Listing, filter: Filter | null) => ({
  sort,
  limit: count,
  offset: startIndex - 1,
  total: true as const,
  ...(filter === null ? {} : { filter }),
});

export const listReply = (
  { startIndex }: Listing,
  { total }: Page,
  resources: readonly object[],
  headers: Record<string, string> = {},
): Response =>
  scimReply(
    200,
    {
      totalResults: total ?? resources.length,
      startIndex,
      itemsPerPage: resources.length,
      schemas: [LIST_RESPONSE],
      Resources: resources,
    },
    headers,
  );
