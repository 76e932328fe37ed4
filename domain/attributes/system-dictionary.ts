/**
 * The definitions that every organization begins with: a local claim for each attribute that the server knows, what SCIM
 * and OpenID Connect call it, and the standard scopes. Made from the catalogue of attributes; the names are those that
 * published clients know.
 */
import { accountAttributes } from '../users/account-attributes.ts';
import type { AttributeDefinition } from '../users/attribute-definition.ts';
import { coreAttributes, enterpriseAttributes } from '../users/core-attributes.ts';
import type { ClaimScope, ExternalClaim } from './dialect.ts';
import { type DataType, EMPTY_DEFINITION, LOCAL_DIALECT, type LocalClaim, PRIMARY_STORE } from './local-claim.ts';

export const SCIM_CORE = 'urn:ietf:params:scim:schemas:core:2.0';
export const SCIM_USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const SCIM_ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const SCIM_SYSTEM = 'urn:scim:wso2:schema';
export const SCIM_CUSTOM = 'urn:scim:schemas:extension:custom:User';
export const OIDC_DIALECT = 'http://wso2.org/oidc/claim';

export const systemDialects: readonly string[] = [
  OIDC_DIALECT,
  SCIM_CORE,
  SCIM_USER,
  SCIM_ENTERPRISE,
  SCIM_SYSTEM,
  SCIM_CUSTOM,
];

/** Where a user has the value of a claim. */
export type ClaimSource =
  /** Key in the attribute map; of a list the values, `type` selecting among them. */
  | { readonly kind: 'attribute'; readonly path: string; readonly type?: string }
  | { readonly kind: 'user'; readonly what: 'userName' | 'fullName' | 'address' | 'createdAt' | 'modifiedAt' };

interface SystemClaim {
  readonly claim: LocalClaim;
  readonly dialect: string | null;
  /** Its name in the SCIM dialect. */
  readonly external: string | null;
  readonly source: ClaimSource | null;
}

const uriOf = (tail: string): string => `${LOCAL_DIALECT}/${tail}`;

/** Where the known name is another than that of the attribute. */
const CORE_NAMES: ReadonlyMap<string, string> = new Map([
  ['id', 'userid'],
  ['externalId', 'externalid'],
  ['meta.resourceType', 'resourceType'],
  ['meta.created', 'created'],
  ['meta.lastModified', 'modified'],
  ['meta.location', 'location'],
  ['userName', 'username'],
  ['name.formatted', 'formattedName'],
  ['name.familyName', 'lastname'],
  ['name.givenName', 'givenname'],
  ['name.middleName', 'middleName'],
  ['name.honorificPrefix', 'honorificPrefix'],
  ['name.honorificSuffix', 'honorificSuffix'],
  ['nickName', 'nickname'],
  ['profileUrl', 'url'],
  ['locale', 'local'],
  ['timezone', 'timeZone'],
  ['emails', 'emailaddress'],
  ['ims', 'im'],
  ['roles', 'role'],
  ['manager.value', 'manager'],
]);

const ACCOUNT_NAMES: ReadonlyMap<string, string> = new Map([
  ['forcePasswordReset', 'identity/adminForcedPasswordReset'],
  ['pendingEmails', 'identity/emailaddress.pendingValue'],
  ['pendingMobileNumber', 'identity/mobileNumber.pendingValue'],
  ['dateOfBirth', 'dob'],
  ...['country', 'oneTimePassword', 'emailAddresses', 'mobileNumbers'].map((name) => [name, name] as const),
  ...['verifiedEmailAddresses', 'verifiedMobileNumbers'].map((name) => [name, name] as const),
]);

/** What people are shown from the start, in this order. */
const SHOWN: readonly string[] = [
  'username',
  'givenname',
  'lastname',
  'emailaddress',
  'mobile',
  'dob',
  'country',
  'department',
];
const REQUIRED: ReadonlySet<string> = new Set(['username', 'givenname', 'lastname', 'emailaddress']);

const TYPES: Readonly<Record<AttributeDefinition['type'], DataType>> = {
  string: 'string',
  reference: 'string',
  binary: 'string',
  boolean: 'boolean',
  integer: 'integer',
  decimal: 'decimal',
  dateTime: 'string',
  complex: 'string',
  open: 'string',
};

function systemClaim(tail: string, attribute: AttributeDefinition, displayName: string): LocalClaim {
  const order = SHOWN.indexOf(tail) + 1;
  const options = attribute.exclusive === true ? (attribute.canonicalValues ?? []) : [];
  return {
    ...EMPTY_DEFINITION,
    uri: uriOf(tail),
    system: true,
    uniqueness: null,
    displayName,
    description: attribute.description,
    displayOrder: order,
    supportedByDefault: order > 0,
    required: REQUIRED.has(tail),
    readOnly: attribute.mutability === 'readOnly',
    dataType: attribute.format === 'date' ? 'date' : TYPES[attribute.type],
    multiValued: attribute.multiValued,
    canonicalValues: options.map((value) => ({ label: value, value })),
    attributeMapping: [{ mappedAttribute: tail.slice(tail.lastIndexOf('/') + 1), userstore: PRIMARY_STORE }],
  };
}

/** `preferredLanguage` to `Preferred Language`. */
const titleOf = (name: string): string =>
  name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/^./, (first) => first.toUpperCase());

/** Of a complex attribute with one value each part has its claim; of a list the list has one. */
function claimsOf(urn: string, attribute: AttributeDefinition, nameOf: (path: string) => string): SystemClaim[] {
  if (attribute.name === 'password') return [];
  const isParted = attribute.type === 'complex' && !attribute.multiValued;
  const parts = isParted ? (attribute.subAttributes ?? []) : [null];
  return parts.map((part) => {
    const leaf = part ?? attribute;
    const path = part === null ? attribute.name : `${attribute.name}.${part.name}`;
    const isCommon = attribute.name === 'id' || attribute.name === 'externalId' || attribute.name === 'meta';
    const dialect = urn === SCIM_USER && isCommon ? SCIM_CORE : urn;
    const flat = urn === SCIM_USER ? path : `${urn}:${path}`;
    return {
      claim: systemClaim(nameOf(path), leaf, leaf.displayName ?? titleOf(leaf.name)),
      dialect,
      external: `${dialect}:${path}`,
      source: attribute.kept === 'attribute' ? { kind: 'attribute', path: flat } : sourceInState(path),
    };
  });
}

function sourceInState(path: string): ClaimSource | null {
  if (path === 'userName') return { kind: 'user', what: 'userName' };
  if (path === 'meta.created') return { kind: 'user', what: 'createdAt' };
  return path === 'meta.lastModified' ? { kind: 'user', what: 'modifiedAt' } : null;
}

const TYPED: readonly (readonly [string, string, string])[] = [
  ['mobile', 'phoneNumbers', 'mobile'],
  ...['home', 'work', 'fax', 'pager', 'other'].map((type) => [`phoneNumbers.${type}`, 'phoneNumbers', type] as const),
  ...['home', 'work', 'other'].map((type) => [`emails.${type}`, 'emails', type] as const),
  ['photourl', 'photos', 'photo'],
  ['thumbnail', 'photos', 'thumbnail'],
];

/** One value of a list, by its type: `phoneNumbers.mobile`. */
function typedClaim([tail, path, type]: (typeof TYPED)[number]): SystemClaim {
  const list = coreAttributes.find(({ name }) => name === path);
  const value = list?.subAttributes?.find(({ name }) => name === 'value');
  if (value === undefined) throw new TypeError(`the core schema has no list ${path}`);
  const displayName = tail === 'mobile' ? 'Mobile' : `${titleOf(path)} - ${titleOf(type)}`;
  return {
    claim: systemClaim(tail, value, displayName),
    dialect: SCIM_USER,
    external: `${SCIM_USER}:${path}.${type}`,
    source: { kind: 'attribute', path, type },
  };
}

/** Without a SCIM name of their own: computed, or waiting for an organization to map them. */
const UNMAPPED: readonly (readonly [string, string, ClaimSource | null])[] = [
  ['fullname', 'Full Name', { kind: 'user', what: 'fullName' }],
  ['addresses.formatted', 'Address', { kind: 'user', what: 'address' }],
  ['gender', 'Gender', null],
  ['organization.unit', 'Organization Unit', null],
];

const unmappedClaim = ([tail, displayName, source]: (typeof UNMAPPED)[number]): SystemClaim => {
  const text = coreAttributes.find(({ name }) => name === 'title') as AttributeDefinition;
  const claim = { ...systemClaim(tail, text, displayName), description: displayName, readOnly: source !== null };
  return { claim, dialect: null, external: null, source };
};

const all: readonly SystemClaim[] = [
  ...coreAttributes.flatMap((attribute) => claimsOf(SCIM_USER, attribute, (path) => CORE_NAMES.get(path) ?? path)),
  ...TYPED.map(typedClaim),
  ...enterpriseAttributes.flatMap((attribute) =>
    claimsOf(SCIM_ENTERPRISE, attribute, (path) => CORE_NAMES.get(path) ?? path),
  ),
  ...accountAttributes.flatMap((attribute) =>
    claimsOf(SCIM_SYSTEM, attribute, (path) => ACCOUNT_NAMES.get(path) ?? `identity/${path}`),
  ),
  ...UNMAPPED.map(unmappedClaim),
];

export const systemClaims: ReadonlyMap<string, LocalClaim> = new Map(all.map(({ claim }) => [claim.uri, claim]));

/** Where the value of a system claim is; null: nowhere, unless an organization maps it. */
export const systemSources: ReadonlyMap<string, ClaimSource | null> = new Map(
  all.map(({ claim, source }) => [claim.uri, source]),
);

/** Name in the OpenID Connect dialect to local claim (OIDC Core §5.1). */
const OIDC_CLAIMS: Readonly<Record<string, string>> = {
  username: 'username',
  preferred_username: 'username',
  name: 'fullname',
  given_name: 'givenname',
  family_name: 'lastname',
  middle_name: 'middleName',
  nickname: 'nickname',
  profile: 'url',
  picture: 'photourl',
  gender: 'gender',
  locale: 'local',
  zoneinfo: 'timeZone',
  birthdate: 'dob',
  updated_at: 'modified',
  created_at: 'created',
  email: 'emailaddress',
  email_verified: 'identity/emailVerified',
  phone_number: 'phoneNumbers',
  phone_number_verified: 'identity/phoneVerified',
  address: 'addresses.formatted',
  mobile: 'mobile',
  country: 'country',
  department: 'department',
  title: 'title',
  externalid: 'externalid',
};

function mappingsOf(dialect: string): ReadonlyMap<string, ExternalClaim> {
  const pairs =
    dialect === OIDC_DIALECT
      ? Object.entries(OIDC_CLAIMS).map(([name, tail]) => [name, uriOf(tail)] as const)
      : all
          .filter((known) => known.dialect === dialect)
          .map(({ external, claim }) => [external ?? '', claim.uri] as const);
  return new Map(pairs.map(([uri, claim]) => [uri, { uri, claim, system: true }]));
}

export const systemMappings: ReadonlyMap<string, ReadonlyMap<string, ExternalClaim>> = new Map(
  systemDialects.map((dialect) => [dialect, mappingsOf(dialect)]),
);

const scope = (name: string, displayName: string, claims: readonly string[]): [string, ClaimScope] => [
  name,
  { name, displayName, description: '', claims },
];

/** OIDC Core §5.4. */
export const systemScopes: ReadonlyMap<string, ClaimScope> = new Map([
  scope('openid', 'OpenID Connect', []),
  scope('profile', 'User Profile', [
    'username',
    'preferred_username',
    'name',
    'given_name',
    'family_name',
    'middle_name',
    'nickname',
    'profile',
    'picture',
    'gender',
    'locale',
    'zoneinfo',
    'birthdate',
    'updated_at',
  ]),
  scope('email', 'Email', ['email', 'email_verified']),
  scope('phone', 'Phone', ['phone_number', 'phone_number_verified']),
  scope('address', 'Address', ['address']),
]);
