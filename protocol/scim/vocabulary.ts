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
