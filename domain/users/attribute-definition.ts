/** How an attribute of a user is described: after RFC 7643 §7, plus where its value is kept and how it is searched. */

export type AttributeType =
  | 'string'
  | 'boolean'
  | 'integer'
  | 'dateTime'
  | 'reference'
  | 'binary'
  | 'complex'
  /** Of an open schema: whatever was written, a value, a list or a flat object. */
  | 'open';

export interface AttributeDefinition {
  readonly name: string;
  readonly type: AttributeType;
  readonly description: string;
  readonly displayName?: string;
  readonly multiValued: boolean;
  readonly required: boolean;
  readonly caseExact: boolean;
  readonly mutability: 'readWrite' | 'readOnly' | 'writeOnly' | 'immutable';
  readonly returned: 'always' | 'default' | 'request' | 'never';
  readonly uniqueness: 'none' | 'server';
  /** Of a reference: resource types; `external` where absent (RFC 7643 §7). */
  readonly referenceTypes?: readonly string[];
  readonly canonicalValues?: readonly string[];
  /** No value beside the canonical ones. */
  readonly exclusive?: true;
  /** `date`: a calendar day, `YYYY-MM-DD`. */
  readonly format?: 'date';
  readonly subAttributes?: readonly AttributeDefinition[];
  /**
   * `attribute`: in the user's attribute map. `state`: in the account's own state. `trigger`: starts a flow and is
   * kept nowhere. `withheld`: belongs to a feature that is not there; what is written to it is passed over.
   */
  readonly kept: 'attribute' | 'state' | 'trigger' | 'withheld';
  readonly search: 'none' | 'exact' | 'contains';
}

export interface SchemaDefinition {
  readonly urn: string;
  readonly name: string;
  readonly description: string;
  readonly attributes: readonly AttributeDefinition[];
  /** Takes attributes that nobody declared. */
  readonly open?: true;
}

type Given = Partial<Omit<AttributeDefinition, 'name' | 'type' | 'description'>>;

export function attribute(
  name: string,
  type: AttributeType,
  description: string,
  given: Given = {},
): AttributeDefinition {
  return {
    name,
    type,
    description,
    multiValued: false,
    required: false,
    caseExact: type === 'binary' || type === 'reference',
    mutability: 'readWrite',
    returned: 'default',
    uniqueness: 'none',
    kept: 'attribute',
    search: type === 'complex' || type === 'binary' ? 'none' : 'exact',
    ...given,
  };
}

export const text = (name: string, description: string, given: Given = {}): AttributeDefinition =>
  attribute(name, 'string', description, given);

export const flag = (name: string, description: string, given: Given = {}): AttributeDefinition =>
  attribute(name, 'boolean', description, given);

export const complex = (
  name: string,
  description: string,
  subAttributes: readonly AttributeDefinition[],
  given: Given = {},
): AttributeDefinition => attribute(name, 'complex', description, { subAttributes, ...given });

/** Value, display name, type and primary mark (RFC 7643 §2.4). */
export const list = (
  name: string,
  description: string,
  { value, types = [] }: { readonly value: AttributeDefinition; readonly types?: readonly string[] },
): AttributeDefinition =>
  complex(
    name,
    description,
    [
      value,
      text('display', 'A name for people.'),
      text('type', 'What the value is for.', types.length === 0 ? {} : { canonicalValues: types }),
      flag('primary', 'The preferred one; at most one of them.'),
    ],
    { multiValued: true },
  );
