/** What a definition must keep to, whoever writes it. */
import type { ClaimDefinition, LocalClaim } from './local-claim.ts';
import { inputTypeOf, PRIMARY_STORE } from './local-claim.ts';

export const LOCAL_CLAIMS_MAX = 2_000;
export const URI_CHARACTERS_MAX = 255;
export const OPTIONS_MAX = 1_000;
export const SUB_ATTRIBUTES_MAX = 100;

const RULES = [
  'claim-uri-invalid',
  'display-name-missing',
  'mappings-missing',
  'user-store-missing',
  'user-store-unknown',
  'pattern-invalid',
  'input-format-invalid',
  'boolean-multi-valued',
  'options-not-of-text',
  'sub-attributes-missing',
  'sub-attribute-name-invalid',
  'sub-attribute-invalid',
  'system-claim-multi-valued',
  'system-claim-data-type',
  'system-claim-resolving-method',
] as const;
export type ClaimRuleRefusal = { readonly reason: (typeof RULES)[number] };

type Rule = ClaimRuleRefusal['reason'];

interface Known {
  readonly uri: string;
  /** Local claims by URI. */
  readonly claims: ReadonlyMap<string, LocalClaim>;
  /** Whether the pattern can be matched in time that grows with the text alone. */
  readonly patternIsValid: boolean;
}

/** Null: nothing speaks against it. */
export function brokenRule(definition: ClaimDefinition, known: Known): ClaimRuleRefusal | null {
  const rule =
    broken(definition, known) ??
    brokenInput(definition) ??
    brokenParts(definition, known) ??
    brokenSystem(definition, known.claims.get(known.uri));
  return rule === null ? null : { reason: rule };
}

/** A name, or a URI, without blanks and control characters. */
export const isClaimUri = (uri: string): boolean => uri.length <= URI_CHARACTERS_MAX && /^[^\s\p{C}]+$/u.test(uri);

function broken({ displayName, attributeMapping }: ClaimDefinition, { uri, patternIsValid }: Known): Rule | null {
  if (!isClaimUri(uri)) return 'claim-uri-invalid';
  if (displayName.trim() === '') return 'display-name-missing';
  if (attributeMapping.length === 0) return 'mappings-missing';
  if (attributeMapping.some(({ userstore }) => userstore.trim() === '')) return 'user-store-missing';
  if (attributeMapping.some(({ userstore }) => userstore.toUpperCase() !== PRIMARY_STORE)) return 'user-store-unknown';
  return patternIsValid ? null : 'pattern-invalid';
}

const SINGLE_CHOICE: ReadonlySet<string> = new Set(['dropdown', 'radio_group']);
const SEVERAL_CHOICES: ReadonlySet<string> = new Set(['multi_select_dropdown', 'checkbox_group']);
/** The type that an input is for; other inputs pass unchecked. */
const TYPE_OF_INPUT: ReadonlyMap<string, ClaimDefinition['dataType']> = new Map([
  ['date_picker', 'date'],
  ['number_input', 'integer'],
  ['checkbox', 'boolean'],
  ['toggle', 'boolean'],
]);

function brokenInput(definition: ClaimDefinition): Rule | null {
  const { dataType, multiValued, canonicalValues } = definition;
  if (dataType === 'boolean' && multiValued) return 'boolean-multi-valued';
  if (dataType !== 'string' && canonicalValues.length > 0) return 'options-not-of-text';
  const input = inputTypeOf(definition) ?? '';
  if (SINGLE_CHOICE.has(input) || SEVERAL_CHOICES.has(input)) {
    const isFit = dataType === 'string' && canonicalValues.length > 0 && multiValued === SEVERAL_CHOICES.has(input);
    return isFit ? null : 'input-format-invalid';
  }
  const wanted = TYPE_OF_INPUT.get(input);
  return wanted === undefined || wanted === dataType ? null : 'input-format-invalid';
}

/** RFC 7643 §2.1; names that mean something to JavaScript objects are none. */
export const ATTRIBUTE_NAME = /^(?!(?:constructor|prototype)$)[A-Za-z][A-Za-z0-9_$-]{0,99}$/i;

/** The name of a part, last in its claim's URI. */
export const partName = (uri: string): string => uri.slice(Math.max(uri.lastIndexOf('/'), uri.lastIndexOf('.')) + 1);

function brokenParts({ dataType, subAttributes }: ClaimDefinition, { uri, claims }: Known): Rule | null {
  if (dataType !== 'complex') return null;
  if (subAttributes.length === 0) return 'sub-attributes-missing';
  for (const part of subAttributes) {
    if (part === uri) return 'sub-attribute-invalid';
    if (!ATTRIBUTE_NAME.test(partName(part))) return 'sub-attribute-name-invalid';
    const claim = claims.get(part);
    if (claim === undefined || claim.dataType === 'complex' || claim.system) return 'sub-attribute-invalid';
  }
  return null;
}

function brokenSystem(definition: ClaimDefinition, former: LocalClaim | undefined): Rule | null {
  if (former === undefined || !former.system) return null;
  if (definition.multiValued !== former.multiValued) return 'system-claim-multi-valued';
  if (definition.dataType !== former.dataType) return 'system-claim-data-type';
  const isSame = definition.sharedProfileValueResolvingMethod === former.sharedProfileValueResolvingMethod;
  return isSame ? null : 'system-claim-resolving-method';
}
