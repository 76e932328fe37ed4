/** Which user attributes an OpenID Connect scope carries, and under which claim names (OIDC Core §5.1, §5.4). */
import type { AttributeDictionary } from '../attributes/dictionary.ts';
import { type ClaimSource, OIDC_DIALECT } from '../attributes/system-dictionary.ts';
import { valuesAt } from './claim-values.ts';
import { coreAttributes } from './core-attributes.ts';
import type { User } from './user.ts';
import { catalogueOf } from './user-catalogue.ts';
import type { AttributeValue } from './user-events.ts';

type ClaimValue = string | number | boolean | readonly ClaimValue[] | { readonly [name: string]: ClaimValue };

interface NamedSource {
  readonly claim: string;
  readonly source: ClaimSource;
}

type SourcesByScope = ReadonlyMap<string, readonly NamedSource[]>;

const made = new WeakMap<AttributeDictionary, SourcesByScope>();

/** The sources of each scope's claims; claims that no attribute stands behind are left out. */
function sourcesOf(dictionary: AttributeDictionary): SourcesByScope {
  const known = made.get(dictionary);
  if (known !== undefined) return known;
  const { sourceOf } = catalogueOf(dictionary);
  const mapped = dictionary.dialects.get(OIDC_DIALECT)?.claims;
  const sources = new Map(
    [...dictionary.scopes.values()].map(({ name, claims }) => [
      name,
      claims.flatMap((claim): NamedSource[] => {
        const local = mapped?.get(claim)?.claim;
        const source = local === undefined || !dictionary.claims.has(local) ? null : sourceOf(local);
        return source === null || PROTOCOL_CLAIMS.has(claim) ? [] : [{ claim, source }];
      }),
    ]),
  );
  made.set(dictionary, sources);
  return sources;
}

/** What tokens say of themselves: no attribute takes its place. */
const PROTOCOL_CLAIMS: ReadonlySet<string> = new Set([
  ...['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'azp', 'nonce', 'auth_time', 'amr', 'acr', 'sid', 'at_hash'],
  ...['c_hash', 's_hash', 'act', 'may_act', 'cnf', 'client_id', 'scope', 'org_id', 'org_name', 'org_handle'],
]);

/** For the discovery document: claims that some scope carries. */
export const claimsOf = (dictionary: AttributeDictionary): readonly string[] => [
  ...new Set(['sub', ...[...sourcesOf(dictionary).values()].flat().map(({ claim }) => claim)]),
];

/** The claims that these scopes carry; claims without a value are left out. */
export function openidClaims(
  dictionary: AttributeDictionary,
  user: User,
  scopes: ReadonlySet<string>,
): Record<string, ClaimValue> {
  const claims = new Map<string, ClaimValue>();
  const sources = sourcesOf(dictionary);
  for (const scope of scopes) {
    for (const { claim, source } of sources.get(scope) ?? []) {
      const value = claimValue(user, source);
      if (value !== undefined) claims.set(claim, value);
    }
  }
  return Object.fromEntries(claims);
}

function claimValue(user: User, source: ClaimSource): ClaimValue | undefined {
  if (source.kind === 'user') return ofUser(user, source.what);
  const { path, type } = source;
  const value = Object.hasOwn(user.attributes, path) ? user.attributes[path] : undefined;
  if (value === undefined) return parts(user, path);
  if (!Array.isArray(value)) return value as string | number | boolean;
  if (type !== undefined) return valuesAt(user.attributes, source)[0];
  return STANDARD_LISTS.has(path) ? primary(value) : (value as readonly ClaimValue[]);
}

/** Of these a claim is the preferred value: OIDC Core §5.1 knows one address of each kind. */
const STANDARD_LISTS: ReadonlySet<string> = new Set(
  coreAttributes.filter(({ multiValued }) => multiValued).map(({ name }) => name),
);

/** Of an object its parts. */
function parts(user: User, path: string): ClaimValue | undefined {
  const prefix = `${path}.`;
  const found = Object.entries(user.attributes).filter(([key]) => key.startsWith(prefix));
  if (found.length === 0) return undefined;
  return Object.fromEntries(found.map(([key, value]) => [key.slice(prefix.length), value as ClaimValue]));
}

function ofUser(user: User, what: Extract<ClaimSource, { kind: 'user' }>['what']): ClaimValue | undefined {
  switch (what) {
    case 'userName':
      return user.userName;
    case 'fullName':
      return text(user, 'name.formatted') ?? fullName(user);
    case 'address':
      return address(user);
    case 'createdAt':
      return seconds(user.createdAt);
    case 'modifiedAt':
      return seconds(user.modifiedAt);
    default:
      return what satisfies never;
  }
}

const seconds = (instant: string): number => Math.floor(Date.parse(instant) / 1000);

function text(user: User, path: string): string | undefined {
  const value = user.attributes[path];
  return typeof value === 'string' ? value : undefined;
}

function fullName(user: User): string | undefined {
  const names = [text(user, 'name.givenName'), text(user, 'name.familyName')].filter((name) => name !== undefined);
  return names.length === 0 ? undefined : names.join(' ');
}

function primary(value: AttributeValue): string | undefined {
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
