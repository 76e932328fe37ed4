/** A user as a response shows it: from the read model's document, or from the state after a command. */
import type { Json } from '../../../domain/json.ts';
import { accountState, unlockTime } from '../../../domain/users/account-state.ts';
import {
  ACCOUNT,
  type AttributePlace,
  attributeAt,
  CORE_USER,
  schemaOf,
  userSchemas,
} from '../../../domain/users/attribute-catalogue.ts';
import type { User } from '../../../domain/users/user.ts';
import type { Document } from '../../../infra/read-store/read-store.ts';
import { ScimError } from '../scim-error.ts';
import { isActive } from './account.ts';
import { toResource, withKey } from './resource.ts';
import { isMap, type JsonMap } from './values.ts';

const SCHEMAS: readonly string[] = userSchemas.map(({ urn }) => urn);

/** In the shape of the read model's document. */
export function documentOfState(id: string, user: User): JsonMap {
  const resource = toResource(user.attributes);
  const kept = resource[ACCOUNT];
  const account = {
    ...(isMap(kept) ? kept : {}),
    accountState: accountState(user),
    accountLocked: user.lock !== null,
    accountDisabled: user.disabled,
    ...(user.lock === null ? {} : { lockedReason: user.lock.reason, unlockTime: unlockTime(user.lock.until) }),
    ...(user.lockouts === 0 ? {} : { failedLoginLockoutCount: user.lockouts }),
    ...(user.passwordSetAt === null ? {} : { lastPasswordUpdateTime: String(Date.parse(user.passwordSetAt)) }),
  };
  return {
    ...resource,
    id,
    userName: user.userName,
    active: isActive(user),
    [ACCOUNT]: account,
    meta: { created: user.createdAt, lastModified: user.modifiedAt },
  };
}

export const locationOf = (base: string, id: string): string => `${base}/scim2/Users/${id}`;

/**
 * Tenant and organization stay inside; `schemas` are always all, in their order (RFC 7643 §3). An object that a read
 * model kept although its last part was removed is unassigned.
 */
export function presented(document: Document | JsonMap, base: string, selection: Selection | null): object {
  const { tenant: _tenant, org: _org, id, meta, ...attributes } = document as Document;
  const location = locationOf(base, id);
  const entries: [string, Json][] = [
    ['schemas', SCHEMAS],
    ['id', id],
  ];
  for (const [name, value] of Object.entries(attributes)) {
    const assigned = withoutEmpty(value);
    if (assigned !== undefined) entries.push([name, assigned]);
  }
  entries.push(['meta', { ...(meta as JsonMap), location, resourceType: 'User' }]);
  const user: JsonMap = Object.fromEntries(entries);
  return selection === null ? user : selected(user, selection);
}

function withoutEmpty(value: Json): Json | undefined {
  if (!isMap(value)) return value;
  let kept: JsonMap = value;
  let size = 0;
  for (const [name, part] of Object.entries(value)) {
    if (isMap(part) && withoutEmpty(part) === undefined) kept = withKey(kept, name, undefined);
    else size += 1;
  }
  return size === 0 ? undefined : kept;
}

/** Which attributes to show (RFC 7644 §3.9). */
export interface Selection {
  readonly kind: 'only' | 'without';
  readonly paths: readonly SelectedPath[];
}

type SelectedPath =
  | { readonly kind: 'schema'; readonly urn: string }
  | { readonly kind: 'attribute'; readonly place: AttributePlace };

const PATHS_MAX = 200;

/** Names that no schema has are passed over: there is nothing to show. What is never returned is not in the document. */
export function selectionOf(only: readonly string[], without: readonly string[]): Selection | null {
  const names = only.length > 0 ? only : without;
  if (names.length === 0) return null;
  if (names.length > PATHS_MAX)
    throw new ScimError(400, 'invalidValue', `At most ${PATHS_MAX} attributes can be named.`);
  return { kind: only.length > 0 ? 'only' : 'without', paths: names.flatMap(selectedPath) };
}

function selectedPath(name: string): readonly SelectedPath[] {
  const schema = schemaOf(name);
  if (schema !== null) return [{ kind: 'schema', urn: schema.urn }];
  const place = attributeAt(name);
  return place === null ? [] : [{ kind: 'attribute', place }];
}

/** `id` and `schemas` are always there. */
function selected(user: JsonMap, { kind, paths }: Selection): JsonMap {
  if (kind === 'without') return paths.reduce(without, user);
  const { schemas = null, id = null } = user;
  return paths.reduce((shown: JsonMap, path) => withPath(shown, user, path), { schemas, id });
}

function withPath(shown: JsonMap, user: JsonMap, path: SelectedPath): JsonMap {
  if (path.kind === 'schema') return withSchema(shown, user, path.urn);
  const { schema, attribute, sub } = path.place;
  const isCore = schema.urn === CORE_USER;
  const from = isCore ? user : user[schema.urn];
  const value = isMap(from) ? ownOf(from, attribute.name) : undefined;
  const part = sub === null || value === undefined ? value : onlyPart(value, sub.name);
  if (part === undefined) return shown;
  const holder = isCore ? shown : (shown[schema.urn] ?? {});
  const before = isMap(holder) ? ownOf(holder, attribute.name) : undefined;
  const changed = withKey(holder as JsonMap, attribute.name, sub === null ? part : joined(before, part));
  return isCore ? changed : withKey(shown, schema.urn, changed);
}

function withSchema(shown: JsonMap, user: JsonMap, urn: string): JsonMap {
  if (urn !== CORE_USER) return withKey(shown, urn, user[urn]);
  const core = Object.entries(user).filter(([name]) => schemaOf(name) === null);
  return { ...shown, ...Object.fromEntries(core) };
}

const ownOf = (map: JsonMap, key: string): Json | undefined => (Object.hasOwn(map, key) ? map[key] : undefined);

function onlyPart(value: Json, name: string): Json | undefined {
  if (Array.isArray(value)) return value.map((element: Json) => onlyPart(element, name) ?? {});
  const part = isMap(value) ? ownOf(value, name) : undefined;
  return part === undefined ? undefined : { [name]: part };
}

/** Two parts of one attribute, or of each value of a list. */
function joined(before: Json | undefined, part: Json): Json {
  if (Array.isArray(before) && Array.isArray(part)) {
    return part.map((element: Json, index) => joined(before[index] as Json | undefined, element));
  }
  return isMap(before) && isMap(part) ? { ...before, ...part } : part;
}

function without(user: JsonMap, path: SelectedPath): JsonMap {
  if (path.kind === 'schema') return path.urn === CORE_USER ? user : withKey(user, path.urn, undefined);
  const { schema, attribute, sub } = path.place;
  if (attribute.returned === 'always') return user;
  const isCore = schema.urn === CORE_USER;
  const holder = isCore ? user : user[schema.urn];
  if (!isMap(holder)) return user;
  const value = ownOf(holder, attribute.name);
  const kept = sub === null || value === undefined ? undefined : withoutPart(value, sub.name);
  const changed = withKey(holder, attribute.name, kept);
  return isCore ? changed : withKey(user, schema.urn, changed);
}

function withoutPart(value: Json, name: string): Json {
  if (Array.isArray(value)) return value.map((element: Json) => withoutPart(element, name));
  return isMap(value) ? withKey(value, name, undefined) : value;
}
