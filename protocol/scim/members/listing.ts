/** Which attributes of a group or a role are shown. */
import { ScimError } from '../scim-error.ts';

const NAMES_MAX = 200;

/** Which attributes are shown (RFC 7644 §3.9); names in lower case, of an attribute as a whole. */
export interface Shown {
  /** Null: those that are returned by default. */
  readonly only: ReadonlySet<string> | null;
  readonly without: ReadonlySet<string>;
}

export const isShown = ({ only, without }: Shown, name: string, byDefault: boolean): boolean => {
  const lower = name.toLowerCase();
  return only === null ? byDefault && !without.has(lower) : only.has(lower);
};

export const shownByQuery = (query: URLSearchParams): Shown =>
  shownBy(query.getAll('attributes'), query.getAll('excludedAttributes'));

export function shownBy(attributes: unknown, excluded: unknown): Shown {
  const only = namesIn(attributes);
  return { only: only.size === 0 ? null : only, without: only.size === 0 ? namesIn(excluded) : new Set() };
}

/** `members.value` is of `members`; a schema before the name is passed over. */
function namesIn(value: unknown): ReadonlySet<string> {
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
  const names = texts
    .filter((text) => typeof text === 'string')
    .flatMap((text) => text.split(','))
    .map((name) => name.slice(name.lastIndexOf(':') + 1).trim())
    .map((name) => name.split('.', 1).join('').toLowerCase())
    .filter((name) => name !== '');
  if (names.length > NAMES_MAX) throw new ScimError(400, 'invalidValue', `At most ${NAMES_MAX} names can be given.`);
  return new Set(names);
}
