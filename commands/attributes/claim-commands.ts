/** Local claims: define, redefine, remove, make unique. */
import { z } from 'zod';
import { OPTIONS_MAX, SUB_ATTRIBUTES_MAX } from '../../domain/attributes/claim-rules.ts';
import {
  type ClaimRefusal,
  decideDefineClaim,
  decideRedefineClaim,
  decideRemoveClaim,
  decideUniqueness,
  decideUniquenessOutcome,
} from '../../domain/attributes/decide-claims.ts';
import {
  type ClaimDefinition,
  DATA_TYPES,
  EMPTY_DEFINITION,
  PROFILES,
  RESOLVING_METHODS,
  UNIQUENESS_SCOPES,
} from '../../domain/attributes/local-claim.ts';
import {
  type AttributeCommand,
  attributeCommand,
  type OfOrganization,
  ofOrganization,
  text,
} from './attribute-command.ts';
import { isPattern } from './patterns.ts';

const MAPPINGS_MAX = 100;
const PROPERTIES_MAX = 100;
const DESCRIPTION_CHARACTERS_MAX = 4_096;

const empty = EMPTY_DEFINITION;
const profile = z
  .strictObject({ supportedByDefault: z.boolean(), required: z.boolean(), readOnly: z.boolean() })
  .partial();

export const definitionInput = z.strictObject({
  displayName: text,
  description: z.string().max(DESCRIPTION_CHARACTERS_MAX).default(empty.description),
  displayOrder: z.number().int().min(0).max(1_000_000).default(empty.displayOrder),
  readOnly: z.boolean().default(empty.readOnly),
  required: z.boolean().default(empty.required),
  supportedByDefault: z.boolean().default(empty.supportedByDefault),
  regEx: z.string().max(DESCRIPTION_CHARACTERS_MAX).default(empty.regEx),
  dataType: z.enum(DATA_TYPES).default(empty.dataType),
  multiValued: z.boolean().default(empty.multiValued),
  canonicalValues: z
    .array(z.strictObject({ label: text, value: text }))
    .max(OPTIONS_MAX)
    .default([]),
  inputType: text.nullable().default(empty.inputType),
  subAttributes: z.array(text).max(SUB_ATTRIBUTES_MAX).default([]),
  sharedProfileValueResolvingMethod: z.enum(RESOLVING_METHODS).default(empty.sharedProfileValueResolvingMethod),
  attributeMapping: z.array(z.strictObject({ mappedAttribute: text, userstore: text })).max(MAPPINGS_MAX),
  properties: z
    .array(z.strictObject({ key: text, value: text }))
    .max(PROPERTIES_MAX)
    .default([]),
  profiles: z.partialRecord(z.enum(PROFILES), profile).default({}),
});

const given = ofOrganization({ uri: text, definition: definitionInput });
type Given = z.output<typeof given>;
type ClaimCommand<Input> = AttributeCommand<OfOrganization & Input, ClaimRefusal>;

/** Absent members are left out, as JSON has them. */
const definitionOf = ({ definition }: Given): ClaimDefinition =>
  JSON.parse(JSON.stringify(definition)) as ClaimDefinition;

const decidedOn = (input: Given) => ({
  uri: input.uri,
  definition: definitionOf(input),
  patternIsValid: isPattern(input.definition.regEx),
});

export const defineClaim: ClaimCommand<Given> = attributeCommand({
  type: 'DefineClaim',
  summary: 'Defines an attribute of users.',
  input: given,
  permission: 'internal_claim_meta_create',
  decide: (dictionary, input) => decideDefineClaim(dictionary, decidedOn(input)),
});

export const redefineClaim: ClaimCommand<Given> = attributeCommand({
  type: 'RedefineClaim',
  summary: 'Replaces the definition of an attribute; what is left out is as in a new one.',
  input: given,
  permission: 'internal_claim_meta_update',
  decide: (dictionary, input) => decideRedefineClaim(dictionary, decidedOn(input)),
});

export const removeClaim: ClaimCommand<{ uri: string; hintedIsRequested: boolean }> = attributeCommand({
  type: 'RemoveClaim',
  summary: 'Removes an attribute that no dialect maps; the values that users have are no longer shown.',
  input: ofOrganization({ uri: text, hintedIsRequested: z.boolean().default(false) }),
  permission: 'internal_claim_meta_delete',
  decide: (dictionary, { uri, hintedIsRequested }) => decideRemoveClaim(dictionary, { uri, hintedIsRequested }),
});

export const setClaimUniqueness: ClaimCommand<{ uri: string; scope: (typeof UNIQUENESS_SCOPES)[number] }> =
  attributeCommand({
    type: 'SetClaimUniqueness',
    summary: 'Asks for an attribute’s values to be unique, which holds once those of all users are claimed; or not.',
    input: ofOrganization({ uri: text, scope: z.enum(UNIQUENESS_SCOPES) }),
    permission: 'internal_claim_meta_update',
    decide: (dictionary, { uri, scope }, { derivedId }) =>
      decideUniqueness(dictionary, { uri, scope, generation: derivedId('generation') }),
  });

/** For the job alone that claims the values of all users. */
export const concludeUniqueness: ClaimCommand<{ uri: string; generation: string; collisions: string[] }> =
  attributeCommand({
    type: 'ConcludeUniqueness',
    summary: 'Records that an attribute’s values are unique from now on, or whose values stand in the way.',
    input: ofOrganization({ uri: text, generation: z.string(), collisions: z.array(z.string()) }),
    permission: 'internal_claim_meta_update',
    decide: (dictionary, { uri, generation, collisions }) =>
      decideUniquenessOutcome(dictionary, { uri, generation, collisions }),
  });
