/** The validators by their published names: what they may be told, and what they say of a value. */

export const VALIDATED_FIELDS = ['password', 'username'] as const;
export type ValidatedField = (typeof VALIDATED_FIELDS)[number];

interface ValidatorProperty {
  readonly name: string;
  readonly type: 'int' | 'boolean';
  readonly displayName: string;
  readonly description: string;
}

type Told = Readonly<Record<string, string>>;

export interface Validator {
  readonly name: string;
  readonly properties: readonly ValidatorProperty[];
  readonly fields: readonly ValidatedField[];
  /** A sentence, or null where the value is as it should be. */
  readonly broken: (told: Told, value: string) => string | null;
  /** Says what the whole value is: of several, one suffices. */
  readonly isForm?: true;
}

const least: ValidatorProperty = {
  name: 'min.length',
  type: 'int',
  displayName: 'Minimum limit',
  description: 'The least number that is needed.',
};
const most: ValidatorProperty = {
  name: 'max.length',
  type: 'int',
  displayName: 'Maximum limit',
  description: 'The greatest number that is allowed.',
};

const numberIn = (told: Told, key: string): number | null => (told[key] === undefined ? null : Number(told[key]));

const both: readonly ValidatedField[] = ['password', 'username'];

/** So many characters of a kind, not more and not fewer. */
const counting = (name: string, kind: string, count: (value: string) => number): Validator => ({
  name,
  properties: [least, most],
  fields: both,
  broken(told, value) {
    const found = count(value);
    const from = numberIn(told, 'min.length') ?? 0;
    const to = numberIn(told, 'max.length');
    if (found < from) return `It has fewer than ${from} ${kind}.`;
    return to !== null && found > to ? `It has more than ${to} ${kind}.` : null;
  },
});

const matching = (pattern: RegExp) => (value: string) => [...value.matchAll(pattern)].length;

const single = (
  name: string,
  key: string,
  displayName: string,
  type: 'int' | 'boolean',
): readonly ValidatorProperty[] => [{ name: key, type, displayName, description: `${displayName} (${name}).` }];

const form = (name: string, pattern: RegExp, sentence: string): Validator => ({
  name,
  properties: single(name, 'enable.validator', 'Enabled', 'boolean'),
  fields: ['username'],
  isForm: true,
  broken: (told, value) => (told['enable.validator'] !== 'true' || pattern.test(value) ? null : sentence),
});

export const validators: readonly Validator[] = [
  counting('LengthValidator', 'characters', (value) => [...value].length),
  counting('NumeralValidator', 'digits', matching(/\p{Nd}/gu)),
  counting('UpperCaseValidator', 'capital letters', matching(/\p{Lu}/gu)),
  counting('LowerCaseValidator', 'small letters', matching(/\p{Ll}/gu)),
  counting('SpecialCharacterValidator', 'special characters', matching(/[^\p{L}\p{N}\p{M}]/gu)),
  {
    name: 'UniqueCharacterValidator',
    properties: single('UniqueCharacterValidator', 'min.unique.character', 'Different characters', 'int'),
    fields: both,
    broken(told, value) {
      const from = numberIn(told, 'min.unique.character') ?? 0;
      return new Set(value).size < from ? `It has fewer than ${from} different characters.` : null;
    },
  },
  {
    name: 'RepeatedCharacterValidator',
    properties: single('RepeatedCharacterValidator', 'max.consecutive.character', 'Repeated characters', 'int'),
    fields: both,
    broken(told, value) {
      const to = numberIn(told, 'max.consecutive.character');
      return to !== null && longestRun(value) > to ? `It repeats a character more than ${to} times in a row.` : null;
    },
  },
  form('AlphanumericValidator', /^[\p{L}\p{N}\p{M}]+$/u, 'It has characters beside letters and digits.'),
  form('EmailFormatValidator', /^[^\s@]{1,64}@[^\s@]{1,189}\.[^\s@.]{2,63}$/u, 'It is no e-mail address.'),
];

const byName = new Map(validators.map((validator) => [validator.name, validator]));

export const validatorOf = (name: string): Validator | null => byName.get(name) ?? null;

function longestRun(value: string): number {
  let longest = 0;
  let run = 0;
  let former: string | null = null;
  for (const character of value) {
    run = character === former ? run + 1 : 1;
    former = character;
    longest = Math.max(longest, run);
  }
  return longest;
}
