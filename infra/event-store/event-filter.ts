import { InvalidArgument } from './errors.ts';
import type { EventFilter } from './event-store.ts';

export const FILTER_PREFIXES_MAX = 100;

/** Throws {@link InvalidArgument} for a filter that is not of exactly one kind. */
export function checkFilter(filter: EventFilter | undefined): void {
  if (filter === undefined) return;
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
}
