/**
 * What the organization says of an attribute beside RFC 7643 §7, from which clients make forms. The published contract
 * writes types in capitals and options in `canonicalValues`; the RFC does not, so here `type` is in small letters,
 * `canonicalValues` are texts, and the labels stand in `options`.
 */
import type { AttributeDefinition } from '../../../domain/users/attribute-definition.ts';

export const TRAIT_MEMBERS = [
  'displayOrder',
  'inputFormat',
  'options',
  'regEx',
  'minLength',
  'maxLength',
  'profiles',
] as const;

export function traitsOf({ traits }: AttributeDefinition): object {
  if (traits === undefined || !traits.supportedByDefault) return {};
  const { displayOrder, inputType, options, profiles, check } = traits;
  const { pattern = null, charactersMin = null, charactersMax = null } = check ?? {};
  return {
    displayOrder,
    ...(inputType === null ? {} : { inputFormat: { inputType } }),
    ...(options.length === 0 ? {} : { options }),
    ...(pattern === null ? {} : { regEx: pattern }),
    ...(charactersMin === null ? {} : { minLength: charactersMin }),
    ...(charactersMax === null ? {} : { maxLength: charactersMax }),
    ...(Object.keys(profiles).length === 0 ? {} : { profiles: profilesOf(profiles) }),
  };
}

/** Only what was set. */
const profilesOf = (profiles: NonNullable<AttributeDefinition['traits']>['profiles']): object =>
  Object.fromEntries(
    Object.entries(profiles).map(([name, { supportedByDefault, required, readOnly } = {}]) => [
      name,
      {
        ...(supportedByDefault === undefined ? {} : { supportedByDefault }),
        ...(required === undefined ? {} : { required }),
        ...(readOnly === undefined ? {} : { mutability: readOnly ? 'READ_ONLY' : 'READ_WRITE' }),
      },
    ]),
  );
