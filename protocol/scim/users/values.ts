/** Reads values by the definitions of their attributes (RFC 7643 §2.3); what does not fit is refused by name. */
import type { Json } from '../../../domain/json.ts';
import { openAttribute, subAttributeIn } from '../../../domain/users/attribute-catalogue.ts';
import type { AttributeDefinition } from '../../../domain/users/attribute-definition.ts';
import { isDay } from '../../../domain/users/calendar.ts';
import { instantOfText } from '../date-time.ts';
import { quoted, ScimError } from '../scim-error.ts';

/** Characters of one text value. */
export const TEXT_CHARACTERS_MAX = 20_000;
/** Values of one multi-valued attribute. */
export const VALUES_MAX = 500;

export type JsonMap = { readonly [key: string]: Json };

export const isMap = (value: unknown): value is JsonMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const invalid = (definition: AttributeDefinition, what: string): ScimError =>
  new ScimError(400, 'invalidValue', `Attribute ${definition.name} ${what}.`);

/** The value in the attribute's form; undefined where it is unassigned: null, or an empty list (RFC 7643 §2.5). */
export function readValue(definition: AttributeDefinition, raw: unknown): Json | undefined {
  if (raw === null || raw === undefined) return undefined;
  if (definition.type === 'open') return readOpen(definition, raw);
  return definition.multiValued ? readValues(definition, raw) : readSingle(definition, raw);
}

/** One value where a list is asked stands for a list of one. */
function readValues(definition: AttributeDefinition, raw: unknown): readonly Json[] | undefined {
  const list: readonly unknown[] = Array.isArray(raw) ? raw : [raw];
  if (list.length > VALUES_MAX) throw invalid(definition, `takes at most ${VALUES_MAX} values`);
  const values = list.flatMap((element) => readSingle(definition, element) ?? []);
  refuseSecondPrimary(definition, values);
  return values.length === 0 ? undefined : values;
}

/** RFC 7643 §2.4: `primary` is true at most once. */
function refuseSecondPrimary(definition: AttributeDefinition, values: readonly Json[]): void {
  const primaries = values.filter((value) => isMap(value) && value['primary'] === true);
  if (primaries.length > 1) throw invalid(definition, 'has more than one primary value');
}

/** One value, also of a multi-valued attribute. */
export function readSingle(definition: AttributeDefinition, raw: unknown): Json | undefined {
  if (raw === null || raw === undefined) return undefined;
  if (definition.type === 'open') return readOpen(definition, raw);
  return definition.type === 'complex' ? readComplex(definition, raw) : readScalar(definition, raw);
}

/** A plain value in place of an object is its `value`. Unknown and read-only parts are passed over. */
function readComplex(definition: AttributeDefinition, raw: unknown): JsonMap | undefined {
  const isPlain = !isMap(raw) && !Array.isArray(raw) && subAttributeIn(definition, 'value') !== null;
  const given = isPlain ? { value: raw } : raw;
  if (!isMap(given)) throw invalid(definition, 'takes an object');
  const parts = new Map<string, Json>();
  for (const [name, value] of Object.entries(given)) {
    const sub = subAttributeIn(definition, name);
    if (sub === null || sub.mutability === 'readOnly') continue;
    const read = readValue(sub, value);
    if (read !== undefined) parts.set(sub.name, read);
  }
  return parts.size === 0 ? undefined : Object.fromEntries(parts);
}

function readScalar(definition: AttributeDefinition, raw: unknown): Json {
  switch (definition.type) {
    case 'boolean':
      return readBoolean(definition, raw);
    case 'integer':
      if (!Number.isSafeInteger(raw)) throw invalid(definition, 'takes a whole number');
      return raw as number;
    case 'decimal':
      if (typeof raw !== 'number' || !Number.isFinite(raw)) throw invalid(definition, 'takes a number');
      return raw;
    case 'dateTime': {
      const instant = instantOfText(readText(definition, raw));
      if (instant === null) throw invalid(definition, 'takes a time such as 2008-01-23T04:56:22Z');
      return instant;
    }
    case 'string':
    case 'reference':
    case 'binary':
      return asDeclared(definition, readText(definition, raw));
    case 'complex':
    case 'open':
      throw new TypeError(`attribute ${definition.name} has no scalar form`);
    default:
      return definition.type satisfies never;
  }
}

/** Published clients also send "true" and "false". */
function readBoolean(definition: AttributeDefinition, raw: unknown): boolean {
  const value = typeof raw === 'string' ? raw.toLowerCase() : raw;
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw invalid(definition, 'takes true or false');
}

function readText(definition: AttributeDefinition, raw: unknown): string {
  if (typeof raw !== 'string') throw invalid(definition, 'takes a text');
  if (raw.length > TEXT_CHARACTERS_MAX) throw invalid(definition, `takes at most ${TEXT_CHARACTERS_MAX} characters`);
  if (!raw.isWellFormed()) throw invalid(definition, 'holds half of a character');
  return raw;
}

function asDeclared(definition: AttributeDefinition, text: string): string {
  if (definition.format === 'date' && !isDay(text)) throw invalid(definition, 'takes a date such as 2008-01-23');
  if (definition.exclusive !== true) return text;
  const canonical = definition.canonicalValues?.find((value) => value.toLowerCase() === text.toLowerCase());
  if (canonical !== undefined) return canonical;
  throw invalid(definition, `takes one of ${definition.canonicalValues?.join(', ')}, not ${quoted(text)}`);
}

/** An attribute that nobody declared: a value, a list of values or flat objects, or a flat object. */
function readOpen(definition: AttributeDefinition, raw: unknown): Json | undefined {
  if (Array.isArray(raw)) {
    if (raw.length > VALUES_MAX) throw invalid(definition, `takes at most ${VALUES_MAX} values`);
    const values = raw.flatMap((element) => readOpenElement(definition, element) ?? []);
    return values.length === 0 ? undefined : values;
  }
  return readOpenElement(definition, raw);
}

function readOpenElement(definition: AttributeDefinition, raw: unknown): Json | undefined {
  if (raw === null || raw === undefined) return undefined;
  if (!isMap(raw)) return readOpenScalar(definition, raw);
  const parts = new Map<string, Json>();
  for (const [name, value] of Object.entries(raw)) {
    if (openAttribute(name) === null) throw invalid(definition, `has a part with the name ${quoted(name)}`);
    if (value !== null) parts.set(name, readOpenScalar(definition, value));
  }
  return parts.size === 0 ? undefined : Object.fromEntries(parts);
}

function readOpenScalar(definition: AttributeDefinition, raw: unknown): Json {
  if (typeof raw === 'string') return readText(definition, raw);
  if (typeof raw === 'boolean') return raw;
  if (typeof raw === 'number' && Number.isFinite(raw)) return raw;
  throw invalid(definition, 'takes values, lists of values and flat objects');
}
