/**
 * What a searchable value becomes before it is compared, sorted or indexed: the same when writing and when asking.
 *
 * - text: its folded form (`foldText`), or itself where the field is `caseExact`; ordered by code point
 * - number: itself
 * - boolean: 0 or 1
 * - instant: milliseconds since 1970, so that offsets and precision do not matter
 *
 * A value of another type than the field's kind is treated as absent. Dynamic fields keep numbers as numbers and text
 * and booleans as folded text; numbers come before text, and a comparison with one never holds for the other.
 */
import type { Json } from '../../domain/json.ts';
import { foldText } from '../../domain/text.ts';
import type { Field } from './read-store.ts';

export type SearchValue = string | number;

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/** `foldText`, without its cost where the text is plain ASCII. */
export const fold = (text: string): string => (PRINTABLE_ASCII.test(text) ? text.toLowerCase() : foldText(text));

/** Null: absent, or not comparable with this field. */
export function searchValue(field: Pick<Field, 'kind' | 'caseExact'>, value: Json | undefined): SearchValue | null {
  switch (field.kind) {
    case 'text':
      if (typeof value !== 'string') return null;
      return field.caseExact ? value : fold(value);
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? Number(value) : null;
    case 'instant': {
      const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
      return Number.isNaN(ms) ? null : ms;
    }
    default:
      return field.kind satisfies never;
  }
}

/** Null: no scalar. */
export function dynamicSearchValue(value: Json | undefined): SearchValue | null {
  if (typeof value === 'string') return fold(value);
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'number' ? value : null;
}

/** The least text that is greater than every text with this prefix; null when there is none. */
export function prefixEnd(prefix: string): string | null {
  const points = Array.from(prefix);
  while (points.length > 0) {
    const last = points.pop()?.codePointAt(0) ?? 0;
    if (last === 0x10_ff_ff) continue;
    // Surrogates are no characters: the one after U+D7FF is U+E000.
    return points.join('') + String.fromCodePoint(last === 0xd7_ff ? 0xe0_00 : last + 1);
  }
  return null;
}
