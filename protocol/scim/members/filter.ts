/** Filters on groups and roles: their own attributes from the index, and who is in them by way of the memberships. */
import type { AttributeDefinition } from '../../../domain/users/attribute-definition.ts';
import { attribute, text } from '../../../domain/users/attribute-definition.ts';
import type { Filter } from '../../../infra/read-store/read-store.ts';
import { comparable, isNull } from '../filter/comparison.ts';
import { constantHolds } from '../filter/compile.ts';
import { parseFilter } from '../filter/parse.ts';
import { STORE_OPERATORS } from '../filter/store-operators.ts';
import type { FilterNode } from '../filter/syntax.ts';
import { quoted, ScimError } from '../scim-error.ts';

export interface Place {
  /** In the document. */
  readonly path: string;
  readonly definition: AttributeDefinition;
}

/** By name, in lower case. */
export type Places = ReadonlyMap<string, Place>;

/** What every group and role has. */
export const commonPlaces: readonly (readonly [string, Place])[] = [
  ['id', { path: 'id', definition: text('id', '', { caseExact: true }) }],
  ['displayname', { path: 'displayName', definition: text('displayName', '') }],
  ['meta.created', { path: 'meta.created', definition: attribute('created', 'dateTime', '') }],
  ['meta.lastmodified', { path: 'meta.lastModified', definition: attribute('lastModified', 'dateTime', '') }],
];

export interface FilterParts {
  readonly places: Places;
  /** Name in lower case (`members`) to the ids of what a holder is in. */
  readonly memberships: ReadonlyMap<string, (holder: string) => Promise<readonly string[]>>;
  /** Values that are the same in all of them, by path in lower case. */
  readonly constants?: ReadonlyMap<string, readonly string[]>;
  /** Told of a name that is none; it is an attribute without a value then. Without it such a name is refused. */
  readonly onUnknown?: (path: string) => void;
}

const always = (holds: boolean): Filter => {
  const all: Filter = { op: 'present', path: 'id' };
  return holds ? all : { op: 'not', filter: all };
};

export const compileFilter = (filter: string, parts: FilterParts): Promise<Filter> =>
  compile(parseFilter(filter), parts);

async function compile(node: FilterNode, parts: FilterParts): Promise<Filter> {
  switch (node.kind) {
    case 'and':
    case 'or': {
      const filters: Filter[] = [];
      for (const part of node.parts) filters.push(await compile(part, parts));
      return { op: node.kind, filters };
    }
    case 'not':
      return { op: 'not', filter: await compile(node.inner, parts) };
    case 'present': {
      if (parts.constants?.has(node.path.toLowerCase()) === true) return always(true);
      const place = placeAt(node, parts);
      return place === null ? always(false) : { op: 'present', path: place.path };
    }
    case 'compare':
      return (await membership(node.path, node, parts)) ?? comparison(node, parts);
    case 'value-path': {
      const found =
        node.inner.kind === 'compare' ? await membership(`${node.path}.${node.inner.path}`, node.inner, parts) : null;
      return found ?? always(known(null, node, parts) !== null);
    }
    default:
      return node satisfies never;
  }
}

type Compare = Extract<FilterNode, { kind: 'compare' }>;

/** Null: the path names no members. */
async function membership(path: string, node: Compare, { memberships }: FilterParts): Promise<Filter | null> {
  const [name = '', part = 'value', ...rest] = withoutSchema(path).split('.');
  const idsOf = memberships.get(name);
  if (idsOf === undefined) return null;
  if (part !== 'value' || rest.length > 0 || node.operator !== 'eq') {
    throw new ScimError(400, 'invalidFilter', `Of ${quoted(name)} only the value can be compared, with eq.`);
  }
  return { op: 'in', path: 'id', values: [...(await idsOf(node.value.text))] };
}

function comparison(node: Compare, parts: FilterParts): Filter {
  const constants = parts.constants?.get(node.path.toLowerCase());
  if (constants !== undefined) return always(constantHolds(constants, node.operator, node.value));
  const place = placeAt(node, parts);
  if (place === null) return always(isNull(node.value) ? node.operator === 'eq' : node.operator === 'ne');
  const { path, definition } = place;
  if (isNull(node.value)) {
    if (node.operator === 'ne') return { op: 'present', path };
    if (node.operator === 'eq') return { op: 'not', filter: { op: 'present', path } };
  }
  const value = comparable(definition, node.operator, node.value);
  const op = STORE_OPERATORS[node.operator];
  if (op === 'contains' || op === 'prefix' || op === 'suffix') return { op, path, value: String(value) };
  return { op, path, value: path === 'displayName' ? withoutStore(String(value)) : value };
}

/** Published clients may write the store before the name; names are kept without it. */
export const withoutStore = (name: string): string => name.replace(/^PRIMARY\//i, '');

const withoutSchema = (path: string): string => path.slice(path.lastIndexOf(':') + 1).toLowerCase();

const placeAt = (node: Named, parts: FilterParts): Place | null =>
  known(parts.places.get(withoutSchema(node.path)) ?? null, node, parts);

interface Named {
  readonly path: string;
  readonly at: number;
}

/** Null only where unknown names are told of. */
function known(place: Place | null, node: Named, { onUnknown }: FilterParts): Place | null {
  if (place !== null) return place;
  if (onUnknown === undefined) throw unknown(node);
  onUnknown(node.path);
  return null;
}

const unknown = ({ path, at }: { readonly path: string; readonly at: number }): ScimError =>
  new ScimError(400, 'invalidFilter', `The list cannot be searched by ${quoted(path)}, at character ${at + 1}.`);
