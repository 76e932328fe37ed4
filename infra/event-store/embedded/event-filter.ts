/** A filter of the port as a condition in SQL. */
import { checkFilter } from '../event-filter.ts';
import type { EventFilter } from '../event-store.ts';

export interface CompiledFilter {
  readonly sql: string;
  readonly parameters: readonly string[];
}

/** Behind every text that begins with the prefix: no character sorts after this one. */
const LAST_CHARACTER = '\u{10FFFF}';

/** Throws `InvalidArgument` for a filter that is not of exactly one kind. */
export function compileFilter(filter: EventFilter | undefined): CompiledFilter | null {
  if (filter === undefined) return null;
  checkFilter(filter);
  const byType = 'typePrefixes' in filter && filter.typePrefixes !== undefined;
  const prefixes = byType ? filter.typePrefixes : (filter as { streamPrefixes: readonly string[] }).streamPrefixes;
  const column = byType ? 'e.type' : 's.name';
  return {
    sql: `(${prefixes.map(() => `(${column} >= ? AND ${column} < ?)`).join(' OR ')})`,
    parameters: prefixes.flatMap((prefix) => [prefix, prefix + LAST_CHARACTER]),
  };
}
