/** Local claims: define, redefine, remove; and making their values unique. */
import { type Decision, nothing } from '../decision.ts';
import { accept, type Result, refuse } from '../result.ts';
import { foldText } from '../text.ts';
import { type AttributeEvent, attributeFact } from './attribute-events.ts';
import { brokenRule, type ClaimRuleRefusal, LOCAL_CLAIMS_MAX } from './claim-rules.ts';
import type { AttributeDictionary } from './dictionary.ts';
import { type ClaimChanges, type ClaimDefinition, distinctOptions, type Uniqueness } from './local-claim.ts';

/** Ids that an event of collisions names; the count goes on. */
export const COLLISIONS_NAMED_MAX = 100;

export type ClaimRefusal =
  | ClaimRuleRefusal
  | { readonly reason: 'local-claim-exists' }
  | { readonly reason: 'local-claim-not-found' }
  | { readonly reason: 'local-claim-mapped' }
  | { readonly reason: 'local-claim-is-part' }
  | { readonly reason: 'local-claim-used-by-application' }
  | { readonly reason: 'system-local-claim' }
  | { readonly reason: 'too-many-definitions'; readonly limit: number };

type Decided = Result<Decision, ClaimRefusal>;

const fact = (event: AttributeEvent): Decided => accept({ facts: [attributeFact(event)] });

export interface ClaimInput {
  readonly uri: string;
  readonly definition: ClaimDefinition;
  readonly patternIsValid: boolean;
}

export function decideDefineClaim(dictionary: AttributeDictionary, { uri, ...given }: ClaimInput): Decided {
  const { claims } = dictionary;
  const folded = foldText(uri);
  if ([...claims.keys()].some((known) => foldText(known) === folded)) return refuse({ reason: 'local-claim-exists' });
  if (claims.size >= LOCAL_CLAIMS_MAX) return refuse({ reason: 'too-many-definitions', limit: LOCAL_CLAIMS_MAX });
  const definition = tidied(given.definition);
  const broken = brokenRule(definition, { uri, claims, patternIsValid: given.patternIsValid });
  if (broken !== null) return refuse(broken);
  return fact({ type: 'attribute.claim.defined.v1', data: { uri, definition } });
}

/** The definition as a whole is replaced; the event says what differs. */
export function decideRedefineClaim(dictionary: AttributeDictionary, { uri, ...given }: ClaimInput): Decided {
  const { claims } = dictionary;
  const former = claims.get(uri);
  if (former === undefined) return refuse({ reason: 'local-claim-not-found' });
  const definition = tidied(given.definition);
  const broken = brokenRule(definition, { uri, claims, patternIsValid: given.patternIsValid });
  if (broken !== null) return refuse(broken);
  const changes = Object.fromEntries(
    Object.entries(definition).filter(
      ([name, value]) => JSON.stringify(former[name as keyof ClaimDefinition]) !== JSON.stringify(value),
    ),
  ) as ClaimChanges;
  if (Object.keys(changes).length === 0) return accept(nothing);
  return fact({ type: 'attribute.claim.redefined.v1', data: { uri, changes } });
}

const tidied = (definition: ClaimDefinition): ClaimDefinition => ({
  ...definition,
  canonicalValues: distinctOptions(definition.canonicalValues) as ClaimDefinition['canonicalValues'],
});

export interface ClaimRemoval {
  readonly uri: string;
  /** What a read model knows of applications that ask for the claim. */
  readonly hintedIsRequested: boolean;
}

/** One that is not there is gone already. */
export function decideRemoveClaim(dictionary: AttributeDictionary, { uri, hintedIsRequested }: ClaimRemoval): Decided {
  const claim = dictionary.claims.get(uri);
  if (claim === undefined) return accept(nothing);
  if (claim.system) return refuse({ reason: 'system-local-claim' });
  const isMapped = [...dictionary.dialects.values()].some((dialect) =>
    [...dialect.claims.values()].some((external) => external.claim === uri),
  );
  if (isMapped) return refuse({ reason: 'local-claim-mapped' });
  const isPart = [...dictionary.claims.values()].some(({ subAttributes }) => subAttributes.includes(uri));
  if (isPart) return refuse({ reason: 'local-claim-is-part' });
  if (hintedIsRequested) return refuse({ reason: 'local-claim-used-by-application' });
  return fact({ type: 'attribute.claim.removed.v1', data: { uri } });
}

export interface UniquenessInput {
  readonly uri: string;
  readonly scope: Uniqueness['scope'] | 'NONE';
  /** For the reservations that this uniqueness begins with. */
  readonly generation: string;
}

/** A scope that is as asked, announced or enabled, stays. */
export function decideUniqueness(dictionary: AttributeDictionary, input: UniquenessInput): Decided {
  const { uri, scope, generation } = input;
  const claim = dictionary.claims.get(uri);
  if (claim === undefined) return refuse({ reason: 'local-claim-not-found' });
  if ((claim.uniqueness?.scope ?? 'NONE') === scope) return accept(nothing);
  if (scope === 'NONE') return fact({ type: 'attribute.uniqueness.disabled.v1', data: { uri } });
  return fact({ type: 'attribute.uniqueness.announced.v1', data: { uri, scope, generation } });
}

export interface UniquenessOutcome {
  readonly uri: string;
  readonly generation: string;
  /** Ids of users whose values others had already. */
  readonly collisions: readonly string[];
}

/** Of another generation than the one that runs: nothing is said. */
export function decideUniquenessOutcome(dictionary: AttributeDictionary, outcome: UniquenessOutcome): Decided {
  const { uri, generation, collisions } = outcome;
  const uniqueness = dictionary.claims.get(uri)?.uniqueness ?? null;
  if (uniqueness?.generation !== generation || uniqueness.phase !== 'announced') return accept(nothing);
  if (collisions.length === 0) return fact({ type: 'attribute.uniqueness.enabled.v1', data: { uri, generation } });
  const named = collisions.slice(0, COLLISIONS_NAMED_MAX);
  return fact({
    type: 'attribute.uniqueness.abandoned.v1',
    data: { uri, generation, collisions: named, collisionCount: collisions.length },
  });
}
