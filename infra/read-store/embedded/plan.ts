/**
 * Where a query starts: `gather` looks up the rows that an index names and sorts them, `walk` goes along the sort order
 * and tests each row. We decide, not SQLite's planner: it cannot know how many rows share a prefix.
 */
import type { AnswerCache } from './answer-cache.ts';
import { type Driver, driversOf } from './driver.ts';
import type { Sql } from './filter-sql.ts';
import type { Question } from './question.ts';

export type Plan =
  /** `counted` is a set that is exactly the result, when there is one. */
  { readonly kind: 'walk'; readonly counted: Driver | null } | { readonly kind: 'gather'; readonly driver: Driver };

const WALK: Plan = { kind: 'walk', counted: null };

/** Sets up to this size are always gathered. */
const GATHER_ROWS_ALWAYS = 2_000;
/** What it costs to look up and sort a gathered row, in tests of a walked row. */
const GATHER_COST = 1.5;

/** One statement, one number. */
export type Counter = (sql: Sql) => number;

export interface PlanParts {
  readonly question: Question;
  readonly cache: AnswerCache;
  readonly count: Counter;
  /** Documents in scope. */
  readonly documents: () => number;
  /** Rows to be passed before the page is complete. */
  readonly depth: number;
}

export function planOf(parts: PlanParts): Plan {
  const { question } = parts;
  if (question.filter === null) return WALK;
  if (question.boundsCover && question.org.single) return WALK;
  const drivers = driversOf(question.layout, question.filter, question.org.sql);
  const sized = drivers.map((driver) => ({ driver, rows: probe(driver, parts.count) }));
  const smallest = sized.toSorted((a, b) => a.rows - b.rows)[0];
  if (smallest === undefined) return WALK;
  if (smallest.rows <= GATHER_ROWS_ALWAYS) return { kind: 'gather', driver: smallest.driver };
  return weighed(
    sized.map(({ driver }) => driver),
    parts,
  );
}

const probe = ({ rows }: Driver, count: Counter): number =>
  count({ text: `SELECT count(*) AS total FROM (${rows.text} LIMIT ${GATHER_ROWS_ALWAYS + 1})`, params: rows.params });

export function driverRows(driver: Driver, { cache, count }: Pick<PlanParts, 'cache' | 'count'>): number {
  const { rows, distinct } = driver;
  return cache.total(`driver ${JSON.stringify(rows)}`, () =>
    count({ text: `SELECT count(${distinct ? '*' : 'DISTINCT n'}) AS total FROM (${rows.text})`, params: rows.params }),
  );
}

function weighed(drivers: readonly Driver[], parts: PlanParts): Plan {
  const sized = drivers.map((driver) => ({ driver, rows: driverRows(driver, parts) }));
  const [smallest] = sized.toSorted((a, b) => a.rows - b.rows);
  if (smallest === undefined) return WALK;
  const documents = parts.documents();
  const isOrdered = parts.question.sort.index !== null && parts.question.org.single;
  // Matches are taken to be spread evenly over the sort order.
  const walked = isOrdered ? Math.min(documents, (parts.depth * documents) / smallest.rows) : documents * GATHER_COST;
  if (smallest.rows * GATHER_COST < walked) return { kind: 'gather', driver: smallest.driver };
  return { kind: 'walk', counted: drivers.find(({ exact }) => exact) ?? null };
}
