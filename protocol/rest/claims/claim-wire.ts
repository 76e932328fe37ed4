/** Claims and dialects as the published contract writes them. */
import { z } from 'zod';
import type { definitionInput } from '../../../commands/attributes/claim-commands.ts';
import type { Dialect, ExternalClaim } from '../../../domain/attributes/dialect.ts';
import {
  dataTypeOf,
  inputTypeOf,
  LOCAL_DIALECT,
  type LocalClaim,
  PROFILES,
  RESOLVING_METHODS,
  UNIQUENESS_SCOPES,
} from '../../../domain/attributes/local-claim.ts';

/** Ids of claims and dialects: the name in base64url, without padding. */
export const idOf = (uri: string): string => Buffer.from(uri).toString('base64url');

const ID = /^[A-Za-z0-9_-]{1,1024}$/;

/** Null: no id. */
export function uriOfId(id: string): string | null {
  if (!ID.test(id)) return null;
  const uri = Buffer.from(id, 'base64url').toString('utf8');
  return idOf(uri) === id ? uri : null;
}

const profile = z.object({ supportedByDefault: z.boolean(), required: z.boolean(), readOnly: z.boolean() }).partial();

/** Members that nobody knows are passed over: clients send back what they read. */
export const localClaimModel = z.object({
  claimURI: z.string(),
  displayName: z.string(),
  description: z.string().nullish(),
  displayOrder: z.number().int().nullish(),
  readOnly: z.boolean().nullish(),
  required: z.boolean().nullish(),
  supportedByDefault: z.boolean().nullish(),
  regEx: z.string().nullish(),
  dataType: z.string().nullish(),
  multiValued: z.boolean().nullish(),
  canonicalValues: z.array(z.object({ label: z.string(), value: z.string() })).nullish(),
  inputFormat: z.looseObject({ inputType: z.string().nullish() }).nullish(),
  subAttributes: z.array(z.string()).nullish(),
  uniquenessScope: z.enum(UNIQUENESS_SCOPES).nullish(),
  sharedProfileValueResolvingMethod: z.enum(RESOLVING_METHODS).nullish(),
  attributeMapping: z.array(z.object({ mappedAttribute: z.string(), userstore: z.string() })),
  properties: z.array(z.object({ key: z.string(), value: z.string() })).nullish(),
  profiles: z.partialRecord(z.enum(PROFILES), profile.nullish()).nullish(),
});
export type LocalClaimModel = z.output<typeof localClaimModel>;

/** Shown as a property, kept as what it is. */
const SYSTEM_CLAIM = 'isSystemClaim';

/** What a system claim fixes stays where it is left out. */
export function definitionOf(model: LocalClaimModel, former: LocalClaim | null): z.input<typeof definitionInput> {
  const kept = former?.system === true ? former : null;
  const { displayName, description, displayOrder, readOnly, required, supportedByDefault, regEx } = model;
  const profiles = Object.entries(model.profiles ?? {}).flatMap(([name, given]) => (given ? [[name, given]] : []));
  return {
    displayName,
    description: description ?? undefined,
    displayOrder: displayOrder ?? undefined,
    readOnly: readOnly ?? undefined,
    required: required ?? undefined,
    supportedByDefault: supportedByDefault ?? undefined,
    regEx: regEx ?? undefined,
    dataType: kept !== null && !model.dataType ? kept.dataType : dataTypeOf(model.dataType ?? undefined),
    multiValued: model.multiValued ?? kept?.multiValued,
    canonicalValues: model.canonicalValues ?? undefined,
    inputType: model.inputFormat?.inputType ?? undefined,
    subAttributes: model.subAttributes ?? undefined,
    sharedProfileValueResolvingMethod:
      model.sharedProfileValueResolvingMethod ?? kept?.sharedProfileValueResolvingMethod,
    attributeMapping: model.attributeMapping,
    properties: model.properties?.filter(({ key }) => key !== SYSTEM_CLAIM),
    profiles: Object.fromEntries(profiles) as z.input<typeof definitionInput>['profiles'],
  };
}

export function localClaimResponse(claim: LocalClaim): object {
  const { uri, system, uniqueness, inputType: _, ...definition } = claim;
  const inputType = inputTypeOf(claim);
  return {
    id: idOf(uri),
    claimURI: uri,
    dialectURI: LOCAL_DIALECT,
    ...definition,
    ...(inputType === null ? {} : { inputFormat: { inputType } }),
    uniquenessScope: uniqueness?.phase === 'enabled' ? uniqueness.scope : 'NONE',
    properties: [...(system ? [{ key: SYSTEM_CLAIM, value: 'true' }] : []), ...definition.properties],
  };
}

export const dialectModel = z.object({ dialectURI: z.string() });

/** The local dialect has a name for an id. */
export const LOCAL_ID = 'local';

export function dialectResponse(uri: string, path: string): object {
  const id = uri === LOCAL_DIALECT ? LOCAL_ID : idOf(uri);
  return { id, dialectURI: uri, link: { href: `${path}/claim-dialects/${id}/claims`, rel: 'claims' } };
}

export const externalClaimModel = z.object({ claimURI: z.string(), mappedLocalClaimURI: z.string() });

export const externalClaimResponse = ({ uri }: Dialect, claim: ExternalClaim): object => ({
  id: idOf(claim.uri),
  claimURI: claim.uri,
  claimDialectURI: uri,
  mappedLocalClaimURI: claim.claim,
  properties: claim.system ? [{ key: SYSTEM_CLAIM, value: 'true' }] : [],
});
