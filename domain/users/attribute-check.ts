/**
 * The one check of attribute values, for every way of writing them: each value by the definition of its attribute, under
 * the name that the definition gives it. Text stays as it was written, to the byte; it is folded where it is compared.
 */
import { accept, type Result, refuse } from '../result.ts';
import type { AttributeDefinition, ValueCheck } from './attribute-definition.ts';
import { isDay } from './calendar.ts';
import type { Leaf, UserCatalogue } from './user-catalogue.ts';
import type { AttributeElement, Attributes, AttributeValue, CheckedAttributes } from './user-events.ts';

export const VALUES_MAX = 500;
export const VALUE_CHARACTERS_MAX = 20_000;

export type AttributeRefusal =
  | { readonly reason: 'attribute-unknown'; readonly attribute: string }
  /** Of those who write of themselves. */
  | { readonly reason: 'attribute-read-only'; readonly attribute: string }
  /** `expects`: what it takes, in words. */
  | { readonly reason: 'attribute-invalid'; readonly attribute: string; readonly expects: string }
  | { readonly reason: 'attribute-pattern'; readonly attribute: string }
  | {
      readonly reason: 'attribute-length';
      readonly attribute: string;
      readonly charactersMin: number | null;
      readonly charactersMax: number | null;
    };

export interface AttributeRules {
  readonly catalogue: UserCatalogue;
  /** Whether the whole text matches the pattern. */
  readonly matches: (pattern: string, text: string) => boolean;
  /** `drop`: names that nobody declared are passed over (RFC 7644 §3.3). */
  readonly undeclared: 'refuse' | 'drop';
}

type Checked<Value> = Result<Value, AttributeRefusal>;

/** Values in their attributes' form and under their attributes' names. */
export function checkAttributes(rules: AttributeRules, attributes: Attributes): Checked<CheckedAttributes> {
  const checked = new Map<string, AttributeValue>();
  for (const [path, value] of Object.entries(grouped(rules, attributes))) {
    const leaf = rules.catalogue.leafAt(path);
    if (leaf === null) {
      const refusal = refusalOfUnknown(rules, path);
      if (refusal !== null) return refuse(refusal);
      continue;
    }
    const read = readValue(rules, leaf, value);
    if (!read.ok) return read;
    if (read.value !== null) checked.set(leaf.path, read.value);
  }
  return accept(Object.fromEntries(checked) as Attributes as CheckedAttributes);
}

/** The paths to remove, as their definitions spell them. */
export function checkRemovals(rules: AttributeRules, paths: readonly string[]): Checked<readonly string[]> {
  const checked: string[] = [];
  for (const path of paths) {
    const leaf = rules.catalogue.leafAt(path);
    if (leaf !== null) checked.push(leaf.path);
    else if (rules.undeclared === 'refuse') return refuse({ reason: 'attribute-unknown', attribute: path });
  }
  return accept(checked);
}

/** An object is no value where its attribute is one; names that are none at all are as asked. */
function refusalOfUnknown({ catalogue, undeclared }: AttributeRules, path: string): AttributeRefusal | null {
  const whole = catalogue.wholeAt(path);
  if (whole?.definition.kept === 'attribute')
    return { reason: 'attribute-invalid', attribute: path, expects: 'an object' };
  const holder = catalogue.leafAt(holderOf(path));
  if (holder !== null)
    return { reason: 'attribute-invalid', attribute: holder.path, expects: expectationOf(holder.definition) };
  return undeclared === 'drop' ? null : { reason: 'attribute-unknown', attribute: path };
}

/** `<urn>:lead` of `<urn>:lead.email`. */
function holderOf(path: string): string {
  const dot = path.indexOf('.', path.lastIndexOf(':') + 1);
  return dot < 0 ? path : path.slice(0, dot);
}

/** One object for a list of objects is a list of one: its parts came apart on the way. */
function grouped({ catalogue }: AttributeRules, attributes: Attributes): Attributes {
  let lists: Map<string, Record<string, string | number | boolean>> | null = null;
  for (const [path, value] of Object.entries(attributes)) {
    const holder = holderOf(path);
    if (holder === path || catalogue.leafAt(path) !== null || typeof value === 'object') continue;
    const list = catalogue.leafAt(holder);
    if (list?.definition.type !== 'complex') continue;
    lists ??= new Map();
    const element = lists.get(list.path) ?? {};
    lists.set(list.path, { ...element, [path.slice(holder.length + 1)]: value as string | number | boolean });
  }
  if (lists === null) return attributes;
  const rest = Object.entries(attributes).filter(([path]) => {
    const list = catalogue.leafAt(holderOf(path));
    return list === null || list.path === path || !lists.has(list.path);
  });
  return { ...Object.fromEntries(rest), ...Object.fromEntries([...lists].map(([path, element]) => [path, [element]])) };
}

/** Null: no value. */
function readValue(rules: AttributeRules, leaf: Leaf, value: AttributeValue): Checked<AttributeValue | null> {
  const { definition } = leaf;
  if (!definition.multiValued) {
    if (Array.isArray(value)) return invalid(definition);
    return readElement(rules, leaf, value as AttributeElement) as Checked<AttributeValue | null>;
  }
  const list = Array.isArray(value) ? (value as readonly AttributeElement[]) : [value as AttributeElement];
  if (list.length > VALUES_MAX) return invalid(definition, `at most ${VALUES_MAX} values`);
  const read: AttributeElement[] = [];
  for (const element of list) {
    const one = readElement(rules, leaf, element);
    if (!one.ok) return one;
    if (one.value !== null) read.push(one.value);
  }
  return accept(read.length === 0 ? null : read);
}

function readElement(rules: AttributeRules, leaf: Leaf, raw: AttributeElement): Checked<AttributeElement | null> {
  const { definition } = leaf;
  if (definition.type !== 'complex')
    return typeof raw === 'object' ? invalid(definition) : readScalar(rules, definition, raw);
  const value = definition.subAttributes?.find(({ name }) => name === 'value');
  if (typeof raw !== 'object') {
    // A plain value in place of an object is its `value`.
    if (value === undefined) return invalid(definition);
    return readScalar(rules, withCheck(value, definition), raw);
  }
  return readObject(rules, leaf, raw);
}

function readObject(
  rules: AttributeRules,
  { definition, checksByType }: Leaf,
  raw: { readonly [part: string]: string | number | boolean },
): Checked<AttributeElement | null> {
  const parts = new Map<string, string | number | boolean>();
  const byType = checksByType.get(String(raw['type']));
  for (const [name, given] of Object.entries(raw)) {
    const part = definition.subAttributes?.find((sub) => sub.name.toLowerCase() === name.toLowerCase());
    if (part === undefined || part.mutability === 'readOnly') continue;
    const isValue = part.name === 'value';
    const read = readScalar(rules, isValue ? withCheck(part, definition) : part, given);
    if (!read.ok) return read;
    parts.set(part.name, read.value);
    const broken = isValue && byType !== undefined ? brokenCheck(rules, byType, String(read.value)) : null;
    if (broken !== null) return refuse(broken);
  }
  return accept(parts.size === 0 ? null : Object.fromEntries(parts));
}

/** Of a list the claim speaks of its values. */
const withCheck = (value: AttributeDefinition, list: AttributeDefinition): AttributeDefinition =>
  list.traits === undefined ? value : { ...value, traits: list.traits };

function readScalar(
  rules: AttributeRules,
  definition: AttributeDefinition,
  raw: string | number | boolean,
): Checked<string | number | boolean> {
  const value = typed(definition, raw);
  if (value === null) return invalid(definition);
  const check = definition.traits?.check ?? null;
  const broken = check === null ? null : brokenCheck(rules, check, String(value));
  return broken === null ? accept(value) : refuse(broken);
}

function typed(definition: AttributeDefinition, raw: string | number | boolean): string | number | boolean | null {
  switch (definition.type) {
    case 'boolean':
      if (typeof raw === 'boolean') return raw;
      return raw === 'true' || raw === 'false' ? raw === 'true' : null;
    case 'integer':
      return Number.isSafeInteger(raw) ? raw : null;
    case 'decimal':
      return typeof raw === 'number' && Number.isFinite(raw) ? raw : null;
    case 'string':
    case 'reference':
    case 'binary':
    case 'dateTime':
      return typeof raw === 'string' && isText(definition, raw) ? raw : null;
    case 'complex':
    case 'open':
      return null;
    default:
      return definition.type satisfies never;
  }
}

function isText({ format, exclusive, canonicalValues }: AttributeDefinition, text: string): boolean {
  if (text.length > VALUE_CHARACTERS_MAX || !text.isWellFormed()) return false;
  if (format === 'date') return isDay(text);
  return exclusive !== true || canonicalValues?.includes(text) === true;
}

const invalid = (definition: AttributeDefinition, expects = expectationOf(definition)) =>
  refuse({ reason: 'attribute-invalid', attribute: definition.name, expects } as const);

function expectationOf(definition: AttributeDefinition): string {
  if (definition.exclusive === true) return `one of ${definition.canonicalValues?.join(', ')}`;
  switch (definition.type) {
    case 'boolean':
      return 'true or false';
    case 'integer':
      return 'a whole number';
    case 'decimal':
      return 'a number';
    case 'complex':
      return definition.multiValued ? 'a list of objects' : 'an object';
    default:
      if (definition.format === 'date') return 'a date such as 2008-01-23';
      return definition.multiValued ? 'a list of texts' : `a text of at most ${VALUE_CHARACTERS_MAX} characters`;
  }
}

function brokenCheck({ matches }: AttributeRules, check: ValueCheck, text: string): AttributeRefusal | null {
  const { displayName: attribute, pattern, charactersMin, charactersMax } = check;
  if (charactersMin !== null || charactersMax !== null) {
    const { length } = [...text];
    if (length < (charactersMin ?? 0) || length > (charactersMax ?? length)) {
      return { reason: 'attribute-length', attribute, charactersMin, charactersMax };
    }
  }
  return pattern === null || matches(pattern, text) ? null : { reason: 'attribute-pattern', attribute };
}
