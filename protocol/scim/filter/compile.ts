/** From a filter as written to the read store's filter tree. Names are looked up in the catalogue: others are refused. */
import { foldText } from '../../../domain/text.ts';
import {
  type AttributePlace,
  attributeAt,
  CORE_USER,
  searchPath,
  subAttributeIn,
} from '../../../domain/users/attribute-catalogue.ts';
import type { AttributeDefinition } from '../../../domain/users/attribute-definition.ts';
import type { Filter, Scalar } from '../../../infra/read-store/read-store.ts';
import { quoted, ScimError } from '../scim-error.ts';
import { asNumber, comparable, isNull } from './comparison.ts';
import { compare } from './match.ts';
import { parseFilter } from './parse.ts';
import { STORE_OPERATORS } from './store-operators.ts';
import type { FilterNode, Literal, Operator } from './syntax.ts';

/** What a filter may name, in one kind of resource. */
export interface FilterNames {
  readonly attributeAt: (path: string) => AttributePlace | null;
  /** Values that are the same in all of them (`schemas`, `meta.resourceType`), by path in small letters. */
  readonly constants: ReadonlyMap<string, readonly string[]>;
  /** Told of a name that is none; it is an attribute without a value then. Without it such a name is refused. */
  readonly onUnknown?: (path: string) => void;
}

/** True: all. False: none. */
export type Compiled = Filter | boolean;

const all: Filter = { op: 'present', path: 'id' };
const none: Filter = { op: 'not', filter: all };

/** For questions that stand by themselves. */
export function userFilter(text: string): Filter {
  const compiled = compileFilter(text, { attributeAt, constants: new Map() });
  if (typeof compiled !== 'boolean') return compiled;
  return compiled ? all : none;
}

export const compileFilter = (text: string, names: FilterNames): Compiled =>
  compile(parseFilter(text), inDocument(names));

/** Where names are looked up: in the resource, or in one value of a list. */
interface Lookup {
  /** Null: an attribute that has no value anywhere. */
  find(path: string, at: number): Target | null;
  constantsAt(path: string): readonly string[] | null;
  list(path: string, at: number): AttributePlace | null;
  /** Said by memberships, part by part. */
  isMembership(path: string): boolean;
}

interface Target {
  readonly path: string;
  readonly leaf: AttributeDefinition;
  /** Searchable parts, where the attribute is complex. */
  readonly parts: readonly string[];
}

function compile(node: FilterNode, lookup: Lookup): Compiled {
  switch (node.kind) {
    case 'and':
    case 'or':
      return joined(
        node.kind,
        node.parts.map((part) => compile(part, lookup)),
      );
    case 'not':
      return negated(compile(node.inner, lookup));
    case 'present': {
      if (lookup.constantsAt(node.path) !== null) return true;
      const target = lookup.find(node.path, node.at);
      return target === null ? false : present(target);
    }
    case 'compare':
      return compareNode(node, lookup);
    case 'value-path':
      return valuePath(node, lookup);
    default:
      return node satisfies never;
  }
}

/** What holds for all or for none is decided here: the store is not asked for it. */
function joined(op: 'and' | 'or', parts: readonly Compiled[]): Compiled {
  const deciding = op === 'or';
  if (parts.includes(deciding)) return deciding;
  const filters = parts.filter((part) => typeof part !== 'boolean');
  const [first] = filters;
  if (first === undefined) return !deciding;
  return filters.length === 1 ? first : { op, filters };
}

const negated = (inner: Compiled): Compiled => (typeof inner === 'boolean' ? !inner : { op: 'not', filter: inner });

function compareNode(node: Extract<FilterNode, { kind: 'compare' }>, lookup: Lookup): Compiled {
  const { operator, value } = node;
  const constants = lookup.constantsAt(node.path);
  if (constants !== null) return constantHolds(constants, operator, value);
  const target = lookup.find(node.path, node.at);
  if (target !== null) return comparison(target, operator, value);
  return isNull(value) ? operator === 'eq' : operator === 'ne';
}

export function constantHolds(values: readonly string[], operator: Operator, literal: Literal): boolean {
  const wanted = foldText(literal.text);
  const folded = values.map(foldText);
  if (isNull(literal)) return operator === 'ne';
  if (operator === 'ne') return !folded.includes(wanted);
  return folded.some((value) => compare(operator, value, wanted));
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

function valuePath(node: Extract<FilterNode, { kind: 'value-path' }>, lookup: Lookup): Compiled {
  if (lookup.isMembership(node.path)) {
    return compile(node.inner, { ...lookup, find: (part, at) => lookup.find(`${node.path}.${part}`, at) });
  }
  const place = lookup.list(node.path, node.at);
  if (place === null) return false;
  if (place.sub !== null) throw unknown(node.path, node.at);
  const inner = compile(node.inner, inElement(place.attribute));
  if (typeof inner === 'boolean') return inner && present(targetAt(place));
  return { op: 'any', path: searchPath(place), filter: inner };
}

function isSearchable({ attribute, sub }: AttributePlace): boolean {
  const leaf = sub ?? attribute;
  return leaf.search !== 'none' || searchableParts(leaf).length > 0;
}

const searchableParts = (definition: AttributeDefinition): readonly AttributeDefinition[] =>
  (definition.subAttributes ?? []).filter(({ search }) => search !== 'none');

const unknown = (path: string, at: number): ScimError =>
  new ScimError(400, 'invalidFilter', `${quoted(path)} at character ${at + 1} is no attribute that can be searched.`);

function inDocument({ attributeAt: placeOf, constants, onUnknown }: FilterNames): Lookup {
  const list = (path: string, at: number): AttributePlace | null => {
    const place = placeOf(path);
    if (place !== null && isSearchable(place)) return place;
    // What is there and cannot be searched (a password) is never passed over in silence.
    if (place !== null || onUnknown === undefined) throw unknown(path, at);
    onUnknown(path);
    return null;
  };
  const membershipAt = (path: string): Target | null => membershipTarget(placeOf(path));
  return {
    list,
    isMembership: (path) => membershipAt(path) !== null,
    constantsAt: (path) => constants.get(path.toLowerCase()) ?? null,
    find(path, at) {
      const membership = membershipAt(path);
      if (membership !== null) return membership;
      const place = list(path, at);
      return place === null ? null : targetAt(place);
    },
  };
}

/** Groups and roles of a user are told by memberships and not by his document: who asks the store replaces these first. */
export const MEMBERSHIP_PATHS: ReadonlySet<string> = new Set([
  'groups.value',
  'groups.display',
  'roles.value',
  'roles.display',
]);

/** Without a part, published clients name a group or role by its name. Null: another path. */
function membershipTarget(place: AttributePlace | null): Target | null {
  if (place === null || place.schema.urn !== CORE_USER) return null;
  const { attribute } = place;
  if (attribute.name !== 'groups' && attribute.name !== 'roles') return null;
  const leaf = place.sub ?? subAttributeIn(attribute, 'display') ?? attribute;
  return { path: `${attribute.name}.${leaf.name}`, leaf, parts: [] };
}

/** `emails co "x"` asks for the values (RFC 7644 §3.4.2.2), `emails pr` for any part. */
function targetAt(place: AttributePlace): Target {
  const leaf = place.sub ?? place.attribute;
  if (leaf.type !== 'complex') return { path: searchPath(place), leaf, parts: [] };
  const parts = searchableParts(leaf).map((sub) => searchPath({ ...place, sub }));
  const value = searchableParts(leaf).find(({ name }) => name === 'value');
  return { path: searchPath({ ...place, sub: value ?? null }), leaf: value ?? leaf, parts };
}

const inElement = (definition: AttributeDefinition): Lookup => ({
  constantsAt: () => null,
  isMembership: () => false,
  list: (path, at) => {
    throw unknown(path, at);
  },
  find(path, at) {
    const leaf = subAttributeIn(definition, path);
    if (leaf !== null && leaf.search !== 'none') return { path: leaf.name, leaf, parts: [] };
    const isValue = definition.subAttributes === undefined && path.toLowerCase() === 'value';
    if (!isValue) throw unknown(path, at);
    return { path: '', leaf: definition, parts: [] };
  },
});
