/** Exact totals, from the narrowest index that can count them; kept until the collection is written. */
import type { Asked } from './asked.ts';
import { cellCondition, type Sql } from './filter-sql.ts';
import { targetOf } from './layout.ts';
import { driverRows } from './plan.ts';
import type { Question } from './question.ts';
import { countSql } from './row-source.ts';
import { groupIndex, sortIndex } from './schema.ts';

/** Names a sorted result in the cache. */
export const listKey = ({ filterKey, sortKey }: Question): string => `${filterKey} ${sortKey}`;

export function totalOf(asked: Asked): number {
  const { tables, question, plan, cache } = asked;
  if (question.filter === null) return tables.documents(question);
  const listed = cache.list(listKey(question));
  if (listed?.complete) return listed.rows.length;
  const exact = plan.kind === 'walk' ? plan.counted : plan.driver.exact ? plan.driver : null;
  if (exact !== null) return driverRows(exact, { cache, count: (sql) => tables.count(sql) });
  return cache.total(question.filterKey, () => tables.count(totalSql(asked)));
}

function totalSql({ question, plan }: Asked): Sql {
  if (plan.kind === 'gather') return countSql(question, { driver: plan.driver, segment: 'all' });
  if (question.boundsCover && question.org.single) return countSql(question, { driver: null, segment: 'present' });
  return coveringCount(question) ?? countSql(question, { driver: null, segment: 'all' });
}

/** A test of one field alone is made on that field's index, without the documents. */
function coveringCount({ layout, filter, org }: Question): Sql | null {
  if (filter === null || !('path' in filter) || filter.op === 'ne' || filter.op === 'any') return null;
  const target = targetOf(layout, filter.path);
  if (target === null || target.kind === 'dynamic') return null;
  const { name } = target.column;
  const test = cellCondition(name, target.column, filter);
  if (test === null) return null;
  const [what, table, index] =
    target.kind === 'single'
      ? ['*', `${layout.prefix}doc`, sortIndex(layout, name)]
      : ['DISTINCT n', target.group.table, groupIndex(target.group.table, name)];
  return {
    text: `SELECT count(${what}) AS total FROM ${table} INDEXED BY ${index}
      WHERE o ${org.sql.text} AND ${name} IS NOT NULL AND ${test.text}`,
    params: [...org.sql.params, ...test.params],
  };
}
