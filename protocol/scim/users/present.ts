/** A user as a response shows it: from the read model's document, or from the state after a command. */
import type { Json } from '../../../domain/json.ts';
import { ACCOUNT, attributeAt, schemaOf, userSchemas } from '../../../domain/users/attribute-catalogue.ts';
import { primaryFirst } from '../../../domain/users/attribute-paths.ts';
import { accountState, type User } from '../../../domain/users/user.ts';
import type { Document } from '../../../infra/read-store/read-store.ts';
import { etagOf } from '../etag.ts';
import { type Selection, selected } from '../selection.ts';
import type { Vocabulary } from '../vocabulary.ts';
import { toResource, withKey } from './resource.ts';
import { isMap, type JsonMap } from './values.ts';

export const userVocabulary: Vocabulary = { schemas: userSchemas, schemaOf, attributeAt };

const SCHEMAS: readonly string[] = userSchemas.map(({ urn }) => urn);

/** In the shape of the read model's document. */
export function documentOfState(id: string, user: User, revision: bigint | 'no-stream'): JsonMap {
  const resource = toResource(primaryFirst(user.attributes));
  const kept = resource[ACCOUNT];
  const account = {
    ...(isMap(kept) ? kept : {}),
    accountState: accountState(user),
    accountLocked: user.lock !== null,
    accountDisabled: user.disabled,
    ...(user.lock === null ? {} : { lockedReason: user.lock.reason }),
    ...(user.passwordSetAt === null ? {} : { lastPasswordUpdateTime: String(Date.parse(user.passwordSetAt)) }),
  };
  return {
    ...resource,
    id,
    userName: user.userName,
    active: user.lock === null && !user.disabled,
    [ACCOUNT]: account,
    meta: { created: user.createdAt, lastModified: user.modifiedAt, version: String(revision) },
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
  const version = etagOf(versionOf(document));
  entries.push(['meta', { ...(meta as JsonMap), location, resourceType: 'User', version }]);
  return selected(userVocabulary, Object.fromEntries(entries), selection);
}

export function versionOf({ meta }: Document | JsonMap): string {
  const version = isMap(meta) ? meta['version'] : undefined;
  return typeof version === 'string' ? version : '';
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
