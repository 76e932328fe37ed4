/** What a field must be like: rules by name, or one pattern. Read once at the edge, checked wherever the field is set. */
import { accept, type Result, refuse } from '../result.ts';
import { boundedPattern, MATCHED_CHARACTERS_MAX } from './bounded-pattern.ts';
import { VALIDATED_FIELDS, type ValidatedField, type Validator, validatorOf } from './validators.ts';

export const isValidatedField = (name: string): name is ValidatedField =>
  (VALIDATED_FIELDS as readonly string[]).includes(name);

/** Keys and values as published: `min.length` and `8`. */
export interface Rule {
  readonly validator: string;
  readonly properties: Readonly<Record<string, string>>;
}

/** Rules or a pattern, never both. */
export interface FieldRules {
  readonly rules: readonly Rule[];
  readonly pattern: string | null;
}

const rule = (validator: string, properties: Readonly<Record<string, string>>): Rule => ({ validator, properties });

export const defaultRules: Readonly<Record<ValidatedField, FieldRules>> = {
  password: {
    rules: [
      rule('LengthValidator', { 'min.length': '8', 'max.length': '64' }),
      rule('NumeralValidator', { 'min.length': '1' }),
      rule('UpperCaseValidator', { 'min.length': '1' }),
      rule('LowerCaseValidator', { 'min.length': '1' }),
      rule('SpecialCharacterValidator', { 'min.length': '1' }),
    ],
    pattern: null,
  },
  // Addresses and names of every script: an organization that wants less says so.
  username: { rules: [rule('LengthValidator', { 'min.length': '1', 'max.length': '255' })], pattern: null },
};

export type RulesRefusal =
  | { readonly reason: 'validator-unknown'; readonly validator: string }
  | { readonly reason: 'rules-invalid'; readonly detail: string };

const RULES_MAX = 20;
const NUMBER_MAX = 1_000;

/** Takes what is sound: known validators, each once, with their own keys, and limits that something can meet. */
export function readFieldRules(field: ValidatedField, given: FieldRules): Result<FieldRules, RulesRefusal> {
  const { rules, pattern } = given;
  if (pattern !== null && rules.length > 0) return invalid('Rules and a pattern exclude each other.');
  if (pattern === null && rules.length === 0) return invalid('There are neither rules nor a pattern.');
  if (pattern !== null) {
    if (boundedPattern(pattern) !== null) return accept({ rules: [], pattern });
    return invalid('The pattern cannot be read, or may take unbounded time: repeat single characters, not groups.');
  }
  if (rules.length > RULES_MAX) return invalid(`There are more than ${RULES_MAX} rules.`);
  const names = rules.map(({ validator }) => validator);
  if (new Set(names).size < names.length) return invalid('A validator stands twice.');
  for (const each of rules) {
    const validator = validatorOf(each.validator);
    if (validator === null || !validator.fields.includes(field)) {
      return refuse({ reason: 'validator-unknown', validator: each.validator });
    }
    const wrong = wrongProperty(validator, each.properties);
    if (wrong !== null) return invalid(wrong);
  }
  const impossible = contradiction(rules);
  return impossible === null ? accept({ rules, pattern: null }) : invalid(impossible);
}

const invalid = (detail: string) => refuse({ reason: 'rules-invalid', detail } as const);

function wrongProperty(validator: Validator, properties: Readonly<Record<string, string>>): string | null {
  for (const [key, value] of Object.entries(properties)) {
    const property = validator.properties.find(({ name }) => name === key);
    if (property === undefined) return `${validator.name} has no property ${key.slice(0, 50)}.`;
    const isSound =
      property.type === 'boolean'
        ? value === 'true' || value === 'false'
        : /^\d{1,4}$/.test(value) && Number(value) <= NUMBER_MAX;
    if (!isSound) return `${validator.name} ${key} is no ${property.type}.`;
  }
  return Object.keys(properties).length === 0 ? `${validator.name} has no property.` : null;
}

/** Nobody could choose a password any more. */
function contradiction(rules: readonly Rule[]): string | null {
  const of = (name: string, key: string): number | null => {
    const value = rules.find(({ validator }) => validator === name)?.properties[key];
    return value === undefined ? null : Number(value);
  };
  for (const { validator } of rules) {
    const most = of(validator, 'max.length');
    if (most !== null && most < (of(validator, 'min.length') ?? 0)) return `${validator} allows nothing.`;
  }
  const kinds = ['NumeralValidator', 'UpperCaseValidator', 'LowerCaseValidator', 'SpecialCharacterValidator'];
  const needed = kinds.reduce((sum, kind) => sum + (of(kind, 'min.length') ?? 0), 0);
  const longest = of('LengthValidator', 'max.length');
  const longestUseful = longest === null ? null : Math.max(longest, 0);
  return longestUseful !== null && (longestUseful < 1 || longestUseful < needed)
    ? 'The greatest length is below what the other rules need.'
    : null;
}

/** The first rule that a value breaks; null: none. */
export interface BrokenRule {
  readonly validator: string;
  /** A sentence for whoever chose the value. */
  readonly sentence: string;
}

export function brokenRule({ rules, pattern }: FieldRules, value: string): BrokenRule | null {
  if (pattern !== null) return brokenPattern(pattern, value);
  // An address is no alphanumeric name, and the other way round: where both forms are on, either will do.
  const forms = rules.filter((each) => validatorOf(each.validator)?.isForm === true);
  const others = rules.filter((each) => !forms.includes(each));
  for (const each of others) {
    const sentence = validatorOf(each.validator)?.broken(each.properties, value) ?? null;
    if (sentence !== null) return { validator: each.validator, sentence };
  }
  const broken = forms.map((each) => ({ each, sentence: validatorOf(each.validator)?.broken(each.properties, value) }));
  const first = broken[0];
  if (first === undefined || broken.some(({ sentence }) => (sentence ?? null) === null)) return null;
  return { validator: first.each.validator, sentence: first.sentence ?? '' };
}

function brokenPattern(pattern: string, value: string): BrokenRule | null {
  const validator = 'JavaRegExValidator';
  if (value.length > MATCHED_CHARACTERS_MAX) {
    return { validator, sentence: `It has more than ${MATCHED_CHARACTERS_MAX} characters.` };
  }
  const matches = boundedPattern(pattern)?.test(value) ?? false;
  return matches ? null : { validator, sentence: 'It does not have the required form.' };
}
