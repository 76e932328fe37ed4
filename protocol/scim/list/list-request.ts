/** What a list asks for (RFC 7644 §3.4.2 and §3.4.3, RFC 9865), from query parameters or from the body of `.search`. */
import { searchPath } from '../../../domain/users/attribute-catalogue.ts';
import type { Sort } from '../../../infra/read-store/read-store.ts';
import { type Compiled, compileFilter } from '../filter/compile.ts';
import type { FilterText, Place, ResourceType, Shown } from '../resource-type.ts';
import { quoted, ScimError } from '../scim-error.ts';
import { namesIn, selectionOf } from '../selection.ts';
import { requireStore } from '../users/account.ts';
import { isMap } from '../users/values.ts';
import { constantsOf, type Vocabulary } from '../vocabulary.ts';

/**
 * Resources on one page, also where no count is given: the published contract gives all then, but no answer may load a
 * whole organization. It is announced as `filter.maxResults`; `totalResults` tells that there are more.
 */
export const PAGE_RESOURCES_MAX = 200;
const INDEX_MAX = 2_147_483_647;

export interface ListRequest {
  readonly filter: Compiled | null;
  readonly sort: Sort;
  /** From 1. */
  readonly startIndex: number;
  readonly count: number;
  /** Empty: the first page by cursor. Null: pages by index. */
  readonly cursor: string | null;
  /** Filter and order as the caller wrote them. */
  readonly question: { readonly filter: string | null; readonly sort: string };
  readonly shown: Shown;
}

/** Of what kind a list is made, and where. */
export interface Listing extends Place {
  readonly type: ResourceType;
}

/** Parameters as they were given, from wherever. */
export interface GivenList {
  value(name: string): string | number | null;
  names(name: 'attributes' | 'excludedAttributes'): readonly string[];
}

export const givenInQuery = (query: URLSearchParams): GivenList => ({
  value: (name) => query.get(name),
  names: (name) => namesIn(query.getAll(name)),
});

export function givenInBody(body: unknown): GivenList {
  if (body !== null && !isMap(body)) throw new ScimError(400, 'invalidSyntax', 'A search request is a JSON object.');
  const given = new Map(Object.entries(body ?? {}));
  return {
    names: (name) => namesIn(given.get(name)),
    value(name) {
      const value = given.get(name) ?? null;
      if (value === null || typeof value === 'string' || typeof value === 'number') return value;
      throw new ScimError(400, 'invalidSyntax', `Parameter ${name} is neither a text nor a number.`);
    },
  };
}

/** `onUnknown`: told of names that this kind of resource does not have; without it they are refused. */
export async function listRequestOf(
  { type, ...place }: Listing,
  given: GivenList,
  onUnknown?: (path: string) => void,
): Promise<ListRequest> {
  const text = textOf(given.value('filter'));
  const store = given.value('domain');
  if (store !== null && store !== '') requireStore(String(store));
  const { cursor, startIndex } = placeOf(given);
  const filter = text === null ? null : { text, ...(onUnknown === undefined ? {} : { onUnknown }) };
  return {
    filter: filter === null ? null : await filterOf(type, place, filter),
    sort: await sortOf({ type, ...place }, given, onUnknown),
    startIndex,
    count: Math.min(PAGE_RESOURCES_MAX, Math.max(0, wholeNumber(given, 'count') ?? PAGE_RESOURCES_MAX)),
    cursor,
    question: { filter: text, sort: JSON.stringify([given.value('sortBy'), given.value('sortOrder')]) },
    shown: shownBy(type, given),
  };
}

async function filterOf(type: ResourceType, place: Place, { text, ...rest }: FilterText): Promise<Compiled> {
  if (type.list.filterOf !== undefined) return await type.list.filterOf(place, { text, ...rest });
  return compileFilter(text, { attributeAt: type.vocabulary.attributeAt, constants: constantsOfType(type), ...rest });
}

function shownBy({ vocabulary }: ResourceType, given: GivenList): Shown {
  const attributes = given.names('attributes');
  const excludedAttributes = given.names('excludedAttributes');
  return { attributes, excludedAttributes, selection: selectionOf(vocabulary, attributes, excludedAttributes) };
}

const textOf = (value: string | number | null): string | null =>
  value === null || value === '' ? null : String(value);

/** RFC 9865 §2.1: by cursor or by index, never both. RFC 7644 §3.4.2.4: less than 1 is 1. */
function placeOf(given: GivenList): { readonly cursor: string | null; readonly startIndex: number } {
  const cursor = given.value('cursor');
  const startIndex = wholeNumber(given, 'startIndex');
  if (cursor !== null && startIndex !== null) {
    throw new ScimError(400, 'invalidValue', 'A list is paged by cursor or by startIndex, not by both.');
  }
  return { cursor: cursor === null ? null : String(cursor), startIndex: Math.max(1, startIndex ?? 1) };
}

function wholeNumber(given: GivenList, name: string): number | null {
  const value = given.value(name);
  if (value === null || value === '') return null;
  if (!/^-?\d{1,15}$/.test(String(value))) {
    throw new ScimError(400, 'invalidValue', `Parameter ${name} is no whole number: ${quoted(String(value))}.`);
  }
  return Math.min(INDEX_MAX, Number(value));
}

async function sortOf(
  { type, ...place }: Listing,
  given: GivenList,
  onUnknown?: (path: string) => void,
): Promise<Sort> {
  const direction = directionOf(given.value('sortOrder'));
  const by = textOf(given.value('sortBy'));
  const found = by === null ? type.list.defaultSort : await type.list.sortPath?.(by, place);
  const path = found === undefined ? sortPath(type.vocabulary, by ?? '') : found;
  if (path !== null) return { path, direction };
  if (onUnknown === undefined) {
    throw new ScimError(400, 'invalidPath', `${type.endpoint.slice(1)} cannot be sorted by ${quoted(by ?? '')}.`);
  }
  onUnknown(by ?? '');
  return { path: type.list.defaultSort, direction };
}

/** RFC 7644 §3.4.2.3: of a list, its values are sorted by. */
export function sortPath({ attributeAt }: Pick<Vocabulary, 'attributeAt'>, by: string): string | null {
  const place = attributeAt(by);
  const leaf = place?.sub ?? place?.attribute;
  const value = leaf?.subAttributes?.find(({ name, search }) => name === 'value' && search !== 'none');
  const isSortable = leaf !== undefined && (value !== undefined || leaf.search !== 'none');
  if (place === null || !isSortable) return null;
  return searchPath(value === undefined ? place : { ...place, sub: value });
}

function directionOf(order: string | number | null): Sort['direction'] {
  const lower = String(order ?? 'ascending').toLowerCase();
  if (lower === 'ascending' || lower === 'descending' || lower === '') return lower === '' ? 'ascending' : lower;
  throw new ScimError(400, 'invalidValue', `Parameter sortOrder is ascending or descending, not ${quoted(lower)}.`);
}

const constants = new WeakMap<ResourceType, ReadonlyMap<string, readonly string[]>>();

export function constantsOfType(type: ResourceType): ReadonlyMap<string, readonly string[]> {
  const known = constants.get(type);
  if (known !== undefined) return known;
  const made = constantsOf(type.name, type.vocabulary);
  constants.set(type, made);
  return made;
}
