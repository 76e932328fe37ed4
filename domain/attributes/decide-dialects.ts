/** Dialects, and what they call the local claims. */
import { type Decision, nothing } from '../decision.ts';
import { accept, type Result, refuse } from '../result.ts';
import { foldText } from '../text.ts';
import { type AttributeEvent, attributeFact } from './attribute-events.ts';
import { ATTRIBUTE_NAME, isClaimUri } from './claim-rules.ts';
import type { Dialect } from './dialect.ts';
import type { AttributeDictionary } from './dictionary.ts';
import { LOCAL_DIALECT } from './local-claim.ts';
import { OIDC_DIALECT, SCIM_CUSTOM, SCIM_ENTERPRISE, SCIM_SYSTEM, SCIM_USER } from './system-dictionary.ts';

export const DIALECTS_MAX = 200;
export const CLAIMS_OF_DIALECT_MAX = 2_000;

export type DialectRefusal =
  | { readonly reason: 'dialect-uri-invalid' }
  | { readonly reason: 'dialect-exists' }
  | { readonly reason: 'dialect-not-found' }
  | { readonly reason: 'system-dialect-rename' }
  | { readonly reason: 'system-dialect-removal' }
  | { readonly reason: 'too-many-definitions'; readonly limit: number }
  | { readonly reason: 'external-claim-uri-invalid' }
  | { readonly reason: 'external-claim-exists' }
  | { readonly reason: 'external-claim-not-found' }
  | { readonly reason: 'system-external-claim' }
  | { readonly reason: 'mapped-claim-not-found' }
  | { readonly reason: 'claim-mapped-already' };

type Decided = Result<Decision, DialectRefusal>;

const fact = (event: AttributeEvent): Decided => accept({ facts: [attributeFact(event)] });

export function decideAddDialect(dictionary: AttributeDictionary, uri: string): Decided {
  if (!isClaimUri(uri)) return refuse({ reason: 'dialect-uri-invalid' });
  if (isKnown(dictionary, uri)) return refuse({ reason: 'dialect-exists' });
  if (dictionary.dialects.size >= DIALECTS_MAX) return refuse({ reason: 'too-many-definitions', limit: DIALECTS_MAX });
  return fact({ type: 'attribute.dialect.added.v1', data: { uri } });
}

export function decideRenameDialect(dictionary: AttributeDictionary, uri: string, to: string): Decided {
  const dialect = dictionary.dialects.get(uri);
  if (uri === LOCAL_DIALECT || dialect?.system === true) return refuse({ reason: 'system-dialect-rename' });
  if (dialect === undefined) return refuse({ reason: 'dialect-not-found' });
  if (uri === to) return accept(nothing);
  if (!isClaimUri(to)) return refuse({ reason: 'dialect-uri-invalid' });
  if (isKnown(dictionary, to)) return refuse({ reason: 'dialect-exists' });
  return fact({ type: 'attribute.dialect.renamed.v1', data: { uri, to } });
}

/** One that is not there is gone already. */
export function decideRemoveDialect(dictionary: AttributeDictionary, uri: string): Decided {
  const dialect = dictionary.dialects.get(uri);
  if (uri === LOCAL_DIALECT || dialect?.system === true) return refuse({ reason: 'system-dialect-removal' });
  if (dialect === undefined) return accept(nothing);
  return fact({ type: 'attribute.dialect.removed.v1', data: { uri } });
}

/** In any case and normal form. */
function isKnown({ dialects }: AttributeDictionary, uri: string): boolean {
  const folded = foldText(uri);
  return folded === foldText(LOCAL_DIALECT) || [...dialects.keys()].some((known) => foldText(known) === folded);
}

export interface MappingInput {
  readonly dialect: string;
  readonly uri: string;
  /** URI of the local claim. */
  readonly claim: string;
}

export function decideMapClaim(dictionary: AttributeDictionary, mapping: MappingInput): Decided {
  const dialect = dictionary.dialects.get(mapping.dialect);
  if (dialect === undefined) return refuse({ reason: 'dialect-not-found' });
  if (!isExternalUri(mapping)) return refuse({ reason: 'external-claim-uri-invalid' });
  if (claimNamed(dialect, mapping.uri) !== null) return refuse({ reason: 'external-claim-exists' });
  if (dialect.claims.size >= CLAIMS_OF_DIALECT_MAX) {
    return refuse({ reason: 'too-many-definitions', limit: CLAIMS_OF_DIALECT_MAX });
  }
  return mapped(dictionary, dialect, mapping);
}

export function decideRemapClaim(dictionary: AttributeDictionary, mapping: MappingInput): Decided {
  const dialect = dictionary.dialects.get(mapping.dialect);
  const former = dialect?.claims.get(mapping.uri);
  if (dialect === undefined) return refuse({ reason: 'dialect-not-found' });
  if (former === undefined) return refuse({ reason: 'external-claim-not-found' });
  if (former.claim === mapping.claim) return accept(nothing);
  if (isFixed(dialect, mapping.uri)) return refuse({ reason: 'system-external-claim' });
  return mapped(dictionary, dialect, mapping);
}

function mapped({ claims }: AttributeDictionary, dialect: Dialect, data: MappingInput): Decided {
  if (!claims.has(data.claim)) return refuse({ reason: 'mapped-claim-not-found' });
  const isTaken = [...dialect.claims.values()].some(({ uri, claim }) => claim === data.claim && uri !== data.uri);
  // Published OpenID Connect names share claims from the start (`username` and `preferred_username`).
  if (isTaken && dialect.uri !== OIDC_DIALECT) return refuse({ reason: 'claim-mapped-already' });
  return fact({ type: 'attribute.claim.mapped.v1', data: { ...data } });
}

export function decideUnmapClaim(dictionary: AttributeDictionary, given: Omit<MappingInput, 'claim'>): Decided {
  const dialect = dictionary.dialects.get(given.dialect);
  if (dialect === undefined || !dialect.claims.has(given.uri)) return accept(nothing);
  if (isFixed(dialect, given.uri)) return refuse({ reason: 'system-external-claim' });
  return fact({ type: 'attribute.claim.unmapped.v1', data: { ...given } });
}

const SCIM_DIALECTS: readonly string[] = [SCIM_USER, SCIM_ENTERPRISE, SCIM_SYSTEM, SCIM_CUSTOM];

/** Names of the standard that SCIM clients rely on. */
const isFixed = (dialect: Dialect, uri: string): boolean =>
  dialect.uri !== OIDC_DIALECT && dialect.claims.get(uri)?.system === true;

function claimNamed({ claims }: Dialect, uri: string): string | null {
  const folded = foldText(uri);
  return [...claims.keys()].find((known) => foldText(known) === folded) ?? null;
}

/** In a dialect that is a SCIM schema a claim is `<schema>:<attribute>` or `<schema>:<attribute>.<part>`. */
function isExternalUri({ dialect, uri }: MappingInput): boolean {
  if (!isClaimUri(uri)) return false;
  if (!SCIM_DIALECTS.includes(dialect)) return true;
  const parts = uri.slice(dialect.length + 1).split('.');
  return uri.startsWith(`${dialect}:`) && parts.length <= 2 && parts.every((part) => ATTRIBUTE_NAME.test(part));
}
