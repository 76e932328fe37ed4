/**
 * Applies PATCH operations to a resource and gives a new one (RFC 7644 §3.5.2.1 to 3.5.2.3). Nothing is changed in
 * place: where one operation is refused the caller still holds the resource as it was.
 */
import type { Json } from '../../../domain/json.ts';
import {
  type AttributePlace,
  attributeAt,
  attributeIn,
  schemaOf,
  userSchemas,
} from '../../../domain/users/attribute-catalogue.ts';
import type { AttributeDefinition, SchemaDefinition } from '../../../domain/users/attribute-definition.ts';
import type { FilterNode } from '../filter/syntax.ts';
import { ScimError } from '../scim-error.ts';
import { attributeOf, type Resource, withAttribute, withKey } from '../users/resource.ts';
import { isMap, type JsonMap, readSingle, readValue } from '../users/values.ts';
import { changedElements, type ElementChange } from './elements.ts';
import { parsePatchPath } from './path.ts';
import type { Operation } from './request.ts';

/** Attributes that one request may change. */
export const CHANGES_MAX = 500;

export function applyPatch(resource: Resource, operations: readonly Operation[]): Resource {
  const changes = operations.reduce((sum, operation) => sum + changesIn(operation), 0);
  if (changes > CHANGES_MAX) {
    throw new ScimError(400, 'invalidValue', `A patch changes at most ${CHANGES_MAX} attributes.`);
  }
  return operations.reduce(applied, resource);
}

function changesIn({ path, value }: Operation): number {
  if (path?.kind === 'attribute' || !isMap(value)) return 1;
  return Object.values(value).reduce((sum: number, given) => sum + (isMap(given) ? Object.keys(given).length : 1), 0);
}

interface Change {
  readonly op: Operation['op'];
  readonly value: Json;
}

function applied(resource: Resource, { op, path, value: given }: Operation): Resource {
  if (op === 'remove' && path === null) throw new ScimError(400, 'noTarget', 'A remove operation needs a path.');
  if (op !== 'remove' && given === undefined) {
    throw new ScimError(400, 'invalidValue', `An operation ${op} needs a value.`);
  }
  const value = given ?? null;
  if (path === null) {
    return mergedAll(resource, coreSchema, { op, value });
  }
  if (path.kind === 'schema') return onSchema(resource, path.schema, { op, value });
  return onAttribute(resource, asStored(resource, path.place), { op, value, filter: path.filter });
}

/** The first of the schemas is the core. */
const coreSchema = userSchemas[0] as SchemaDefinition;

/** Each member of the object is an operation on its own. Unknown ones are passed over, as in POST. */
function mergedAll(resource: Resource, schema: SchemaDefinition, { op, value }: Change): Resource {
  if (!isMap(value))
    throw new ScimError(400, 'invalidSyntax', 'An operation without an attribute path takes an object.');
  let merged = resource;
  for (const [name, given] of Object.entries(value)) {
    const inner = schema === coreSchema ? schemaOf(name) : null;
    if (inner !== null) {
      merged = mergedAll(merged, inner, { op, value: given });
      continue;
    }
    if (name.includes('[')) {
      merged = applied(merged, { op, path: parsePatchPath(name), value: given });
      continue;
    }
    const place = placeIn(schema, name);
    if (place !== null) merged = onAttribute(merged, asStored(merged, place), { op, value: given, filter: null });
  }
  return merged;
}

/** Published clients write whole paths as keys too: parts after a dot, attributes of a schema behind its URN, filters. */
const placeIn = (schema: SchemaDefinition, name: string): AttributePlace | null =>
  attributeIn(schema, name) ?? attributeAt(schema === coreSchema ? name : `${schema.urn}:${name}`);

function onSchema(resource: Resource, schema: SchemaDefinition, change: Change): Resource {
  if (change.op !== 'remove') return mergedAll(resource, schema, change);
  if (schema === coreSchema) throw new ScimError(400, 'mutability', 'The core schema cannot be removed.');
  const holder = resource[schema.urn];
  const places = isMap(holder) ? Object.keys(holder).flatMap((name) => attributeIn(schema, name) ?? []) : [];
  return places
    .filter(({ attribute }) => attribute.mutability !== 'readOnly')
    .reduce((rest: Resource, place) => withAttribute(rest, place, undefined), resource);
}

/** An attribute that nobody declared keeps the spelling, and the shape, in which it was first written. */
function asStored(resource: Resource, place: AttributePlace): AttributePlace {
  if (place.attribute.type !== 'open') return place;
  const holder = resource[place.schema.urn];
  const lower = place.attribute.name.toLowerCase();
  const name = isMap(holder) ? Object.keys(holder).find((key) => key.toLowerCase() === lower) : undefined;
  return name === undefined ? place : { ...place, attribute: { ...place.attribute, name } };
}

interface AttributeChange extends Change {
  readonly filter: FilterNode | null;
}

function onAttribute(resource: Resource, place: AttributePlace, change: AttributeChange): Resource {
  if (place.attribute.kept === 'withheld' && place.attribute.mutability !== 'readOnly') return resource;
  const before = attributeOf(resource, place);
  if (place.sub === null && before !== undefined && isRepeated(place.attribute, before, change)) return resource;
  refuseReadOnly(place);
  const after = afterChange(place, before, change);
  if (after === undefined) refuseRemoval(place.attribute);
  return withAttribute(resource, place, after);
}

/** Published clients send the id along with what they change: said as it is, it asks for nothing. */
const isRepeated = ({ mutability }: AttributeDefinition, before: Json, { op, value }: AttributeChange): boolean =>
  mutability === 'readOnly' && op !== 'remove' && before === value;

function refuseReadOnly({ attribute, sub }: AttributePlace): void {
  const locked = attribute.mutability === 'readOnly' ? attribute : sub?.mutability === 'readOnly' ? sub : null;
  if (locked !== null) throw new ScimError(400, 'mutability', `Attribute ${locked.name} is read-only.`);
}

function refuseRemoval(attribute: AttributeDefinition): void {
  if (!attribute.required && attribute.mutability !== 'writeOnly') return;
  throw new ScimError(400, 'mutability', `Attribute ${attribute.name} cannot be removed.`);
}

function afterChange(place: AttributePlace, before: Json | undefined, change: AttributeChange): Json | undefined {
  const { attribute, sub } = place;
  if (isList(attribute, before, change)) {
    const elements = Array.isArray(before) ? (before as readonly Json[]) : before === undefined ? [] : [before];
    return changedElements(attribute, elements, { ...change, sub } satisfies ElementChange);
  }
  if (sub === null) return change.op === 'remove' ? undefined : merged(attribute, before, change.value);
  const parts = isMap(before) ? before : {};
  const after = withKey(parts, sub.name, change.op === 'remove' ? undefined : readValue(sub, change.value));
  return Object.keys(after).length === 0 ? undefined : after;
}

/** Of an undeclared attribute, what is stored decides, else what is given. */
function isList(attribute: AttributeDefinition, before: Json | undefined, change: AttributeChange): boolean {
  if (attribute.type !== 'open') return attribute.multiValued;
  if (before === undefined) return Array.isArray(change.value) || change.filter !== null;
  return Array.isArray(before);
}

/** The parts that are given replace those of the same name; the others stay (§3.5.2.3). */
function merged(attribute: AttributeDefinition, before: Json | undefined, value: Json): Json | undefined {
  const isObject = attribute.type === 'complex' || (attribute.type === 'open' && isMap(value));
  if (value === null || !isObject || !isMap(before)) return readValue(attribute, value);
  const parts = readSingle(attribute, value);
  const removed = isMap(value) ? Object.keys(value).filter((name) => value[name] === null) : [];
  const kept = removed.reduce((rest: JsonMap, name) => withoutPart(rest, name), before);
  const after = isMap(parts) ? { ...kept, ...parts } : kept;
  return Object.keys(after).length === 0 ? undefined : after;
}

function withoutPart(parts: JsonMap, name: string): JsonMap {
  const key = Object.keys(parts).find((own) => own.toLowerCase() === name.toLowerCase());
  return key === undefined ? parts : withKey(parts, key, undefined);
}
