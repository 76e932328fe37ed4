/** From a filter as written to the read store's filter tree. Names are looked up in the catalogue: others are refused. */

import {
  type AttributePlace,
  attributeAt,
  searchPath,
  subAttributeIn,
} from '../../../domain/users/attribute-catalogue.ts';
import type { AttributeDefinition } from '../../../domain/users/attribute-definition.ts';
import type { Filter, Scalar } from '../../../infra/read-store/read-store.ts';
import { quoted, ScimError } from '../scim-error.ts';
import { asNumber, comparable, isNull } from './comparison.ts';
import { parseFilter } from './parse.ts';
import { STORE_OPERATORS } from './store-operators.ts';
import type { FilterNode, Literal, Operator } from './syntax.ts';

export const userFilter = (text: string): Filter => compile(parseFilter(text), atDocument);

/** Where names are looked up: in the user, or in one value of a list. */
type Lookup = (path: string, at: number) => Target;

interface Target {
  readonly path: string;
  readonly leaf: AttributeDefinition;
  /** Searchable parts, where the attribute is complex. */
  readonly parts: readonly string[];
}

function compile(node: FilterNode, lookup: Lookup): Filter {
  switch (node.kind) {
    case 'and':
    case 'or':
      return { op: node.kind, filters: node.parts.map((part) => compile(part, lookup)) };
    case 'not':
      return { op: 'not', filter: compile(node.inner, lookup) };
    case 'present':
      return present(lookup(node.path, node.at));
    case 'compare':
      return comparison(lookup(node.path, node.at), node.operator, node.value);
    case 'value-path':
      return valuePath(node);
    default:
      return node satisfies never;
  }
}

function comparison({ path, leaf }: Target, operator: Operator, literal: Literal): Filter {
  if (isNull(literal)) return againstNull(path, operator);
  const value = comparable(leaf, operator, literal);
  if (leaf.type === 'open') return openComparison(path, operator, literal);
  return compared(path, operator, leaf.name === 'userName' ? withoutStore(String(value)) : value);
}

/** Published clients may write the user store before the name; names are kept without it. */
const withoutStore = (name: string): string => name.replace(/^PRIMARY\//i, '');

function compared(path: string, operator: Operator, value: Scalar): Filter {
  const op = STORE_OPERATORS[operator];
  if (op === 'contains' || op === 'prefix' || op === 'suffix') return { op, path, value: String(value) };
  return { op, path, value };
}

/** Of an attribute that nobody declared the type is not known: a number without quotes may be stored as either. */
function openComparison(path: string, operator: Operator, literal: Literal): Filter {
  const asText = compared(path, operator, literal.text);
  const number = operator === 'co' || operator === 'sw' || operator === 'ew' ? null : asNumber(literal);
  if (number === null) return asText;
  return { op: operator === 'ne' ? 'and' : 'or', filters: [compared(path, operator, number), asText] };
}

/** RFC 7643 §2.5: null is no value. */
function againstNull(path: string, operator: Operator): Filter {
  if (operator === 'eq') return { op: 'not', filter: { op: 'present', path } };
  if (operator === 'ne') return { op: 'present', path };
  throw new ScimError(400, 'invalidFilter', `The operator ${operator} does not go with null.`);
}

function present({ path, parts }: Target): Filter {
  if (parts.length === 0) return { op: 'present', path };
  return { op: 'or', filters: parts.map((part) => ({ op: 'present', path: part })) };
}

function valuePath(node: Extract<FilterNode, { kind: 'value-path' }>): Filter {
  if (membershipTarget(node.path) !== null) {
    return compile(node.inner, (part, at) => atDocument(`${node.path}.${part}`, at));
  }
  const place = searchable(node.path, node.at);
  const { attribute } = place;
  if (place.sub !== null) throw unknown(node.path, node.at);
  return { op: 'any', path: searchPath(place), filter: compile(node.inner, inElement(attribute)) };
}

function searchable(path: string, at: number): AttributePlace {
  const place = attributeAt(path);
  const leaf = place?.sub ?? place?.attribute;
  const isSearchable = leaf !== undefined && (leaf.search !== 'none' || searchableParts(leaf).length > 0);
  if (place === null || !isSearchable) throw unknown(path, at);
  return place;
}

const searchableParts = (definition: AttributeDefinition): readonly AttributeDefinition[] =>
  (definition.subAttributes ?? []).filter(({ search }) => search !== 'none');

const unknown = (path: string, at: number): ScimError =>
  new ScimError(400, 'invalidFilter', `${quoted(path)} at character ${at + 1} is no attribute that can be searched.`);

/** Groups and roles of a user are told by memberships and not by his document: who asks the store replaces these first. */
export const MEMBERSHIP_PATHS: ReadonlySet<string> = new Set([
  'groups.value',
  'groups.display',
  'roles.value',
  'roles.display',
]);

/** Without a part, published clients name a group or role by its name. Null: another path. */
function membershipTarget(path: string): Target | null {
  const place = attributeAt(path);
  const { attribute } = place ?? {};
  if (place === null || (attribute?.name !== 'groups' && attribute?.name !== 'roles')) return null;
  const leaf = place.sub ?? subAttributeIn(place.attribute, 'display') ?? place.attribute;
  return { path: `${attribute.name}.${leaf.name}`, leaf, parts: [] };
}

const atDocument: Lookup = (path, at) => {
  const membership = membershipTarget(path);
  if (membership !== null) return membership;
  const place = searchable(path, at);
  const leaf = place.sub ?? place.attribute;
  if (leaf.type !== 'complex') return { path: searchPath(place), leaf, parts: [] };
  // `emails co "x"` asks for the values (RFC 7644 §3.4.2.2), `emails pr` for any part.
  const parts = searchableParts(leaf).map((sub) => searchPath({ ...place, sub }));
  const value = searchableParts(leaf).find(({ name }) => name === 'value');
  return { path: searchPath({ ...place, sub: value ?? null }), leaf: value ?? leaf, parts };
};

const inElement =
  (definition: AttributeDefinition): Lookup =>
  (path, at) => {
    const leaf = subAttributeIn(definition, path);
    if (leaf !== null && leaf.search !== 'none') return { path: leaf.name, leaf, parts: [] };
    const isValue = definition.subAttributes === undefined && path.toLowerCase() === 'value';
    if (!isValue) throw unknown(path, at);
    return { path: '', leaf: definition, parts: [] };
  };
