/** Which attributes an answer shows (RFC 7644 §3.9, `returned` of RFC 7643 §7). */
import type { Json } from '../../domain/json.ts';
import type { AttributePlace } from '../../domain/users/attribute-catalogue.ts';
import type { AttributeDefinition } from '../../domain/users/attribute-definition.ts';
import { ScimError } from './scim-error.ts';
import { withKey } from './users/resource.ts';
import { isMap, type JsonMap } from './users/values.ts';
import { coreOf, type Vocabulary } from './vocabulary.ts';

/** What the caller named. */
export interface Selection {
  readonly kind: 'only' | 'without';
  readonly paths: readonly SelectedPath[];
}

type SelectedPath =
  | { readonly kind: 'schema'; readonly urn: string }
  | { readonly kind: 'attribute'; readonly place: AttributePlace };

const PATHS_MAX = 200;

/** Names that no schema has are passed over: there is nothing to show. */
export function selectionOf(
  vocabulary: Vocabulary,
  only: readonly string[],
  without: readonly string[],
): Selection | null {
  const names = only.length > 0 ? only : without;
  if (names.length === 0) return null;
  if (names.length > PATHS_MAX)
    throw new ScimError(400, 'invalidValue', `At most ${PATHS_MAX} attributes can be named.`);
  const paths = names.flatMap((name) => selectedPath(vocabulary, name));
  return { kind: only.length > 0 ? 'only' : 'without', paths };
}

export const selectionOfQuery = (vocabulary: Vocabulary, query: URLSearchParams): Selection | null =>
  selectionOf(vocabulary, namesIn(query.getAll('attributes')), namesIn(query.getAll('excludedAttributes')));

/** A list, or names between commas. */
export function namesIn(value: unknown): readonly string[] {
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
  return texts
    .filter((text) => typeof text === 'string')
    .flatMap((text) => text.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function selectedPath({ schemaOf, attributeAt }: Vocabulary, name: string): readonly SelectedPath[] {
  const schema = schemaOf(name);
  if (schema !== null) return [{ kind: 'schema', urn: schema.urn }];
  const place = attributeAt(name);
  return place === null ? [] : [{ kind: 'attribute', place }];
}

/** The resource as the caller wants to see it. What is never returned is never shown, whoever put it there. */
export function selected(vocabulary: Vocabulary, resource: JsonMap, selection: Selection | null): JsonMap {
  const special = specialOf(vocabulary);
  if (selection?.kind === 'only') {
    const start: JsonMap = { schemas: resource['schemas'] ?? null };
    const asked = [...special.always, ...selection.paths];
    const shown = asked.reduce((part: JsonMap, path) => withPath(vocabulary, { shown: part, resource }, path), start);
    return special.never.reduce((part: JsonMap, path) => without(vocabulary, part, path), shown);
  }
  const hidden = [...(selection?.paths ?? []), ...special.onRequest, ...special.never];
  return hidden.reduce((part: JsonMap, path) => without(vocabulary, part, path), resource);
}

/** Attributes that are not shown as a matter of course, or always. */
interface Special {
  readonly always: readonly SelectedPath[];
  readonly onRequest: readonly SelectedPath[];
  readonly never: readonly SelectedPath[];
}

const specials = new WeakMap<Vocabulary, Special>();

function specialOf(vocabulary: Vocabulary): Special {
  const known = specials.get(vocabulary);
  if (known !== undefined) return known;
  const made = {
    always: withRule(vocabulary, 'always'),
    onRequest: withRule(vocabulary, 'request'),
    never: withRule(vocabulary, 'never'),
  };
  specials.set(vocabulary, made);
  return made;
}

/** Parts of an attribute go with it, unless they have a rule of their own. */
function withRule({ schemas }: Vocabulary, rule: AttributeDefinition['returned']): readonly SelectedPath[] {
  return schemas.flatMap((schema) =>
    schema.attributes.flatMap((attribute): readonly SelectedPath[] => {
      if (attribute.returned === rule) return [{ kind: 'attribute', place: { schema, attribute, sub: null } }];
      if (rule === 'always') return [];
      const subs = (attribute.subAttributes ?? []).filter(({ returned }) => returned === rule);
      return subs.map((sub) => ({ kind: 'attribute', place: { schema, attribute, sub } }));
    }),
  );
}

interface Showing {
  readonly shown: JsonMap;
  readonly resource: JsonMap;
}

function withPath(vocabulary: Vocabulary, showing: Showing, path: SelectedPath): JsonMap {
  if (path.kind === 'schema') return withSchema(vocabulary, showing, path.urn);
  const { shown, resource } = showing;
  const { schema, attribute, sub } = path.place;
  const isCore = schema.urn === coreOf(vocabulary);
  const from = isCore ? resource : resource[schema.urn];
  const value = isMap(from) ? ownOf(from, attribute.name) : undefined;
  const part = sub === null || value === undefined ? value : onlyPart(value, sub.name);
  if (part === undefined) return shown;
  const holder = isCore ? shown : (shown[schema.urn] ?? {});
  const before = isMap(holder) ? ownOf(holder, attribute.name) : undefined;
  const changed = withKey(holder as JsonMap, attribute.name, sub === null ? part : joined(before, part));
  return isCore ? changed : withKey(shown, schema.urn, changed);
}

function withSchema(vocabulary: Vocabulary, { shown, resource }: Showing, urn: string): JsonMap {
  if (urn !== coreOf(vocabulary)) return withKey(shown, urn, resource[urn]);
  const core = Object.entries(resource).filter(([name]) => vocabulary.schemaOf(name) === null);
  return { ...shown, ...Object.fromEntries(core) };
}

const ownOf = (map: JsonMap, key: string): Json | undefined => (Object.hasOwn(map, key) ? map[key] : undefined);

function onlyPart(value: Json, name: string): Json | undefined {
  if (Array.isArray(value)) return value.map((element: Json) => onlyPart(element, name) ?? {});
  const part = isMap(value) ? ownOf(value, name) : undefined;
  return part === undefined ? undefined : { [name]: part };
}

/** Two parts of one attribute, or of each value of a list. */
function joined(before: Json | undefined, part: Json): Json {
  if (Array.isArray(before) && Array.isArray(part)) {
    return part.map((element: Json, index) => joined(before[index] as Json | undefined, element));
  }
  return isMap(before) && isMap(part) ? { ...before, ...part } : part;
}

function without(vocabulary: Vocabulary, resource: JsonMap, path: SelectedPath): JsonMap {
  const core = coreOf(vocabulary);
  if (path.kind === 'schema') return path.urn === core ? resource : withKey(resource, path.urn, undefined);
  const { schema, attribute, sub } = path.place;
  if (attribute.returned === 'always') return resource;
  const isCore = schema.urn === core;
  const holder = isCore ? resource : resource[schema.urn];
  if (!isMap(holder)) return resource;
  const value = ownOf(holder, attribute.name);
  if (value === undefined) return resource;
  const kept = sub === null ? undefined : withoutPart(value, sub.name);
  const changed = withKey(holder, attribute.name, kept);
  return isCore ? changed : withKey(resource, schema.urn, changed);
}

function withoutPart(value: Json, name: string): Json {
  if (Array.isArray(value)) return value.map((element: Json) => withoutPart(element, name));
  return isMap(value) ? withKey(value, name, undefined) : value;
}
