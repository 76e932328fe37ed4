/**
 * Compiles the filter tree to an SQL condition over a document row `d`. Values are always parameters; names come from
 * the layout alone. Every condition is true or false, never NULL, so that `not` means what it says.
 *
 * On a field with many values a comparison holds if one value satisfies it, `ne` included (RFC 7644 §3.4.2.2); on an
 * absent field only `ne` holds. So `not eq` ("no value equals") is stronger than `ne` on many values.
 */

import { type Filter, type Scalar, UnsearchableField } from '../read-store.ts';
import { dynamicSearchValue, prefixEnd, type SearchValue, searchValue } from '../search-value.ts';
import { type Column, type Group, groupAt, type Layout, type Target, targetOf } from './layout.ts';

export interface Sql {
  readonly text: string;
  readonly params: readonly (string | number)[];
}

// As parameters: SQLite drops the index that we name when it sees that a condition is constant.
export const TRUE: Sql = { text: '?', params: [1] };
const FALSE: Sql = { text: '?', params: [0] };

export type Comparison = Exclude<Filter, { readonly op: 'and' | 'or' | 'not' | 'any' }>;

/** Where paths are looked up: the document, or one element of an array in it. */
interface Scope {
  readonly layout: Layout;
  /** Prepended to relative paths. */
  readonly base: string | null;
  /** The element's row `e`, when inside `any`. */
  readonly element: Group | 'dynamic' | null;
}

export const compileFilter = (layout: Layout, filter: Filter): Sql =>
  compile({ layout, base: null, element: null }, filter);

function compile(scope: Scope, filter: Filter): Sql {
  switch (filter.op) {
    case 'and':
      return joined(
        filter.filters.map((part) => compile(scope, part)),
        ' AND ',
        TRUE,
      );
    case 'or':
      return joined(
        filter.filters.map((part) => compile(scope, part)),
        ' OR ',
        FALSE,
      );
    case 'not': {
      const inner = compile(scope, filter.filter);
      return { text: `NOT ${inner.text}`, params: inner.params };
    }
    case 'any':
      return compileAny(scope, filter);
    default:
      return compileComparison(scope, filter);
  }
}

function joined(parts: readonly Sql[], word: string, empty: Sql): Sql {
  if (parts.length === 0) return empty;
  return { text: `(${parts.map(({ text }) => text).join(word)})`, params: parts.flatMap(({ params }) => params) };
}

const absolute = (scope: Scope, path: string): string => {
  if (scope.base === null) return path;
  return path === '' ? scope.base : `${scope.base}.${path}`;
};

function compileAny(scope: Scope, filter: Extract<Filter, { op: 'any' }>): Sql {
  const path = absolute(scope, filter.path);
  if (scope.element !== null) throw new UnsearchableField(scope.layout.name, path);
  const declared = targetOf(scope.layout, path);
  const group = groupAt(scope.layout, path) ?? (declared?.kind === 'many' ? declared.group : null);
  if (group !== null) {
    const inner = compile({ ...scope, base: path, element: group }, filter.filter);
    // In a list of plain values the table's rows may belong to a longer list beside it.
    const own = declared?.kind === 'many' ? ` AND e.${declared.column.name} IS NOT NULL` : '';
    return {
      text: `EXISTS (SELECT 1 FROM ${group.table} e WHERE e.n = d.n${own} AND ${inner.text})`,
      params: inner.params,
    };
  }
  if (declared?.kind === 'dynamic') {
    const inner = compile({ ...scope, base: declared.path, element: 'dynamic' }, filter.filter);
    const elements = belowPath('x', declared.path);
    return {
      text: `EXISTS (SELECT 1 FROM (SELECT DISTINCT x.i FROM ${scope.layout.prefix}dyn x
        WHERE x.n = d.n AND ${elements.text}) e WHERE ${inner.text})`,
      params: [...elements.params, ...inner.params],
    };
  }
  // Not declared as an array: the value itself is the one element.
  return compile({ ...scope, base: path }, filter.filter);
}

/** Rows of the dynamic table at a path or below it. */
function belowPath(alias: string, path: string): Sql {
  // '/' follows '.' in code point order.
  return {
    text: `(${alias}.path = ? OR (${alias}.path >= ? AND ${alias}.path < ?))`,
    params: [path, `${path}.`, `${path}/`],
  };
}

function compileComparison(scope: Scope, filter: Comparison): Sql {
  const path = absolute(scope, filter.path);
  const target = targetOf(scope.layout, path);
  if (target === null) {
    const group = filter.op === 'present' && scope.element === null ? groupAt(scope.layout, path) : null;
    if (group === null) throw new UnsearchableField(scope.layout.name, path);
    return { text: `EXISTS (SELECT 1 FROM ${group.table} e WHERE e.n = d.n)`, params: [] };
  }
  if (target.kind === 'dynamic') return compileDynamic(scope, target.path, filter);
  if (target.kind === 'single') return onRow(`d.${target.column.name}`, target.column, filter);
  if (scope.element === target.group) return onRow(`e.${target.column.name}`, target.column, filter);
  if (scope.element !== null) throw new UnsearchableField(scope.layout.name, path);
  return onMany(target, filter);
}

/** The condition on a cell that is not NULL; null when no value of the field can satisfy it. */
export function cellCondition(cell: string, column: Column, filter: Comparison): Sql | null {
  return condition(cell, filter, (value) => searchValue(column.field, value));
}

function onRow(cell: string, column: Column, filter: Comparison): Sql {
  if (filter.op === 'ne') {
    const value = searchValue(column.field, filter.value);
    return value === null ? TRUE : { text: `(${cell} IS NOT ?)`, params: [value] };
  }
  const test = cellCondition(cell, column, filter);
  if (test === null) return FALSE;
  return { text: `ifnull(${test.text}, 0)`, params: test.params };
}

function onMany(target: Extract<Target, { kind: 'many' }>, filter: Comparison): Sql {
  const cell = `e.${target.column.name}`;
  const rows = `SELECT 1 FROM ${target.group.table} e WHERE e.n = d.n AND ${cell} IS NOT NULL`;
  if (filter.op === 'ne') return differs(rows, cell, searchValue(target.column.field, filter.value));
  const test = cellCondition(cell, target.column, filter);
  if (test === null) return FALSE;
  return { text: `EXISTS (${rows} AND ${test.text})`, params: test.params };
}

function differs(rows: string, cell: string, value: SearchValue | null): Sql {
  if (value === null) return TRUE;
  return { text: `(NOT EXISTS (${rows}) OR EXISTS (${rows} AND ${cell} <> ?))`, params: [value] };
}

function compileDynamic(scope: Scope, path: string, filter: Comparison): Sql {
  const sameElement = scope.element === 'dynamic' ? ' AND x.i = e.i' : '';
  const table = `SELECT 1 FROM ${scope.layout.prefix}dyn x WHERE x.n = d.n${sameElement}`;
  if (filter.op === 'present') {
    const below = belowPath('x', path);
    return { text: `EXISTS (${table} AND ${below.text})`, params: below.params };
  }
  const rows = `${table} AND x.path = ?`;
  if (filter.op === 'ne') {
    const value = dynamicSearchValue(filter.value);
    if (value === null) return TRUE;
    return { text: `(NOT EXISTS (${rows}) OR EXISTS (${rows} AND x.value <> ?))`, params: [path, path, value] };
  }
  const test = dynamicCondition('x.value', filter);
  return test === null ? FALSE : { text: `EXISTS (${rows} AND ${test.text})`, params: [path, ...test.params] };
}

/** As `cellCondition`, on a cell that may hold a number or a text: neither matches an order of the other. */
export function dynamicCondition(cell: string, filter: Comparison): Sql | null {
  const test = condition(cell, filter, dynamicSearchValue);
  if (test === null || !('value' in filter)) return test;
  // SQLite puts every number before every text.
  if (typeof filter.value === 'number' && (filter.op === 'gt' || filter.op === 'ge')) {
    return { text: `(${test.text} AND ${cell} < '')`, params: test.params };
  }
  if (typeof filter.value !== 'number' && (filter.op === 'lt' || filter.op === 'le')) {
    return { text: `(${test.text} AND ${cell} >= '')`, params: test.params };
  }
  return filter.op === 'contains' || filter.op === 'suffix'
    ? { text: `(${test.text} AND ${cell} >= '')`, params: test.params }
    : test;
}

const COMPARATORS = { eq: '=', gt: '>', ge: '>=', lt: '<', le: '<=' } as const;

function condition(cell: string, filter: Comparison, comparable: (value: Scalar) => SearchValue | null): Sql | null {
  switch (filter.op) {
    case 'present':
      return { text: `${cell} IS NOT NULL`, params: [] };
    case 'in': {
      const values = filter.values.map(comparable).filter((value) => value !== null);
      return { text: `${cell} IN (SELECT value FROM json_each(?))`, params: [JSON.stringify(values)] };
    }
    case 'prefix':
    case 'suffix':
    case 'contains':
      return textCondition(cell, filter.op, comparable(filter.value));
    case 'ne':
      throw new TypeError('ne has no condition on one cell: it also holds where there is none');
    default: {
      const value = comparable(filter.value);
      return value === null ? null : { text: `${cell} ${COMPARATORS[filter.op]} ?`, params: [value] };
    }
  }
}

function textCondition(cell: string, op: 'prefix' | 'suffix' | 'contains', value: SearchValue | null): Sql | null {
  if (typeof value !== 'string') return null;
  if (op === 'contains') return { text: `instr(${cell}, ?) > 0`, params: [value] };
  if (op === 'suffix') {
    if (value === '') return { text: `${cell} IS NOT NULL`, params: [] };
    return { text: `substr(${cell}, -length(?)) = ?`, params: [value, value] };
  }
  const end = prefixEnd(value);
  if (end === null) return { text: `${cell} >= ?`, params: [value] };
  return { text: `(${cell} >= ? AND ${cell} < ?)`, params: [value, end] };
}
