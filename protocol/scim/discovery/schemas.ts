/** Schemas and resource types as they are published (RFC 7643 §6 and §7). */
import { CORE_GROUP, groupSchema } from '../../../domain/groups/group-schema.ts';
import { roleSchema } from '../../../domain/roles/role-schema.ts';
import { CORE_USER, userSchemas } from '../../../domain/users/attribute-catalogue.ts';
import type { AttributeDefinition, SchemaDefinition } from '../../../domain/users/attribute-definition.ts';

const SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Schema';
const RESOURCE_TYPE = 'urn:ietf:params:scim:schemas:core:2.0:ResourceType';

/** Attributes of features that are not there are not published. */
const isPublished = ({ kept }: AttributeDefinition): boolean => kept === 'attribute' || kept === 'state';

/** Those that every resource has are described by RFC 7643 §3.1, not by a schema. */
const COMMON: ReadonlySet<string> = new Set(['id', 'externalId', 'meta']);

function publishedAttribute(definition: AttributeDefinition): object {
  const { subAttributes, canonicalValues, displayName } = definition;
  return {
    name: definition.name,
    type: definition.type,
    ...(subAttributes === undefined
      ? {}
      : { subAttributes: subAttributes.filter(isPublished).map(publishedAttribute) }),
    multiValued: definition.multiValued,
    description: definition.description,
    ...(displayName === undefined ? {} : { displayName }),
    required: definition.required,
    ...(canonicalValues === undefined ? {} : { canonicalValues }),
    caseExact: definition.caseExact,
    mutability: definition.mutability,
    returned: definition.returned,
    uniqueness: definition.uniqueness,
    ...(definition.type === 'reference' ? { referenceTypes: definition.referenceTypes ?? ['external'] } : {}),
  };
}

const schemas: readonly SchemaDefinition[] = [...userSchemas, groupSchema, roleSchema];

const published: ReadonlyMap<string, object> = new Map(
  schemas.map(({ urn, name, description, attributes }) => {
    const shown = attributes.filter((definition) => isPublished(definition) && !COMMON.has(definition.name));
    return [urn, { schemas: [SCHEMA], id: urn, name, description, attributes: shown.map(publishedAttribute) }];
  }),
);

export const schemaResources = (base: string): readonly object[] =>
  schemas.map((schema) => schemaResource(base, schema));

/** By its URN, in any case; null for one that is not published. */
export const publishedSchema = (urn: string): SchemaDefinition | null =>
  schemas.find((schema) => schema.urn.toLowerCase() === urn.toLowerCase()) ?? null;

export const schemaResource = (base: string, { urn }: SchemaDefinition): object => ({
  ...published.get(urn),
  meta: { resourceType: 'Schema', location: `${base}/scim2/Schemas/${urn}` },
});

export const resourceTypeResources = (base: string): readonly { readonly name: string }[] => [
  {
    schemas: [RESOURCE_TYPE],
    id: 'User',
    name: 'User',
    endpoint: '/Users',
    description: 'User Account',
    schema: CORE_USER,
    schemaExtensions: userSchemas.slice(1).map(({ urn }) => ({ schema: urn, required: false })),
    meta: { resourceType: 'ResourceType', location: `${base}/scim2/ResourceTypes/User` },
  } as { readonly name: string },
  resourceType(base, { name: 'Group', endpoint: '/Groups', schema: CORE_GROUP }),
];

function resourceType(
  base: string,
  given: { readonly name: string; readonly endpoint: string; readonly schema: string },
) {
  const { name } = given;
  const meta = { resourceType: 'ResourceType', location: `${base}/scim2/ResourceTypes/${name}` };
  return { schemas: [RESOURCE_TYPE], id: name, description: name, schemaExtensions: [], ...given, meta };
}
