/** Which user attributes an OpenID Connect scope carries, and under which claim names (OIDC Core §5.1, §5.4). */
import type { User } from './user.ts';
import type { AttributeValue } from './user-events.ts';

type ClaimValue = string | number | boolean | { readonly [name: string]: ClaimValue };

interface ClaimSource {
  readonly claim: string;
  readonly scope: string;
  readonly value: (user: User) => ClaimValue | undefined;
}

const attribute =
  (path: string) =>
  (user: User): ClaimValue | undefined =>
    plainValue(user.attributes[path]);

const WSO2 = 'urn:scim:wso2:schema';

const sources: readonly ClaimSource[] = [
  { claim: 'username', scope: 'profile', value: (user) => user.userName },
  { claim: 'preferred_username', scope: 'profile', value: (user) => user.userName },
  { claim: 'name', scope: 'profile', value: (user) => text(user, 'name.formatted') ?? fullName(user) },
  { claim: 'given_name', scope: 'profile', value: attribute('name.givenName') },
  { claim: 'family_name', scope: 'profile', value: attribute('name.familyName') },
  { claim: 'middle_name', scope: 'profile', value: attribute('name.middleName') },
  { claim: 'nickname', scope: 'profile', value: attribute('nickName') },
  { claim: 'profile', scope: 'profile', value: attribute('profileUrl') },
  { claim: 'locale', scope: 'profile', value: attribute('locale') },
  { claim: 'zoneinfo', scope: 'profile', value: attribute('timezone') },
  { claim: 'birthdate', scope: 'profile', value: attribute(`${WSO2}:dateOfBirth`) },
  { claim: 'updated_at', scope: 'profile', value: (user) => Math.floor(Date.parse(user.modifiedAt) / 1000) },
  { claim: 'email', scope: 'email', value: (user) => primary(user.attributes['emails']) },
  { claim: 'email_verified', scope: 'email', value: attribute(`${WSO2}:emailVerified`) },
  { claim: 'phone_number', scope: 'phone', value: (user) => primary(user.attributes['phoneNumbers']) },
  { claim: 'phone_number_verified', scope: 'phone', value: attribute(`${WSO2}:phoneVerified`) },
  { claim: 'address', scope: 'address', value: address },
];

export const OPENID_SCOPES: ReadonlySet<string> = new Set(['openid', ...sources.map(({ scope }) => scope)]);

export const OPENID_CLAIMS: readonly string[] = ['sub', ...sources.map(({ claim }) => claim)];

/** The claims that these scopes carry; claims without a value are left out. */
export function openidClaims(user: User, scopes: ReadonlySet<string>): Record<string, ClaimValue> {
  const claims: Record<string, ClaimValue> = {};
  for (const source of sources) {
    if (!scopes.has(source.scope)) continue;
    const value = source.value(user);
    if (value !== undefined) claims[source.claim] = value;
  }
  return claims;
}

function plainValue(value: AttributeValue | undefined): ClaimValue | undefined {
  return typeof value === 'object' ? undefined : value;
}

function text(user: User, path: string): string | undefined {
  const value = user.attributes[path];
  return typeof value === 'string' ? value : undefined;
}

function fullName(user: User): string | undefined {
  const parts = [text(user, 'name.givenName'), text(user, 'name.familyName')].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join(' ');
}

function primary(value: AttributeValue | undefined): string | undefined {
  if (!Array.isArray(value)) return undefined;
  const elements = value as readonly (string | { readonly value?: unknown; readonly primary?: unknown })[];
  const chosen = elements.find((element) => typeof element === 'object' && element.primary === true) ?? elements[0];
  const found = typeof chosen === 'object' ? chosen.value : chosen;
  return typeof found === 'string' ? found : undefined;
}

function address(user: User): ClaimValue | undefined {
  const value = user.attributes['addresses'];
  const first = Array.isArray(value) ? (value[0] as Record<string, string> | string | undefined) : undefined;
  if (first === undefined || typeof first === 'string') return undefined;
  const members = {
    formatted: first['formatted'],
    street_address: first['streetAddress'],
    locality: first['locality'],
    region: first['region'],
    postal_code: first['postalCode'],
    country: first['country'],
  };
  const present = Object.entries(members).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return present.length === 0 ? undefined : Object.fromEntries(present);
}
