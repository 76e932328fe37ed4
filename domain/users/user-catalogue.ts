/**
 * The attributes that users of one organization can have: the standard schemas with what the organization says of them,
 * and its own. Made from its dictionary, once per state of it.
 */
import { ATTRIBUTE_NAME, partName } from '../attributes/claim-rules.ts';
import type { AttributeDictionary } from '../attributes/dictionary.ts';
import { type DataType, inputTypeOf, type LocalClaim, propertyOf } from '../attributes/local-claim.ts';
import { type ClaimSource, SCIM_CORE, SCIM_CUSTOM, SCIM_USER, systemSources } from '../attributes/system-dictionary.ts';
import { type AttributePlace, attributeAt, flatPath, isAttributePath, userSchemas } from './attribute-catalogue.ts';
import type {
  AttributeDefinition,
  AttributeTraits,
  AttributeType,
  SchemaDefinition,
  ValueCheck,
} from './attribute-definition.ts';
import { attribute } from './attribute-definition.ts';

/** A key of a user's attribute map: what its value must be. */
export interface Leaf {
  readonly path: string;
  readonly definition: AttributeDefinition;
  /** Of values of a list, by their `type`. */
  readonly checksByType: ReadonlyMap<string, ValueCheck>;
  /** False: the organization lets no user write it of himself. */
  readonly isOwn: boolean;
}

/** Values that must be unique. */
export interface UniqueAttribute {
  readonly uri: string;
  readonly displayName: string;
  /** Stands in every reservation. */
  readonly within: string;
  readonly source: Extract<ClaimSource, { kind: 'attribute' }>;
}

export interface UserCatalogue {
  readonly schemas: readonly SchemaDefinition[];
  schemaOf(urn: string): SchemaDefinition | null;
  /** By its path in any case; also by another name that the organization gave it. */
  leafAt(path: string): Leaf | null;
  /** A list of objects, or an object whose parts are leaves, by its path. */
  wholeAt(path: string): Leaf | null;
  /** `emails.value`, `<urn>:lead.email`: names in any case; of the custom schema what the organization declared. */
  attributeAt(path: string): AttributePlace | null;
  /** Where a user has the value of a local claim; null: nowhere. */
  sourceOf(uri: string): ClaimSource | null;
  readonly unique: readonly UniqueAttribute[];
}

const made = new WeakMap<AttributeDictionary, UserCatalogue>();

export function catalogueOf(dictionary: AttributeDictionary): UserCatalogue {
  const known = made.get(dictionary);
  if (known !== undefined) return known;
  const catalogue = compiled(dictionary);
  made.set(dictionary, catalogue);
  return catalogue;
}

function compiled(dictionary: AttributeDictionary): UserCatalogue {
  const custom = customAttributes(dictionary);
  const schemas = userSchemas.map((schema) =>
    schema.urn === SCIM_CUSTOM ? { ...schema, attributes: custom.attributes } : decorated(schema, dictionary),
  );
  const byUrn = new Map(schemas.map((schema) => [schema.urn.toLowerCase(), schema]));
  const leaves = new Map<string, Leaf>();
  const wholes = new Map<string, Leaf>();
  const checks = typedChecks(dictionary);
  for (const place of placesOf(schemas)) {
    const path = flatPath(place);
    const definition = place.sub ?? place.attribute;
    const checksByType = checks.get(path) ?? new Map<string, ValueCheck>();
    const leaf = { path, definition, checksByType, isOwn: isOwnOf(place) };
    const isCustom = place.schema.urn === SCIM_CUSTOM;
    if (isCustom ? isLeaf(place) : isAttributePath(path)) leaves.set(path.toLowerCase(), leaf);
    if (definition.type === 'complex') wholes.set(path.toLowerCase(), leaf);
  }
  for (const [alias, path] of custom.aliases) {
    const home = leaves.get(path.toLowerCase());
    if (home !== undefined) leaves.set(alias.toLowerCase(), home);
  }
  const sourceOf = (uri: string): ClaimSource | null => systemSources.get(uri) ?? custom.sources.get(uri) ?? null;
  return {
    schemas,
    schemaOf: (urn) => byUrn.get(urn.toLowerCase()) ?? null,
    leafAt: (path) => leaves.get(path) ?? leaves.get(path.toLowerCase()) ?? null,
    wholeAt: (path) => wholes.get(path.toLowerCase()) ?? null,
    attributeAt: (path) => placeAt(byUrn, path),
    sourceOf,
    unique: [...dictionary.claims.values()].flatMap((claim) => uniqueOf(claim, sourceOf(claim.uri))),
  };
}

function placeAt(byUrn: ReadonlyMap<string, SchemaDefinition>, path: string): AttributePlace | null {
  const colon = path.lastIndexOf(':');
  if (path.slice(0, colon).toLowerCase() !== SCIM_CUSTOM.toLowerCase()) return attributeAt(path);
  const schema = byUrn.get(SCIM_CUSTOM.toLowerCase());
  const [name = '', part, ...more] = path.slice(colon + 1).split('.');
  const whole = schema?.attributes.find((known) => known.name.toLowerCase() === name.toLowerCase());
  if (schema === undefined || whole === undefined || more.length > 0) return null;
  if (part === undefined) return { schema, attribute: whole, sub: null };
  const sub = whole.subAttributes?.find((known) => known.name.toLowerCase() === part.toLowerCase());
  return sub === undefined ? null : { schema, attribute: whole, sub };
}

/** The definition of an attribute speaks for its parts. */
const isOwnOf = ({ attribute: whole, sub }: AttributePlace): boolean =>
  [whole.traits, sub?.traits].every(
    (traits) => traits === undefined || !(traits.profiles['endUser']?.readOnly ?? traits.readOnly),
  );

const isParted = ({ type, multiValued }: AttributeDefinition): boolean => type === 'complex' && !multiValued;

const isLeaf = ({ attribute: whole, sub }: AttributePlace): boolean => (isParted(whole) ? sub !== null : sub === null);

function* placesOf(schemas: readonly SchemaDefinition[]): Generator<AttributePlace> {
  for (const schema of schemas) {
    for (const whole of schema.attributes) {
      yield { schema, attribute: whole, sub: null };
      if (!isParted(whole)) continue;
      for (const sub of whole.subAttributes ?? []) yield { schema, attribute: whole, sub };
    }
  }
}

/** Names of a standard schema, with what the organization says of the claims behind them. */
function decorated(schema: SchemaDefinition, dictionary: AttributeDictionary): SchemaDefinition {
  const claimAt = (path: string): LocalClaim | null => {
    const external =
      dictionary.dialects.get(schema.urn)?.claims.get(`${schema.urn}:${path}`) ??
      (schema.urn === SCIM_USER ? dictionary.dialects.get(SCIM_CORE)?.claims.get(`${SCIM_CORE}:${path}`) : undefined);
    return external === undefined ? null : (dictionary.claims.get(external.claim) ?? null);
  };
  const withTraits = (definition: AttributeDefinition, path: string): AttributeDefinition => {
    const claim = claimAt(path);
    const shown = claim?.supportedByDefault === true ? { displayName: claim.displayName } : {};
    const traits = claim === null ? {} : { traits: traitsOf(claim), ...shown };
    const subs = definition.subAttributes?.map((sub) => withTraits(sub, `${path}.${sub.name}`));
    return { ...definition, ...traits, ...(subs === undefined ? {} : { subAttributes: subs }) };
  };
  return { ...schema, attributes: schema.attributes.map((definition) => withTraits(definition, definition.name)) };
}

function traitsOf(claim: LocalClaim): AttributeTraits {
  return {
    claim: claim.uri,
    supportedByDefault: claim.supportedByDefault,
    readOnly: claim.readOnly,
    displayOrder: claim.displayOrder,
    inputType: inputTypeOf(claim),
    options: claim.canonicalValues,
    profiles: claim.profiles,
    check: checkOf(claim),
  };
}

function checkOf(claim: LocalClaim): ValueCheck | null {
  const charactersMin = lengthOf(claim, 'minLength');
  const charactersMax = lengthOf(claim, 'maxLength');
  const pattern = claim.regEx === '' ? null : claim.regEx;
  if (pattern === null && charactersMin === null && charactersMax === null) return null;
  return { displayName: claim.displayName, pattern, charactersMin, charactersMax };
}

function lengthOf(claim: LocalClaim, key: string): number | null {
  const value = propertyOf(claim, key);
  return value !== null && /^\d{1,9}$/.test(value) ? Number(value) : null;
}

/** Of claims that are one value of a standard list, such as `mobile`. */
function typedChecks({ claims }: AttributeDictionary): ReadonlyMap<string, ReadonlyMap<string, ValueCheck>> {
  const checks = new Map<string, Map<string, ValueCheck>>();
  for (const claim of claims.values()) {
    const source = systemSources.get(claim.uri) ?? null;
    const check = source?.kind === 'attribute' && source.type !== undefined ? checkOf(claim) : null;
    if (check === null || source?.kind !== 'attribute' || source.type === undefined) continue;
    checks.set(source.path, new Map(checks.get(source.path)).set(source.type, check));
  }
  return checks;
}

interface Custom {
  readonly attributes: readonly AttributeDefinition[];
  /** Path in the custom schema to the path where the value is. */
  readonly aliases: ReadonlyMap<string, string>;
  /** URI of the local claim to where its value is. */
  readonly sources: ReadonlyMap<string, ClaimSource>;
}

function customAttributes(dictionary: AttributeDictionary): Custom {
  const aliases = new Map<string, string>();
  const sources = new Map<string, ClaimSource>();
  const wholes = new Map<string, AttributeDefinition>();
  const parts = new Map<string, AttributeDefinition[]>();
  for (const external of dictionary.dialects.get(SCIM_CUSTOM)?.claims.values() ?? []) {
    const claim = dictionary.claims.get(external.claim);
    if (claim === undefined) continue;
    const home = systemSources.get(claim.uri) ?? null;
    if (home !== null) {
      if (home.kind === 'attribute' && home.type === undefined) aliases.set(external.uri, home.path);
      continue;
    }
    sources.set(claim.uri, { kind: 'attribute', path: external.uri });
    const [name = '', part] = external.uri.slice(SCIM_CUSTOM.length + 1).split('.');
    const definition = customAttribute(part ?? name, claim, dictionary);
    if (part === undefined) wholes.set(name, definition);
    else parts.set(name, [...(parts.get(name) ?? []), definition]);
  }
  for (const [name, subs] of parts) wholes.set(name, withParts(wholes.get(name) ?? wholeFor(name), subs));
  return { attributes: [...wholes.values()], aliases, sources };
}

const TYPES: Readonly<Record<DataType, AttributeType>> = {
  string: 'string',
  integer: 'integer',
  decimal: 'decimal',
  boolean: 'boolean',
  date: 'string',
  epoch: 'integer',
  complex: 'complex',
};

function customAttribute(name: string, claim: LocalClaim, dictionary: AttributeDictionary): AttributeDefinition {
  const { dataType, multiValued, required, displayName, description, canonicalValues } = claim;
  const subs = claim.subAttributes.flatMap((uri) => {
    const part = dictionary.claims.get(uri);
    return part === undefined || !ATTRIBUTE_NAME.test(partName(uri))
      ? []
      : [customAttribute(partName(uri), part, dictionary)];
  });
  return attribute(name, TYPES[dataType], description, {
    displayName,
    multiValued,
    required,
    traits: traitsOf(claim),
    ...(dataType === 'date' ? { format: 'date' } : {}),
    ...(claim.uniqueness === null ? {} : { uniqueness: 'server' }),
    ...(canonicalValues.length === 0 ? {} : { canonicalValues: canonicalValues.map(({ value }) => value) }),
    ...(dataType === 'complex' ? { subAttributes: subs } : {}),
  });
}

/** A part that is mapped itself stands for the one that its parent's definition names. */
function withParts(whole: AttributeDefinition, subs: readonly AttributeDefinition[]): AttributeDefinition {
  const mapped = new Set(subs.map(({ name, traits }) => traits?.claim ?? name));
  const others = (whole.subAttributes ?? []).filter(({ traits }) => !mapped.has(traits?.claim ?? ''));
  return { ...whole, type: 'complex', search: 'none', subAttributes: [...others, ...subs] };
}

/** Only parts of it are mapped. */
const wholeFor = (name: string): AttributeDefinition => attribute(name, 'complex', '', { subAttributes: [] });

function uniqueOf({ uri, displayName, uniqueness }: LocalClaim, source: ClaimSource | null): UniqueAttribute[] {
  if (uniqueness === null || source === null || source.kind !== 'attribute') return [];
  return [{ uri, displayName, within: reservationOf(uniqueness), source }];
}

/** Within one user store values meet those of that store alone; across them, all. */
export const reservationOf = (
  { scope, generation }: { readonly scope: string; readonly generation: string },
  userStore = 'PRIMARY',
): string => `${scope === 'WITHIN_USERSTORE' ? userStore.toUpperCase() : '*'}|${generation}`;
