/** The names that one kind of resource has: what filters, sorting, selections and paths of it may mention. */
import type { AttributePlace } from '../../domain/users/attribute-catalogue.ts';
import type { SchemaDefinition } from '../../domain/users/attribute-definition.ts';

export interface Vocabulary {
  /** The schema whose attributes stand in the resource itself, then its extensions; in the order of `schemas`. */
  readonly schemas: readonly SchemaDefinition[];
  /** A schema by its URN, in any case. */
  schemaOf(urn: string): SchemaDefinition | null;
  /** An attribute, or a part of one, by its path; null for what no schema has. */
  attributeAt(path: string): AttributePlace | null;
}

export const coreOf = ({ schemas }: Vocabulary): string => schemas[0]?.urn ?? '';

/** Of a kind that has one schema. */
export function vocabularyOf(schema: SchemaDefinition): Vocabulary {
  const urn = schema.urn.toLowerCase();
  return {
    schemas: [schema],
    schemaOf: (name) => (name.toLowerCase() === urn ? schema : null),
    attributeAt(path) {
      const own = path.toLowerCase().startsWith(`${urn}:`) ? path.slice(urn.length + 1) : path;
      const [name = '', part, ...rest] = own.toLowerCase().split('.');
      const attribute = schema.attributes.find((known) => known.name.toLowerCase() === name);
      if (attribute === undefined || rest.length > 0) return null;
      if (part === undefined) return { schema, attribute, sub: null };
      const sub = attribute.subAttributes?.find((known) => known.name.toLowerCase() === part);
      return sub === undefined ? null : { schema, attribute, sub };
    },
  };
}

/**
 * What is the same in all resources of a kind, by path in small letters. RFC 7644 §3.4.2.1: a search over several kinds
 * names the kind by `meta.resourceType`.
 */
export function constantsOf(name: string, { schemas }: Vocabulary): ReadonlyMap<string, readonly string[]> {
  const urns = schemas.map(({ urn }) => urn);
  const core = `${urns[0]}:`.toLowerCase();
  const own: readonly (readonly [string, readonly string[]])[] = [
    ['meta.resourcetype', [name]],
    ['schemas', urns],
  ];
  return new Map(own.flatMap(([path, values]) => [[path, values] as const, [core + path, values] as const]));
}
