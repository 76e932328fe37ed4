/** Users as SCIM shows and searches them. */

import type { DomainEvent } from '../domain/event.ts';
import { unlockTime } from '../domain/users/account-state.ts';
import { customSchemaFields, userFields } from '../domain/users/attribute-catalogue.ts';
import { documentPath, nested, primaryFirst } from '../domain/users/attribute-paths.ts';
import type { AccountState, UserEvent } from '../domain/users/user-events.ts';
import type { Write } from '../infra/read-store/read-store.ts';
import { type HandlersOf, handlersOf, idIn } from './handlers.ts';
import type { Handler, Projection } from './projection.ts';

export const USERS = 'users';
const WSO2 = 'urn:scim:wso2:schema';

const patch = (id: string, set: Record<string, unknown>, unset: readonly string[] = []): Write => ({
  kind: 'patch',
  collection: USERS,
  id,
  set: set as NonNullable<Extract<Write, { kind: 'patch' }>['set']>,
  unset,
});

const stateOf = (state: AccountState, at: string): Record<string, unknown> => ({
  active: state === 'UNLOCKED',
  [`${WSO2}.accountState`]: state,
  'meta.lastModified': at,
});

const remove = (id: string): Write => ({ kind: 'remove', collection: USERS, id });

export const usersProjection: Projection = {
  name: 'users',
  version: 3,
  collections: [{ name: USERS, fields: userFields, dynamic: customSchemaFields }],
  handlers: versioned({
    'identity.user.created.v1': (event) => {
      if (event.erased) return [];
      const { org, userName, attributes } = event.data;
      const { at, tenant = org } = event.meta;
      const resource = nested(primaryFirst(attributes));
      const account = { accountState: 'UNLOCKED', accountLocked: false, accountDisabled: false };
      const document = {
        ...resource,
        id: idIn(event),
        tenant,
        org,
        userName,
        active: true,
        [WSO2]: { ...(resource[WSO2] as object | undefined), ...account },
        meta: { created: at, lastModified: at },
      };
      return [{ kind: 'put', collection: USERS, document }];
    },
    'identity.user.attributes_changed.v1': (event) => {
      if (event.erased) return [];
      const set = Object.entries(primaryFirst(event.data.set)).map(
        ([path, value]) => [documentPath(path), value] as const,
      );
      const unset = event.data.unset.map(documentPath);
      return [patch(idIn(event), { ...Object.fromEntries(set), 'meta.lastModified': event.meta.at }, unset)];
    },
    'identity.user.password_set.v1': (event) => [
      patch(idIn(event), {
        [`${WSO2}.lastPasswordUpdateTime`]: String(Date.parse(event.meta.at)),
        'meta.lastModified': event.meta.at,
      }),
    ],
    'identity.user.locked.v1': (event) => {
      const { state, reason, until = null, lockouts } = event.data;
      const locked = {
        ...stateOf(state, event.meta.at),
        [`${WSO2}.accountLocked`]: true,
        [`${WSO2}.lockedReason`]: reason,
        [`${WSO2}.unlockTime`]: unlockTime(until),
        ...(lockouts === undefined ? {} : { [`${WSO2}.failedLoginLockoutCount`]: lockouts }),
      };
      return [patch(idIn(event), locked)];
    },
    'identity.user.unlocked.v1': (event) => {
      const { state, by } = event.data;
      const unlocked = { ...stateOf(state, event.meta.at), [`${WSO2}.accountLocked`]: false };
      const counted = by === 'time' ? [] : [`${WSO2}.failedLoginLockoutCount`];
      return [patch(idIn(event), unlocked, [`${WSO2}.lockedReason`, `${WSO2}.unlockTime`, ...counted])];
    },
    'identity.user.held.v1': (event) => [patch(idIn(event), stateOf(event.data.state, event.meta.at))],
    'identity.user.released.v1': (event) => [patch(idIn(event), stateOf(event.data.state, event.meta.at))],
    'identity.user.disabled.v1': (event) => [
      patch(idIn(event), { ...stateOf(event.data.state, event.meta.at), [`${WSO2}.accountDisabled`]: true }),
    ],
    'identity.user.enabled.v1': (event) => [
      patch(idIn(event), { ...stateOf(event.data.state, event.meta.at), [`${WSO2}.accountDisabled`]: false }),
    ],
    'identity.user.password_rehashed.v1': () => [],
    'identity.user.unique_values_claimed.v1': () => [],
    'access.role.assigned.v1': () => [],
    'access.role.unassigned.v1': () => [],
    'access.group.joined.v1': () => [],
    'access.group.left.v1': () => [],
    'identity.user.deleted.v1': (event) => [remove(idIn(event))],
    'identity.user.erased.v1': (event) => [remove(idIn(event))],
  }),
};

const VERSION = 'meta.version';

/**
 * A user's version is the revision of his stream, so that what a reader saw can be compared with what a writer finds:
 * every event moves it, also those that show nothing else.
 */
function versioned(handlers: HandlersOf<UserEvent>): ReadonlyMap<string, Handler> {
  const inner = handlersOf<UserEvent>(handlers);
  return new Map(
    [...inner].map(([type, handle]) => [type, (event: DomainEvent) => withVersion(handle(event), event)] as const),
  );
}

function withVersion(writes: readonly Write[], event: DomainEvent): readonly Write[] {
  const version = String(event.revision);
  if (writes.length === 0 && !event.erased) return [patch(idIn(event), { [VERSION]: version })];
  return writes.map((write) => {
    if (write.kind === 'patch') return { ...write, set: { ...write.set, [VERSION]: version } };
    if (write.kind === 'remove') return write;
    const meta = { ...(write.document['meta'] as object), version };
    return { ...write, document: { ...write.document, meta } };
  });
}
