/**
 * Compiles the filter tree to a MongoDB filter over stored documents. Values are always operands of an operator; names
 * come from the layout alone. It means what the embedded store's SQL means, see filter-sql.ts there: on a field with
 * many values a comparison holds if one value satisfies it, and on an absent field only `ne` holds.
 */
import type { Filter as MongoFilter } from 'mongodb';
import { type Group, groupAt, type Layout, type Target, targetOf } from '../embedded/layout.ts';
import { type Filter, type Scalar, UnsearchableField } from '../read-store.ts';
import { dynamicSearchValue, prefixEnd, type SearchValue, searchValue } from '../search-value.ts';
import { type StoredDocument, singleField } from './stored.ts';

export type Condition = MongoFilter<StoredDocument>;
type Comparison = Exclude<Filter, { readonly op: 'and' | 'or' | 'not' | 'any' }>;
/** What one value must satisfy. */
type Test = { readonly [operator: string]: unknown };

/** The server takes no deeper trees; `not` over `not`, and lists of one, do not count. */
export const FILTER_NESTING_MAX = 40;

/** Servers take no longer patterns. */
export const PATTERN_CHARACTERS_MAX = 32_000;

const EVERYTHING: Condition = {};
const NOTHING: Condition = { _id: { $in: [] } };

/** Where paths are looked up: the document, or one element of an array in it. */
interface Scope {
  readonly layout: Layout;
  /** Prepended to relative paths. */
  readonly base: string | null;
  /** What the condition is about, when inside `any`. */
  readonly element: Group | 'dynamic' | null;
  readonly depth: number;
}

export const mongoFilter = (layout: Layout, filter: Filter): Condition =>
  compile({ layout, base: null, element: null, depth: 0 }, filter);

function compile(scope: Scope, filter: Filter): Condition {
  if (scope.depth > FILTER_NESTING_MAX) throw new RangeError(`a filter nests deeper than ${FILTER_NESTING_MAX}`);
  switch (filter.op) {
    case 'and':
    case 'or':
      return joined(scope, filter);
    case 'not':
      return negated(scope, filter.filter);
    case 'any':
      return compileAny(scope, filter);
    default:
      return compileComparison(scope, filter);
  }
}

const deeper = (scope: Scope): Scope => ({ ...scope, depth: scope.depth + 1 });

function joined(scope: Scope, { op, filters }: Extract<Filter, { op: 'and' | 'or' }>): Condition {
  const [only] = filters;
  if (only === undefined) return op === 'and' ? EVERYTHING : NOTHING;
  if (filters.length === 1) return compile(scope, only);
  const parts = filters.map((part) => compile(deeper(scope), part));
  return op === 'and' ? { $and: parts } : { $or: parts };
}

function negated(scope: Scope, inner: Filter): Condition {
  let filter = inner;
  let isNegated = true;
  while (filter.op === 'not') {
    filter = filter.filter;
    isNegated = !isNegated;
  }
  return isNegated ? { $nor: [compile(deeper(scope), filter)] } : compile(scope, filter);
}

const absolute = ({ base }: Scope, path: string): string => {
  if (base === null) return path;
  return path === '' ? base : `${base}.${path}`;
};

/** The condition begins with a field of the element, so that no server takes it for a test of a plain value. */
const one = (array: string, condition: Condition | Test): Condition => ({ [array]: { $elemMatch: condition } });

function compileAny(scope: Scope, filter: Extract<Filter, { op: 'any' }>): Condition {
  const { layout } = scope;
  const path = absolute(scope, filter.path);
  if (scope.element !== null) throw new UnsearchableField(layout.name, path);
  const declared = targetOf(layout, path);
  const group = groupAt(layout, path) ?? (declared?.kind === 'many' ? declared.group : null);
  if (group !== null) {
    const inner = compile({ ...deeper(scope), base: path, element: group }, filter.filter);
    // In a list of plain values the elements may belong to a longer list beside it.
    const own = declared?.kind === 'many' ? [{ [declared.column.name]: { $exists: true } }] : [];
    return one(group.table, { place: { $gte: 0 }, $and: [inner, ...own] });
  }
  if (declared?.kind === 'dynamic') {
    const inner = compile({ ...deeper(scope), base: declared.path, element: 'dynamic' }, filter.filter);
    return one('dynamic', { place: { $gte: -1 }, $and: [one('rows', atOrBelow(declared.path)), inner] });
  }
  // Not declared as an array: the value itself is the one element.
  return compile({ ...scope, base: path }, filter.filter);
}

/** Rows of the dynamic fields at a path or below it; '/' follows '.' in code point order. */
const atOrBelow = (path: string): Condition => ({
  path: { $gte: path, $lt: `${path}/` },
  $or: [{ path }, { path: { $gte: `${path}.` } }],
});

function compileComparison(scope: Scope, filter: Comparison): Condition {
  const { layout } = scope;
  const path = absolute(scope, filter.path);
  const target = targetOf(layout, path);
  if (target === null) {
    const group = filter.op === 'present' && scope.element === null ? groupAt(layout, path) : null;
    if (group === null) throw new UnsearchableField(layout.name, path);
    return { [group.table]: { $exists: true } };
  }
  if (target.kind === 'dynamic') return onDynamic(scope, target.path, filter);
  if (target.kind === 'single') {
    if (scope.element !== null) throw new UnsearchableField(layout.name, path);
    return onOne(singleField(target.column), filter, (value) => searchValue(target.column.field, value));
  }
  if (scope.element === target.group) {
    return onOne(target.column.name, filter, (value) => searchValue(target.column.field, value));
  }
  if (scope.element !== null) throw new UnsearchableField(layout.name, path);
  return onMany(target, filter);
}

type Comparable = (value: Scalar) => SearchValue | null;

function onOne(cell: string, filter: Comparison, comparable: Comparable): Condition {
  if (filter.op === 'ne') {
    const value = comparable(filter.value);
    return value === null ? EVERYTHING : { [cell]: { $ne: value } };
  }
  const test = testOf(filter, comparable);
  return test === null ? NOTHING : { [cell]: test };
}

function onMany({ group, column }: Extract<Target, { kind: 'many' }>, filter: Comparison): Condition {
  const comparable: Comparable = (value) => searchValue(column.field, value);
  const withCell = (test: Test) => one(group.table, { [column.name]: test });
  if (filter.op === 'ne') return differs(withCell, comparable(filter.value));
  const test = testOf(filter, comparable);
  return test === null ? NOTHING : withCell(test);
}

function onDynamic(scope: Scope, path: string, filter: Comparison): Condition {
  const withRow = (row: Condition | Test) =>
    scope.element === 'dynamic' ? one('rows', row) : one('dynamic', one('rows', row));
  if (filter.op === 'present') return withRow(atOrBelow(path));
  const withValue = (test: Test) => withRow({ path, value: test });
  if (filter.op === 'ne') return differs(withValue, dynamicSearchValue(filter.value));
  const test = testOf(filter, dynamicSearchValue);
  return test === null ? NOTHING : withValue(test);
}

/** There is no value, or one that differs. */
function differs(having: (test: Test) => Condition, value: SearchValue | null): Condition {
  if (value === null) return EVERYTHING;
  return { $or: [{ $nor: [having({ $exists: true })] }, having({ $exists: true, $ne: value })] };
}

const OPERATORS = { eq: '$eq', gt: '$gt', ge: '$gte', lt: '$lt', le: '$lte' } as const;

/** Null: no value satisfies it. An order compares numbers with numbers and text with text, here as in SQL. */
function testOf(filter: Exclude<Comparison, { op: 'ne' }> | Comparison, comparable: Comparable): Test | null {
  switch (filter.op) {
    case 'present':
      return { $exists: true };
    case 'in':
      return { $in: filter.values.map(comparable).filter((value) => value !== null) };
    case 'prefix':
    case 'suffix':
    case 'contains':
      return textTest(filter.op, comparable(filter.value));
    case 'ne':
      throw new TypeError('ne is no test of one value: it also holds where there is none');
    default: {
      const value = comparable(filter.value);
      return value === null ? null : { [OPERATORS[filter.op]]: value };
    }
  }
}

const ANY_TEXT: Test = { $gte: '' };

function textTest(op: 'prefix' | 'suffix' | 'contains', value: SearchValue | null): Test | null {
  if (typeof value !== 'string') return null;
  if (value === '') return ANY_TEXT;
  // Only ever as text: a regular expression object on an indexed field is not answered alike everywhere.
  if (op === 'contains') return { $regex: literal(value) };
  // A dollar would also match before a line end.
  if (op === 'suffix') return { $regex: `${literal(value)}(?![\\s\\S])` };
  const end = prefixEnd(value);
  return end === null ? { $gte: value } : { $gte: value, $lt: end };
}

/** A pattern that matches this text alone: everything in ASCII that is no letter or digit goes by its number. */
function literal(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach the pattern as they are.
  const pattern = text.replace(/[\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  if (pattern.length > PATTERN_CHARACTERS_MAX) throw new RangeError('a text to search for is too long');
  return pattern;
}
