/** OpenID Connect scopes: which claims they carry. */
import { systemScopes as apiScopes } from '../applications/api-resources.ts';
import { type Decision, nothing } from '../decision.ts';
import { accept, type Result, refuse } from '../result.ts';
import { type AttributeEvent, attributeFact } from './attribute-events.ts';
import type { ClaimScope } from './dialect.ts';
import type { AttributeDictionary } from './dictionary.ts';
import { OIDC_DIALECT, systemScopes } from './system-dictionary.ts';

export const SCOPES_MAX = 500;
export const CLAIMS_OF_SCOPE_MAX = 500;

export type ScopeRefusal =
  | { readonly reason: 'scope-name-invalid' }
  | { readonly reason: 'scope-display-name-missing' }
  | { readonly reason: 'scope-claim-unknown'; readonly claim: string }
  | { readonly reason: 'scope-exists' }
  | { readonly reason: 'scope-not-found' }
  | { readonly reason: 'system-scope' }
  | { readonly reason: 'too-many-definitions'; readonly limit: number };

type Decided = Result<Decision, ScopeRefusal>;

const fact = (event: AttributeEvent): Decided => accept({ facts: [attributeFact(event)] });

/** Among RFC 6749 §3.3, without `*`, which stands for every permission. */
const SCOPE_NAME = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,254}$/;

/** Names of permissions and of free-form scopes: whoever asked for such a scope would be given a right. */
const isReserved = (name: string): boolean => apiScopes.has(name) || /^(?:internal_|console:|device_)/i.test(name);

export function decideDefineScope(dictionary: AttributeDictionary, given: ClaimScope): Decided {
  if (!SCOPE_NAME.test(given.name) || isReserved(given.name)) return refuse({ reason: 'scope-name-invalid' });
  if (dictionary.scopes.has(given.name)) return refuse({ reason: 'scope-exists' });
  if (dictionary.scopes.size >= SCOPES_MAX) return refuse({ reason: 'too-many-definitions', limit: SCOPES_MAX });
  const scope = tidied(given);
  const refusal = scopeRefusal(dictionary, scope);
  return refusal === null ? fact({ type: 'attribute.scope.defined.v1', data: scope }) : refuse(refusal);
}

export function decideRedefineScope(dictionary: AttributeDictionary, given: ClaimScope): Decided {
  const former = dictionary.scopes.get(given.name);
  if (former === undefined) return refuse({ reason: 'scope-not-found' });
  const scope = tidied(given);
  const refusal = scopeRefusal(dictionary, scope);
  if (refusal !== null) return refuse(refusal);
  if (JSON.stringify(tidied(former)) === JSON.stringify(scope)) return accept(nothing);
  return fact({ type: 'attribute.scope.redefined.v1', data: scope });
}

/** Standard scopes stay: clients ask for them by name. */
export function decideRemoveScope(dictionary: AttributeDictionary, name: string): Decided {
  if (systemScopes.has(name)) return refuse({ reason: 'system-scope' });
  if (!dictionary.scopes.has(name)) return refuse({ reason: 'scope-not-found' });
  return fact({ type: 'attribute.scope.removed.v1', data: { name } });
}

const tidied = ({ name, displayName, description, claims }: ClaimScope) => ({
  name,
  displayName,
  description,
  claims: [...new Set(claims)],
});

function scopeRefusal({ dialects }: AttributeDictionary, { displayName, claims }: ClaimScope): ScopeRefusal | null {
  if (displayName.trim() === '') return { reason: 'scope-display-name-missing' };
  if (claims.length > CLAIMS_OF_SCOPE_MAX) return { reason: 'too-many-definitions', limit: CLAIMS_OF_SCOPE_MAX };
  const known = dialects.get(OIDC_DIALECT)?.claims;
  const unknown = claims.find((claim) => claim !== 'sub' && known?.has(claim) !== true);
  return unknown === undefined ? null : { reason: 'scope-claim-unknown', claim: unknown };
}
