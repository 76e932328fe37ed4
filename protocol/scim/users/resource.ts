/**
 * A user as SCIM writes it, nested by schema, and as the domain keeps it, a flat map of attributes and a state beside.
 * `toAttributes` and `toResource` are each other's inverse on what `readResource` gives.
 */
import type { Json } from '../../../domain/json.ts';
import {
  ACCOUNT,
  type AttributePlace,
  attributeIn,
  CORE_USER,
  ENTERPRISE_USER,
  flatPath,
  schemaOf,
  subAttributeIn,
} from '../../../domain/users/attribute-catalogue.ts';
import type { SchemaDefinition } from '../../../domain/users/attribute-definition.ts';
import { nested } from '../../../domain/users/attribute-paths.ts';
import type { Attributes, AttributeValue } from '../../../domain/users/user-events.ts';
import { quoted, ScimError } from '../scim-error.ts';
import { isMap, type JsonMap, readValue } from './values.ts';

/** Attributes of one user. */
export const ATTRIBUTES_MAX = 500;

/** Names and values as the catalogue has them: attributes of the core beside objects by schema URN. Own keys only. */
export type Resource = JsonMap;

/** Reads the body of POST and PUT: read-only attributes are passed over (RFC 7644 §3.5.1), unknown ones as well. */
export function readResource(body: unknown): Resource {
  if (!isMap(body)) throw new ScimError(400, 'invalidSyntax', 'A user is a JSON object.');
  const core = requireSchema(CORE_USER);
  let resource: Resource = {};
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(body)) {
    const schema = schemaOf(asSchemaUrn(name));
    if (schema === null || schema.urn === CORE_USER) {
      resource = withRead(resource, { schema: core, name, value, seen });
      continue;
    }
    if (value === null) continue;
    if (!isMap(value)) throw new ScimError(400, 'invalidSyntax', `The attributes of ${schema.urn} are not an object.`);
    for (const [inner, given] of Object.entries(value)) {
      resource = withRead(resource, { schema, name: inner, value: given, seen });
    }
  }
  return resource;
}

/** The published contract names the enterprise schema in short. */
const asSchemaUrn = (name: string): string => (name === 'EnterpriseUser' ? ENTERPRISE_USER : name);

function requireSchema(urn: string): SchemaDefinition {
  const schema = schemaOf(urn);
  if (schema === null) throw new TypeError(`no schema ${urn}`);
  return schema;
}

interface Given {
  readonly schema: SchemaDefinition;
  readonly name: string;
  readonly value: Json;
  readonly seen: Set<string>;
}

function withRead(resource: Resource, { schema, name, value, seen }: Given): Resource {
  const place = attributeIn(schema, name);
  if (place === null) return resource;
  const { attribute } = place;
  if (attribute.kept === 'withheld' || attribute.mutability === 'readOnly') return resource;
  const key = flatPath(place).toLowerCase();
  if (seen.has(key)) throw new ScimError(400, 'invalidSyntax', `Attribute ${quoted(attribute.name)} is given twice.`);
  seen.add(key);
  if (seen.size > ATTRIBUTES_MAX) {
    throw new ScimError(400, 'invalidValue', `A user has at most ${ATTRIBUTES_MAX} attributes.`);
  }
  const read = readValue(attribute, value);
  return read === undefined ? resource : withAttribute(resource, place, read);
}

/** The attribute's whole value; undefined where it has none. */
export function attributeOf(resource: Resource, { schema, attribute }: AttributePlace): Json | undefined {
  const holder = schema.urn === CORE_USER ? resource : ownOf(resource, schema.urn);
  return isMap(holder) ? ownOf(holder, attribute.name) : undefined;
}

const ownOf = (map: JsonMap, key: string): Json | undefined => (Object.hasOwn(map, key) ? map[key] : undefined);

/** A copy with the value; without the attribute where the value is undefined. */
export function withAttribute(resource: Resource, place: AttributePlace, value: Json | undefined): Resource {
  const { schema, attribute } = place;
  if (schema.urn === CORE_USER) return withKey(resource, attribute.name, value);
  const holder = ownOf(resource, schema.urn);
  const changed = withKey(isMap(holder) ? holder : {}, attribute.name, value);
  return withKey(resource, schema.urn, Object.keys(changed).length === 0 ? undefined : changed);
}

/** A computed key in a literal is an own key whatever its name. */
export function withKey(map: JsonMap, key: string, value: Json | undefined): JsonMap {
  if (value !== undefined) return { ...map, [key]: value };
  if (!Object.hasOwn(map, key)) return map;
  return Object.fromEntries(Object.entries(map).filter(([name]) => name !== key));
}

/** The flat map of what is kept as an attribute. */
export function toAttributes(resource: Resource): Attributes {
  const flat = new Map<string, AttributeValue>();
  for (const [name, value] of Object.entries(resource)) {
    const schema = schemaOf(name);
    if (schema === null) flatten(requireSchema(CORE_USER), name, value, flat);
    if (schema === null || !isMap(value)) continue;
    for (const [inner, given] of Object.entries(value)) flatten(schema, inner, given, flat);
  }
  return Object.fromEntries(flat);
}

function flatten(schema: SchemaDefinition, name: string, value: Json, flat: Map<string, AttributeValue>): void {
  const place = attributeIn(schema, name);
  if (place === null || place.attribute.kept !== 'attribute') return;
  if (!isMap(value)) {
    flat.set(flatPath(place), value as AttributeValue);
    return;
  }
  for (const [part, given] of Object.entries(value)) {
    const sub = subAttributeIn(place.attribute, part);
    if (sub !== null) flat.set(flatPath({ ...place, sub }), given as AttributeValue);
  }
}

/** The nested form of the attributes that the catalogue knows. */
export function toResource(attributes: Attributes): Resource {
  return nested(attributes);
}

/** A part of the account's state, as the resource has it. */
export const stateOf = (resource: Resource, name: 'accountLocked' | 'accountDisabled'): boolean | undefined => {
  const account = ownOf(resource, ACCOUNT);
  const value = isMap(account) ? ownOf(account, name) : undefined;
  return typeof value === 'boolean' ? value : undefined;
};
