/** A local claim: an attribute of users as an organization defines it, whatever protocols call it. */
import { z } from 'zod';
import { plain } from '../event-schema.ts';

export const LOCAL_DIALECT = 'http://wso2.org/claims';

export const DATA_TYPES = ['string', 'integer', 'decimal', 'boolean', 'date', 'epoch', 'complex'] as const;
export type DataType = (typeof DATA_TYPES)[number];

export const RESOLVING_METHODS = ['FromOrigin', 'FromSharedProfile', 'FromFirstFoundInHierarchy'] as const;
export const UNIQUENESS_SCOPES = ['NONE', 'WITHIN_USERSTORE', 'ACROSS_USERSTORES'] as const;
export type UniquenessScope = (typeof UNIQUENESS_SCOPES)[number];
/** Who is shown an attribute, each with rules of his own. */
export const PROFILES = ['console', 'endUser', 'selfRegistration'] as const;

/** The one user store. */
export const PRIMARY_STORE = 'PRIMARY';

const text = plain(z.string());

const profileSchema = z.object({
  supportedByDefault: z.boolean().optional(),
  required: z.boolean().optional(),
  readOnly: z.boolean().optional(),
});

const members = {
  displayName: text,
  description: text,
  displayOrder: z.number(),
  readOnly: z.boolean(),
  required: z.boolean(),
  supportedByDefault: z.boolean(),
  /** Empty: any value. */
  regEx: text,
  dataType: z.enum(DATA_TYPES),
  multiValued: z.boolean(),
  canonicalValues: z.array(z.object({ label: text, value: text })),
  /** Null: none was given. */
  inputType: text.nullable(),
  /** URIs of the local claims that are its parts. */
  subAttributes: z.array(text),
  sharedProfileValueResolvingMethod: z.enum(RESOLVING_METHODS),
  attributeMapping: z.array(z.object({ mappedAttribute: text, userstore: text })),
  properties: z.array(z.object({ key: text, value: text })),
  profiles: z.object({
    console: profileSchema.optional(),
    endUser: profileSchema.optional(),
    selfRegistration: profileSchema.optional(),
  }),
};

/** All that an organization says of a claim. */
export const claimDefinition = z.object(members);
/** What a new definition changes. */
export const claimChanges = z.object(members).partial();

export type ClaimDefinition = Readonly<z.output<typeof claimDefinition>>;
export type ClaimChanges = Readonly<z.output<typeof claimChanges>>;

export interface LocalClaim extends ClaimDefinition {
  readonly uri: string;
  /** Part of the server: it stays, and so do its type and its number of values. */
  readonly system: boolean;
  readonly uniqueness: Uniqueness | null;
}

export interface Uniqueness {
  readonly scope: Exclude<UniquenessScope, 'NONE'>;
  /** Stands in every reservation made under it, so that those of a former uniqueness mean nothing. */
  readonly generation: string;
  /** `announced`: whoever writes claims his values, and those of the users before are being claimed. */
  readonly phase: 'announced' | 'enabled';
}

export const EMPTY_DEFINITION: Omit<ClaimDefinition, 'displayName' | 'attributeMapping'> = {
  description: '',
  displayOrder: 0,
  readOnly: false,
  required: false,
  supportedByDefault: false,
  regEx: '',
  dataType: 'string',
  multiValued: false,
  canonicalValues: [],
  inputType: null,
  subAttributes: [],
  sharedProfileValueResolvingMethod: 'FromOrigin',
  properties: [],
  profiles: {},
};

/** In lower case; missing and unknown types are text. */
export function dataTypeOf(given: string | undefined): DataType {
  const lower = given?.toLowerCase();
  return DATA_TYPES.find((type) => type === lower) ?? 'string';
}

/** Equal values collapse to the first. */
export function distinctOptions(options: ClaimDefinition['canonicalValues']): ClaimDefinition['canonicalValues'] {
  const byValue = new Map<string, { label: string; value: string }>();
  for (const option of options) if (!byValue.has(option.value)) byValue.set(option.value, option);
  return [...byValue.values()];
}

/** A boolean that says nothing of its input is a checkbox. */
export const inputTypeOf = ({ dataType, inputType }: Pick<ClaimDefinition, 'dataType' | 'inputType'>): string | null =>
  inputType ?? (dataType === 'boolean' ? 'checkbox' : null);

export const propertyOf = ({ properties }: Pick<ClaimDefinition, 'properties'>, key: string): string | null =>
  properties.find((property) => property.key === key)?.value ?? null;
