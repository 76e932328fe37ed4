/**
 * All attribute definitions of one organization: local claims, what dialects call them, and the scopes that carry them.
 *
 * The server's own definitions are the initial state, so that no organization has a copy of them; the stream holds what
 * it changed. An organization below another will fold the streams on its path, root first, into one dictionary.
 */
import type { Aggregate } from '../aggregate.ts';
import type { DomainEvent } from '../event.ts';
import type { AttributeEvent } from './attribute-events.ts';
import type { ClaimScope, Dialect } from './dialect.ts';
import type { LocalClaim } from './local-claim.ts';
import { systemClaims, systemDialects, systemMappings, systemScopes } from './system-dictionary.ts';

export interface AttributeDictionary {
  /** False while the organization changed nothing. */
  readonly exists: boolean;
  readonly tenant: string;
  readonly org: string;
  readonly claims: ReadonlyMap<string, LocalClaim>;
  /** Without the local one. */
  readonly dialects: ReadonlyMap<string, Dialect>;
  readonly scopes: ReadonlyMap<string, ClaimScope>;
}

export const systemDictionary: AttributeDictionary = {
  exists: false,
  tenant: '',
  org: '',
  claims: systemClaims,
  dialects: new Map(
    systemDialects.map((uri) => [uri, { uri, system: true, claims: systemMappings.get(uri) ?? new Map() }]),
  ),
  scopes: systemScopes,
};

/** Ids are those of the organizations. */
export const attributeDictionaries: Aggregate<AttributeDictionary> = {
  category: 'attrdef',
  initial: systemDictionary,
  preset: true,
  evolve: evolveDictionary,
  home: (dictionary) => (dictionary.exists ? dictionary : null),
};

function evolveDictionary(dictionary: AttributeDictionary, event: DomainEvent): AttributeDictionary {
  const { tenant = '', org = '' } = event.meta;
  return changed({ ...dictionary, exists: true, tenant, org }, event as unknown as AttributeEvent);
}

function changed(dictionary: AttributeDictionary, fact: AttributeEvent): AttributeDictionary {
  const { claims, dialects, scopes } = dictionary;
  switch (fact.type) {
    case 'attribute.dialect.added.v1': {
      const { uri } = fact.data;
      return { ...dictionary, dialects: withEntry(dialects, uri, { uri, system: false, claims: new Map() }) };
    }
    case 'attribute.dialect.renamed.v1': {
      const { uri, to } = fact.data;
      const former = dialects.get(uri);
      if (former === undefined) return dictionary;
      return { ...dictionary, dialects: withEntry(without(dialects, uri), to, { ...former, uri: to }) };
    }
    case 'attribute.dialect.removed.v1':
      return { ...dictionary, dialects: without(dialects, fact.data.uri) };
    case 'attribute.claim.defined.v1': {
      const { uri, definition } = fact.data;
      const claim: LocalClaim = { ...definition, uri, system: false, uniqueness: null };
      return { ...dictionary, claims: withEntry(claims, uri, claim) };
    }
    case 'attribute.claim.redefined.v1':
      return withClaim(dictionary, fact.data.uri, fact.data.changes as Partial<LocalClaim>);
    case 'attribute.claim.removed.v1':
      return { ...dictionary, claims: without(claims, fact.data.uri) };
    case 'attribute.claim.mapped.v1':
    case 'attribute.claim.unmapped.v1':
      return { ...dictionary, dialects: remapped(dialects, fact) };
    case 'attribute.scope.defined.v1':
    case 'attribute.scope.redefined.v1':
      return { ...dictionary, scopes: withEntry(scopes, fact.data.name, fact.data) };
    case 'attribute.scope.removed.v1':
      return { ...dictionary, scopes: without(scopes, fact.data.name) };
    default:
      return withUniqueness(dictionary, fact);
  }
}

type UniquenessEvent = Extract<AttributeEvent, { type: `attribute.uniqueness.${string}` }>;

function withUniqueness(dictionary: AttributeDictionary, fact: UniquenessEvent): AttributeDictionary {
  const { uri } = fact.data;
  switch (fact.type) {
    case 'attribute.uniqueness.announced.v1': {
      const { scope, generation } = fact.data;
      return withClaim(dictionary, uri, { uniqueness: { scope, generation, phase: 'announced' } });
    }
    case 'attribute.uniqueness.enabled.v1': {
      const uniqueness = dictionary.claims.get(uri)?.uniqueness ?? null;
      if (uniqueness?.generation !== fact.data.generation) return dictionary;
      return withClaim(dictionary, uri, { uniqueness: { ...uniqueness, phase: 'enabled' } });
    }
    case 'attribute.uniqueness.abandoned.v1':
    case 'attribute.uniqueness.disabled.v1':
      return withClaim(dictionary, uri, { uniqueness: null });
    default:
      fact satisfies never;
      return dictionary;
  }
}

function withClaim(dictionary: AttributeDictionary, uri: string, changes: Partial<LocalClaim>): AttributeDictionary {
  const former = dictionary.claims.get(uri);
  if (former === undefined) return dictionary;
  return { ...dictionary, claims: withEntry(dictionary.claims, uri, { ...former, ...changes }) };
}

type Mapping = Extract<AttributeEvent, { type: 'attribute.claim.mapped.v1' | 'attribute.claim.unmapped.v1' }>;

function remapped(dialects: ReadonlyMap<string, Dialect>, { type, data }: Mapping): ReadonlyMap<string, Dialect> {
  const dialect = dialects.get(data.dialect);
  if (dialect === undefined) return dialects;
  const claims =
    type === 'attribute.claim.unmapped.v1'
      ? without(dialect.claims, data.uri)
      : withEntry(dialect.claims, data.uri, { uri: data.uri, claim: data.claim, system: false });
  return withEntry(dialects, data.dialect, { ...dialect, claims });
}

const withEntry = <Value>(map: ReadonlyMap<string, Value>, key: string, value: Value): ReadonlyMap<string, Value> =>
  new Map(map).set(key, value);

function without<Value>(map: ReadonlyMap<string, Value>, key: string): ReadonlyMap<string, Value> {
  const rest = new Map(map);
  rest.delete(key);
  return rest;
}
