/** A query in the terms of one generation's tables: scope, condition and sort key as SQL, worked out once per query. */
import { FILTER_TERMS_MAX, type Filter, type Query, type Sort, UnsearchableField } from '../read-store.ts';
import { cellCondition, compileFilter, type Sql, TRUE } from './filter-sql.ts';
import { type Column, type Layout, targetOf } from './layout.ts';
import { idIndex, sortIndex } from './schema.ts';

/** The organizations asked for, as a condition that follows a column: `= ?` or `IN (…)`. */
export interface OrgScope {
  readonly sql: Sql;
  /** One organization: index order is sort order. */
  readonly single: boolean;
}

export interface SortKey {
  /** Null: by id alone. */
  readonly expression: Sql | null;
  /** The index whose order this is; null when there is none. */
  readonly index: string | null;
  readonly column: Column | null;
}

export interface Question {
  readonly layout: Layout;
  /** Number of the collection in its file. */
  readonly k: number;
  readonly org: OrgScope;
  readonly filter: Filter | null;
  readonly condition: Sql;
  readonly sort: SortKey;
  readonly descending: boolean;
  /** What the filter says of the sort column: where in the index to begin and end. */
  readonly bounds: Sql | null;
  /** The bounds are the whole filter. */
  readonly boundsCover: boolean;
  /** Names scope and filter in the caches. */
  readonly filterKey: string;
  readonly sortKey: string;
}

export function questionOf(parts: { layout: Layout; k: number; org: OrgScope; query: Query }): Question {
  const { layout, k, org, query } = parts;
  const filter = query.filter ?? null;
  if (filter !== null && terms(filter) > FILTER_TERMS_MAX) {
    throw new RangeError(`a filter of more than ${FILTER_TERMS_MAX} terms`);
  }
  const sort = sortOf(layout, query.sort);
  const conjuncts = filter === null ? [] : conjunctsOf(filter);
  const onSortColumn = conjuncts.map((part) => (sort.column === null ? null : boundOf(layout, sort.column, part)));
  const bounds = onSortColumn.filter((bound) => bound !== null);
  return {
    layout,
    k,
    org,
    filter,
    condition: filter === null ? TRUE : compileFilter(layout, filter),
    sort,
    descending: query.sort?.direction === 'descending',
    bounds:
      bounds.length === 0
        ? null
        : { text: bounds.map(({ text }) => text).join(' AND '), params: bounds.flatMap(({ params }) => params) },
    boundsCover: conjuncts.length > 0 && bounds.length === conjuncts.length,
    filterKey: JSON.stringify([query.tenant, query.org ?? null, filter]),
    sortKey: query.sort === undefined ? '' : `${query.sort.direction} ${query.sort.path}`,
  };
}

function terms(filter: Filter): number {
  if ('filters' in filter) return filter.filters.reduce((sum, part) => sum + terms(part), 1);
  return 'filter' in filter ? 1 + terms(filter.filter) : 1;
}

const conjunctsOf = (filter: Filter): readonly Filter[] =>
  filter.op === 'and' ? filter.filters.flatMap(conjunctsOf) : [filter];

function boundOf(layout: Layout, column: Column, filter: Filter): Sql | null {
  switch (filter.op) {
    case 'eq':
    case 'gt':
    case 'ge':
    case 'lt':
    case 'le':
    case 'prefix': {
      const target = targetOf(layout, filter.path);
      if (target?.kind !== 'single' || target.column !== column) return null;
      return cellCondition(`d.${column.name}`, column, filter);
    }
    default:
      return null;
  }
}

function sortOf(layout: Layout, sort: Sort | undefined): SortKey {
  if (sort === undefined) return { expression: null, index: idIndex(layout), column: null };
  const target = targetOf(layout, sort.path);
  if (target === null) throw new UnsearchableField(layout.name, sort.path);
  if (target.kind === 'single') {
    const { column } = target;
    return { expression: { text: `d.${column.name}`, params: [] }, index: sortIndex(layout, column.name), column };
  }
  if (target.kind === 'dynamic') {
    const text = `(SELECT x.value FROM ${layout.prefix}dyn x WHERE x.n = d.n AND x.path = ? ORDER BY x.i, x.k LIMIT 1)`;
    return { expression: { text, params: [target.path] }, index: null, column: null };
  }
  // RFC 7644 §3.4.2.3: the first value in the list.
  const cell = `e.${target.column.name}`;
  const text = `(SELECT ${cell} FROM ${target.group.table} e WHERE e.n = d.n AND ${cell} IS NOT NULL ORDER BY e.i LIMIT 1)`;
  return { expression: { text, params: [] }, index: null, column: null };
}
