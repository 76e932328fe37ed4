/** Schemas and resource types as they are published (RFC 7643 §6 and §7). */
import type { AttributeDefinition, SchemaDefinition } from '../../../domain/users/attribute-definition.ts';
import { resourceTypes } from '../resource-types.ts';
import { traitsOf } from './attribute-traits.ts';

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
    ...traitsOf(definition),
  };
}

const listedTypes = resourceTypes.filter(({ unlisted }) => unlisted !== true);

/** Of every kind of resource, each once. */
export const publishedSchemas: readonly SchemaDefinition[] = [
  ...new Map(
    resourceTypes.flatMap(({ vocabulary }) => vocabulary.schemas.map((schema) => [schema.urn, schema] as const)),
  ).values(),
];

const made = new WeakMap<SchemaDefinition, object>();

function published(schema: SchemaDefinition): object {
  const known = made.get(schema);
  if (known !== undefined) return known;
  const { urn, name, description, attributes } = schema;
  const shown = attributes.filter((definition) => isPublished(definition) && !COMMON.has(definition.name));
  const document = { schemas: [SCHEMA], id: urn, name, description, attributes: shown.map(publishedAttribute) };
  made.set(schema, document);
  return document;
}

export const schemaResource = (base: string, schema: SchemaDefinition): object => ({
  ...published(schema),
  meta: { resourceType: 'Schema', location: `${base}/scim2/Schemas/${schema.urn}` },
});

export const resourceTypeResources = (base: string): readonly { readonly name: string }[] =>
  listedTypes.map(({ name, endpoint, description, vocabulary }) => {
    const [core, ...extensions] = vocabulary.schemas;
    const published = {
      schemas: [RESOURCE_TYPE],
      id: name,
      name,
      endpoint,
      description,
      schema: core?.urn ?? '',
      schemaExtensions: extensions.map(({ urn }) => ({ schema: urn, required: false })),
      meta: { resourceType: 'ResourceType', location: `${base}/scim2/ResourceTypes/${name}` },
    };
    return published;
  });
