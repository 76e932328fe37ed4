/** The statements that fetch rows in sort order, present values first, then the documents without one, by id. */
import type { PageKey } from '../read-store.ts';
import type { Driver } from './driver.ts';
import type { Sql } from './filter-sql.ts';
import type { Question } from './question.ts';
import { idIndex } from './schema.ts';

/** Documents with a sort value, or those without; `all` when the sort is by id or decided by a sorter. */
export type Segment = 'present' | 'absent' | 'all';

export interface RowRequest {
  /** Null: walk the sort order and test each row. */
  readonly driver: Driver | null;
  readonly segment: Segment;
  /** Against the direction of the question: for a page before a key. */
  readonly backward?: boolean;
  /** Exclusive edge. */
  readonly beyond?: PageKey;
  /** Null: all, in no order. */
  readonly limit: number | null;
  readonly offset: number;
}

/** `SELECT n, id, sortkey`. */
export function rowsSql(question: Question, request: RowRequest): Sql {
  const { sort } = question;
  const backward = request.backward === true;
  const direction = question.descending !== backward ? 'DESC' : 'ASC';
  const key = sort.expression ?? { text: 'NULL', params: [] };
  const parts = [...conditions(question, request), ...edge(question, request)];
  const ordered = sort.expression !== null && request.segment !== 'absent';
  const absentLast = request.segment === 'all' && ordered ? 'sortkey IS NULL, ' : '';
  const order = `${absentLast}${ordered ? `sortkey ${direction}, ` : ''}d.id ${direction}`;
  const text = `SELECT d.n AS n, d.id AS id, ${key.text} AS sortkey FROM ${from(question, request)}
    WHERE ${parts.map((part) => part.text).join(' AND ')}`;
  const params = [...key.params, ...parts.flatMap((part) => part.params)];
  if (request.limit === null) return { text, params };
  return { text: `${text} ORDER BY ${order} LIMIT ? OFFSET ?`, params: [...params, request.limit, request.offset] };
}

function from({ layout, sort }: Question, { driver, segment }: RowRequest): string {
  const table = `${layout.prefix}doc d`;
  if (driver !== null) return `${table} NOT INDEXED`;
  const walksSort = segment === 'present' && sort.index !== null;
  return `${table} INDEXED BY ${walksSort ? sort.index : idIndex(layout)}`;
}

function conditions(question: Question, { driver, segment }: RowRequest): readonly Sql[] {
  const { org, condition, bounds, boundsCover, sort } = question;
  const column = sort.column === null ? 'sortkey' : `d.${sort.column.name}`;
  const parts: Sql[] = [];
  if (driver !== null) parts.push({ text: `d.n IN (${driver.rows.text})`, params: driver.rows.params });
  parts.push({ text: `d.o ${org.sql.text}`, params: org.sql.params });
  if (segment === 'present') parts.push({ text: `${column} IS NOT NULL`, params: [] });
  if (segment === 'absent') parts.push({ text: `${column} IS NULL`, params: [] });
  const walksBounds = driver === null && segment === 'present' && bounds !== null;
  if (walksBounds) parts.push(bounds);
  const isAnswered = (walksBounds && boundsCover) || driver?.exact === true;
  if (!isAnswered) parts.push(condition);
  return parts;
}

function edge(question: Question, { beyond, backward = false, segment }: RowRequest): readonly Sql[] {
  if (beyond === undefined) return [];
  const comparator = question.descending !== backward ? '<' : '>';
  if (segment === 'present' && beyond.value !== null) {
    const column = question.sort.column === null ? 'sortkey' : `d.${question.sort.column.name}`;
    const value = typeof beyond.value === 'boolean' ? Number(beyond.value) : beyond.value;
    return [{ text: `(${column}, d.id) ${comparator} (?, ?)`, params: [value, beyond.id] }];
  }
  return [{ text: `d.id ${comparator} ?`, params: [beyond.id] }];
}

/** How many documents of the question a segment holds. */
export function countSql(question: Question, request: Pick<RowRequest, 'driver' | 'segment'>): Sql {
  const inner = rowsSql(question, { ...request, limit: null, offset: 0 });
  return { text: `SELECT count(*) AS total FROM (${inner.text})`, params: inner.params };
}
