/** What answering one query needs at hand. */
import type { Document } from '../read-store.ts';
import type { AnswerCache } from './answer-cache.ts';
import type { Sql } from './filter-sql.ts';
import type { Plan } from './plan.ts';
import type { Question } from './question.ts';

export interface Row {
  readonly n: number;
  readonly id: string;
  readonly sortkey: string | number | null;
}

/** Prepared statements of the snapshot. */
export interface Tables {
  all(sql: Sql): readonly Row[];
  count(sql: Sql): number;
  /** Row numbers in order, of a statement as `rowsSql` makes it. */
  numbers(sql: Sql): readonly number[];
  bodies(question: Question, rows: readonly number[]): readonly Document[];
  /** Sort value and id of one row. */
  row(question: Question, n: number): Row;
  /** Documents of the collection in the question's scope. */
  documents(question: Question): number;
  cache(question: Question): AnswerCache;
}

export interface Asked {
  readonly tables: Tables;
  readonly question: Question;
  readonly plan: Plan;
  readonly cache: AnswerCache;
}
