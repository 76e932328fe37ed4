/** A filter of the port as a condition in SQL. */
import { InvalidArgument } from '../errors.ts';
import type { EventFilter } from '../event-store.ts';

export const FILTER_PREFIXES_MAX = 100;

export interface CompiledFilter {
  readonly sql: string;
  readonly parameters: readonly string[];
}

/** Behind every text that begins with the prefix: no character sorts after this one. */
const LAST_CHARACTER = '\u{10FFFF}';

/** Throws {@link InvalidArgument} for a filter that is not of exactly one kind. */
export function compileFilter(filter: EventFilter | undefined): CompiledFilter | null {
  if (filter === undefined) return null;
  const { streamPrefixes, typePrefixes } = filter as {
    streamPrefixes?: readonly string[];
    typePrefixes?: readonly string[];
  };
  if ((streamPrefixes === undefined) === (typePrefixes === undefined)) {
    throw new InvalidArgument('a filter has stream prefixes or type prefixes');
  }
  const prefixes = streamPrefixes ?? typePrefixes ?? [];
  if (prefixes.length === 0 || prefixes.length > FILTER_PREFIXES_MAX) {
    throw new InvalidArgument(`a filter has 1 to ${FILTER_PREFIXES_MAX} prefixes`);
  }
  const column = streamPrefixes === undefined ? 'e.type' : 's.name';
  return {
    sql: `(${prefixes.map(() => `(${column} >= ? AND ${column} < ?)`).join(' OR ')})`,
    parameters: prefixes.flatMap((prefix) => [prefix, prefix + LAST_CHARACTER]),
  };
}
