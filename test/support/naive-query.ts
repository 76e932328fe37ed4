/** Answers a query by looking at every document: slow, and simple enough to be believed. */
import type { Json } from '../../domain/json.ts';
import { foldText } from '../../domain/text.ts';
import type { Collection, Document, Filter, Query, Scalar } from '../../infra/read-store/read-store.ts';

type Value = string | number;
type Part = { readonly [key: string]: Json };

export function naiveIds(collection: Collection, documents: readonly Document[], query: Query): readonly string[] {
  const { tenant, org, filter, sort } = query;
  const matches = documents.filter(
    (document) =>
      document.tenant === tenant &&
      (org === undefined || document.org === org) &&
      (filter === undefined || holds({ collection, base: '' }, document, filter)),
  );
  const direction = sort?.direction === 'descending' ? -1 : 1;
  const keyOf = (document: Document) =>
    sort === undefined ? undefined : valuesOf({ collection, base: '' }, document, sort.path)[0];
  return matches
    .map((document) => ({ id: document.id, key: keyOf(document) }))
    .toSorted((a, b) => {
      if (a.key === undefined || b.key === undefined) {
        if (a.key !== b.key) return a.key === undefined ? 1 : -1;
        return direction * compare(a.id, b.id);
      }
      return direction * (compare(a.key, b.key) || compare(a.id, b.id));
    })
    .map(({ id }) => id);
}

interface Scope {
  readonly collection: Collection;
  readonly base: string;
}

function holds(scope: Scope, part: Part, filter: Filter): boolean {
  switch (filter.op) {
    case 'and':
      return filter.filters.every((inner) => holds(scope, part, inner));
    case 'or':
      return filter.filters.some((inner) => holds(scope, part, inner));
    case 'not':
      return !holds(scope, part, filter.filter);
    case 'any': {
      const array = part[filter.path] ?? [];
      const base = `${scope.base}${filter.path}.`;
      return (array as readonly Part[]).some((element) => holds({ ...scope, base }, element, filter.filter));
    }
    default:
      return compares(scope, part, filter);
  }
}

function compares(scope: Scope, part: Part, filter: Extract<Filter, { path: string }>): boolean {
  const values = valuesOf(scope, part, filter.path);
  const as = (value: Scalar) => searchable(scope, filter.path, value);
  switch (filter.op) {
    case 'present':
      return values.length > 0;
    case 'ne':
      return values.length === 0 || values.some((value) => value !== as(filter.value));
    case 'in':
      return values.some((value) => filter.values.some((wanted) => value === as(wanted)));
    case 'prefix':
      return values.some((value) => text(value).startsWith(text(as(filter.value))) && typeof value === 'string');
    case 'suffix':
      return values.some((value) => text(value).endsWith(text(as(filter.value))) && typeof value === 'string');
    case 'contains':
      return values.some((value) => text(value).includes(text(as(filter.value))) && typeof value === 'string');
    case 'any':
      throw new TypeError('any is no comparison');
    default: {
      const wanted = as(filter.value);
      return values.some(
        (value) => typeof value === typeof wanted && ordered(filter.op, compare(value, wanted as Value)),
      );
    }
  }
}

const text = (value: Value | undefined): string => (typeof value === 'string' ? value : '\0no text');

function ordered(op: string, order: number): boolean {
  if (op === 'eq') return order === 0;
  if (op === 'gt') return order > 0;
  if (op === 'ge') return order >= 0;
  return op === 'lt' ? order < 0 : order <= 0;
}

function compare(a: Value, b: Value): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'number') return -1;
  if (typeof b === 'number') return 1;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function searchable({ collection, base }: Scope, path: string, value: Json): Value | undefined {
  const field = collection.fields.find((candidate) => candidate.path === `${base}${path}`);
  if (field === undefined) {
    if (typeof value === 'string') return foldText(value);
    if (typeof value === 'boolean') return String(value);
    return typeof value === 'number' ? value : undefined;
  }
  if (field.kind === 'boolean') return typeof value === 'boolean' ? Number(value) : undefined;
  if (field.kind === 'number') return typeof value === 'number' ? value : undefined;
  if (typeof value !== 'string') return undefined;
  if (field.kind === 'text') return field.caseExact ? value : foldText(value);
  const instant = Date.parse(value);
  return Number.isNaN(instant) ? undefined : instant;
}

/** All comparable values at a path, through arrays, in the order in which they stand. */
function valuesOf(scope: Scope, part: Part, path: string): readonly Value[] {
  let found: readonly Json[] = [part];
  for (const key of path.split('.')) {
    found = found.flatMap((value) => {
      const child = (value as Part | null)?.[key];
      if (child === undefined) return [];
      return Array.isArray(child) ? (child as readonly Json[]) : [child];
    });
  }
  return found.map((value) => searchable(scope, path, value)).filter((value) => value !== undefined);
}
