/** Every attribute that a user can have, by schema; and what of it can be searched. One source for doors and read models. */
import { accountAttributes } from './account-attributes.ts';
import type { AttributeDefinition, SchemaDefinition } from './attribute-definition.ts';
import { coreAttributes, enterpriseAttributes } from './core-attributes.ts';

export const CORE_USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const ENTERPRISE_USER = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const ACCOUNT = 'urn:scim:wso2:schema';
export const CUSTOM_USER = 'urn:scim:schemas:extension:custom:User';

/** In the order in which a user names them. */
export const userSchemas: readonly SchemaDefinition[] = [
  { urn: CORE_USER, name: 'User', description: 'User Account', attributes: coreAttributes },
  { urn: ENTERPRISE_USER, name: 'EnterpriseUser', description: 'Enterprise User', attributes: enterpriseAttributes },
  {
    urn: ACCOUNT,
    name: 'SystemUser',
    description: 'State and particulars of the account',
    attributes: accountAttributes,
  },
  { urn: CUSTOM_USER, name: 'CustomUser', description: 'Attributes of the organization', attributes: [], open: true },
];

/** An attribute, or a part of one, in its schema. */
export interface AttributePlace {
  readonly schema: SchemaDefinition;
  readonly attribute: AttributeDefinition;
  readonly sub: AttributeDefinition | null;
}

/** Names that an open schema takes (RFC 7643 §2.1), without those that mean something to JavaScript objects. */
const OPEN_NAME = /^(?!(?:constructor|prototype)$)[A-Za-z][A-Za-z0-9_$-]{0,99}$/i;

export const openAttribute = (name: string): AttributeDefinition | null =>
  OPEN_NAME.test(name)
    ? {
        name,
        type: 'open',
        description: '',
        multiValued: false,
        required: false,
        caseExact: false,
        mutability: 'readWrite',
        returned: 'default',
        uniqueness: 'none',
        kept: 'attribute',
        search: 'exact',
      }
    : null;

const bySchema = new Map(userSchemas.map((schema) => [schema.urn.toLowerCase(), indexed(schema)]));
const core = indexOf(CORE_USER);
const account = indexOf(ACCOUNT);

interface Index {
  readonly schema: SchemaDefinition;
  readonly byName: ReadonlyMap<string, AttributeDefinition>;
}

function indexed(schema: SchemaDefinition): Index {
  return {
    schema,
    byName: new Map(schema.attributes.map((definition) => [definition.name.toLowerCase(), definition])),
  };
}

function indexOf(urn: string): Index {
  return bySchema.get(urn.toLowerCase()) ?? indexed({ urn, name: '', description: '', attributes: [] });
}

/** A schema by its URN, in any case. */
export const schemaOf = (urn: string): SchemaDefinition | null => bySchema.get(urn.toLowerCase())?.schema ?? null;

/** An attribute of a schema by its name, in any case; of an open schema any name that is one. */
export function attributeIn(schema: SchemaDefinition, name: string): AttributePlace | null {
  const index = bySchema.get(schema.urn.toLowerCase());
  const definition = index?.byName.get(name.toLowerCase());
  if (definition !== undefined) return { schema, attribute: definition, sub: null };
  if (schema.urn === ENTERPRISE_USER) return asSystemAttributeOfEnterprise(name);
  const open = schema.open === true ? openAttribute(name) : null;
  return open === null ? null : { schema, attribute: open, sub: null };
}

/** Published clients send attributes of the account in the enterprise schema; they are answered in their own. */
function asSystemAttributeOfEnterprise(name: string): AttributePlace | null {
  const definition = account.byName.get(name.toLowerCase());
  return definition === undefined ? null : { schema: account.schema, attribute: definition, sub: null };
}

/** A sub-attribute by its name, in any case. */
export function subAttributeIn(definition: AttributeDefinition, name: string): AttributeDefinition | null {
  if (definition.type === 'open') return openAttribute(name);
  const lower = name.toLowerCase();
  return definition.subAttributes?.find((sub) => sub.name.toLowerCase() === lower) ?? null;
}

/** `userName`, `name.givenName`, `<urn>:<attribute>`, `<urn>:<attribute>.<sub>`; null for what no schema has. */
export function attributeAt(path: string): AttributePlace | null {
  const colon = path.lastIndexOf(':');
  const dot = path.indexOf('.', colon + 1);
  const schema = colon < 0 ? core.schema : schemaOf(path.slice(0, colon));
  if (schema === null) return null;
  const place = attributeIn(schema, dot < 0 ? path.slice(colon + 1) : path.slice(colon + 1, dot));
  if (place === null || dot < 0) return place;
  const sub = subAttributeIn(place.attribute, path.slice(dot + 1));
  return sub === null ? null : { ...place, sub };
}

/** Key in the user's attribute map. */
export function flatPath({ schema, attribute, sub }: AttributePlace): string {
  const own = sub === null ? attribute.name : `${attribute.name}.${sub.name}`;
  return schema.urn === CORE_USER ? own : `${schema.urn}:${own}`;
}

/**
 * Whether a path can be a key of a user's attribute map, spelled as the catalogue spells it: state, server-owned and
 * unknown names cannot, so that no way of writing attributes reaches them.
 */
export function isAttributePath(path: string): boolean {
  const place = attributeAt(path);
  if (place === null || place.attribute.kept !== 'attribute' || flatPath(place) !== path) return false;
  const { attribute, sub } = place;
  if (attribute.type === 'open') return true;
  const isParted = attribute.type === 'complex' && !attribute.multiValued;
  return isParted ? sub !== null && sub.mutability !== 'readOnly' : sub === null;
}

/** Dotted path in a user's document; a dot inside a schema's URN is escaped. */
export function searchPath({ schema, attribute, sub }: AttributePlace): string {
  const own = sub === null ? attribute.name : `${attribute.name}.${sub.name}`;
  return schema.urn === CORE_USER ? own : `${schema.urn.replaceAll('.', '\\.')}.${own}`;
}

/** As the read store declares a searchable field. */
interface SearchField {
  readonly path: string;
  readonly kind: 'text' | 'number' | 'boolean' | 'instant';
  readonly many?: true;
  readonly caseExact?: true;
  readonly contains?: true;
}

const KINDS = { boolean: 'boolean', integer: 'number', dateTime: 'instant' } as const;

/** Of a user's document. */
export const userFields: readonly SearchField[] = userSchemas.flatMap((schema) =>
  schema.attributes.flatMap((attribute) => {
    const subs = attribute.subAttributes ?? [null];
    return subs.flatMap((sub) => searchField({ schema, attribute, sub }));
  }),
);

/** Attributes that the organization adds: searchable without being declared. */
export const customSchemaFields = { path: CUSTOM_USER };

function searchField(place: AttributePlace): readonly SearchField[] {
  const leaf = place.sub ?? place.attribute;
  if (leaf.search === 'none') return [];
  const kind = Object.hasOwn(KINDS, leaf.type) ? KINDS[leaf.type as keyof typeof KINDS] : 'text';
  return [
    {
      path: searchPath(place),
      kind,
      ...(place.attribute.multiValued ? { many: true } : {}),
      ...(leaf.caseExact ? { caseExact: true } : {}),
      ...(leaf.search === 'contains' ? { contains: true } : {}),
    },
  ];
}
