/**
 * Regular expressions that administrators write, matched in time that grows with the text alone: RE2's syntax, so no
 * look-around and no back reference, and programs of a bounded size.
 */
import { LRUCache } from 'lru-cache';
import { RE2JS } from 're2js';

export const PATTERN_CHARACTERS_MAX = 1_024;
/** Instructions: each is looked at no more than once for each character of the text. */
export const PATTERN_STEPS_MAX = 500;
const PATTERNS_CACHED_MAX = 1_000;

const cache = new LRUCache<string, { readonly pattern: RE2JS | null }>({ max: PATTERNS_CACHED_MAX });

/** Null: cannot be matched here. */
function compiled(source: string): RE2JS | null {
  const known = cache.get(source);
  if (known !== undefined) return known.pattern;
  const pattern = source.length > PATTERN_CHARACTERS_MAX ? null : compile(source);
  cache.set(source, { pattern });
  return pattern;
}

function compile(source: string): RE2JS | null {
  try {
    const pattern = RE2JS.compile(source);
    return pattern.programSize() > PATTERN_STEPS_MAX ? null : pattern;
  } catch (error) {
    if (isSyntaxError(error)) return null;
    throw error;
  }
}

const isSyntaxError = (error: unknown): boolean => error instanceof Error && error.name === 'RE2JSSyntaxException';

export const isPattern = (source: string): boolean => source === '' || compiled(source) !== null;

/** Whether the whole text matches. A pattern that cannot be matched, which no definition holds, matches nothing. */
export const matchesPattern = (source: string, text: string): boolean => compiled(source)?.testExact(text) ?? false;
