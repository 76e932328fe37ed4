/**
 * Finds the part of a filter that an index answers: a set of row numbers that holds every match, often far smaller than
 * the organization. Which set to start from, or whether to walk the sort order instead, is decided in `plan.ts`.
 */
import type { Filter } from '../read-store.ts';
import { searchValue } from '../search-value.ts';
import { type Comparison, cellCondition, dynamicCondition, type Sql } from './filter-sql.ts';
import { type Layout, type Target, targetOf } from './layout.ts';
import { groupIndex, sortIndex } from './schema.ts';

/** Shortest needle that a trigram index can find. */
export const TRIGRAM_NEEDLE_CHARS_MIN = 3;

export interface Driver {
  /** `SELECT … AS n`: row numbers, perhaps with repeats. */
  readonly rows: Sql;
  /** Every row is a match of the whole filter. */
  readonly exact: boolean;
  /** No row comes twice. */
  readonly distinct: boolean;
}

/** Every index-answerable part of the filter; the caller picks. `org` is the condition on column `o`: `= ?` or `IN (…)`. */
export function driversOf(layout: Layout, filter: Filter, org: Sql): readonly Driver[] {
  switch (filter.op) {
    case 'and': {
      const parts = filter.filters.flatMap((part) => driversOf(layout, part, org));
      return filter.filters.length === 1 ? parts : parts.map((driver) => ({ ...driver, exact: false }));
    }
    case 'or':
      return unionOf(filter.filters.map((part) => driversOf(layout, part, org)));
    case 'not':
      return [];
    case 'any':
      return driversOfAny(layout, filter, org);
    default: {
      const target = targetOf(layout, filter.path);
      return target === null ? [] : driversOfComparison(layout, { target, filter }, org);
    }
  }
}

function unionOf(branches: readonly (readonly Driver[])[]): readonly Driver[] {
  const chosen = branches.map(([first]) => first);
  if (chosen.length === 0 || !chosen.every((driver) => driver !== undefined)) return [];
  const text = chosen.map(({ rows }) => `SELECT n FROM (${rows.text})`).join(' UNION ALL ');
  const params = chosen.flatMap(({ rows }) => rows.params);
  return [{ rows: { text, params }, exact: chosen.every(({ exact }) => exact), distinct: false }];
}

/** A set found by one part of the element's condition holds all matches, but says nothing of the other parts. */
function driversOfAny(layout: Layout, filter: Extract<Filter, { op: 'any' }>, org: Sql): readonly Driver[] {
  const prefixed = withBase(filter.path, filter.filter);
  return prefixed === null ? [] : driversOf(layout, prefixed, org).map((driver) => ({ ...driver, exact: false }));
}

/** The filter with absolute paths; null where an element's `not` or `ne` would mean something else for the whole. */
function withBase(base: string, filter: Filter): Filter | null {
  switch (filter.op) {
    case 'not':
    case 'any':
      return null;
    case 'and': {
      const parts = filter.filters.map((part) => withBase(base, part)).filter((part) => part !== null);
      return { op: 'and', filters: parts };
    }
    case 'or': {
      const parts = filter.filters.map((part) => withBase(base, part));
      return parts.every((part) => part !== null) ? { op: 'or', filters: parts } : null;
    }
    default:
      return { ...filter, path: filter.path === '' ? base : `${base}.${filter.path}` };
  }
}

interface Compared {
  readonly target: Target;
  readonly filter: Comparison;
}

function driversOfComparison(layout: Layout, { target, filter }: Compared, org: Sql): readonly Driver[] {
  if (filter.op === 'ne' || filter.op === 'present') return [];
  if (filter.op === 'contains' || filter.op === 'suffix') return trigramDriver(layout, target, filter);
  const set = indexedRows(layout, { target, filter }, org);
  if (set === null) return [];
  return [{ rows: set, exact: true, distinct: target.kind === 'single' }];
}

function indexedRows(layout: Layout, { target, filter }: Compared, org: Sql): Sql | null {
  if (target.kind === 'dynamic') {
    const test = dynamicCondition('value', filter);
    if (test === null) return null;
    const text = `SELECT n FROM ${layout.prefix}dyn INDEXED BY ${layout.prefix}dyn_value
      WHERE o ${org.text} AND path = ? AND ${test.text}`;
    return { text, params: [...org.params, target.path, ...test.params] };
  }
  const { name } = target.column;
  const test = cellCondition(name, target.column, filter);
  if (test === null) return null;
  const from =
    target.kind === 'single'
      ? `${layout.prefix}doc INDEXED BY ${sortIndex(layout, name)}`
      : `${target.group.table} INDEXED BY ${groupIndex(target.group.table, name)}`;
  return {
    text: `SELECT n FROM ${from} WHERE o ${org.text} AND ${name} IS NOT NULL AND ${test.text}`,
    params: [...org.params, ...test.params],
  };
}

/** Documents that hold every trigram of the needle somewhere in the field: a superset, of all organizations. */
function trigramDriver(layout: Layout, target: Target, filter: Comparison): readonly Driver[] {
  if (target.kind === 'dynamic' || target.trigram === null || !('value' in filter)) return [];
  const needle = searchValue(target.column.field, filter.value);
  if (typeof needle !== 'string') return [];
  // Trigrams are of characters as SQLite counts them; a needle with NUL cannot be asked for.
  const characters = Array.from(needle);
  if (characters.length < TRIGRAM_NEEDLE_CHARS_MIN || needle.includes('\0')) return [];
  const trigrams = new Set<string>();
  for (let at = 0; at + 3 <= characters.length; at += 1) trigrams.add(characters.slice(at, at + 3).join(''));
  const terms = Array.from(trigrams, (trigram) => `"${trigram.replaceAll('"', '""')}"`).join(' AND ');
  const table = `${layout.prefix}fts`;
  const rows = {
    text: `SELECT rowid AS n FROM ${table} WHERE ${table} MATCH ?`,
    params: [`${target.trigram} : (${terms})`],
  };
  return [{ rows, exact: false, distinct: true }];
}
