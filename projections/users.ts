/** Users as SCIM shows and searches them. */

import { unlockTime } from '../domain/users/account-state.ts';
import { customSchemaFields, userFields } from '../domain/users/attribute-catalogue.ts';
import { documentPath, nested } from '../domain/users/attribute-paths.ts';
import type { AccountState, UserEvent } from '../domain/users/user-events.ts';
import type { Write } from '../infra/read-store/read-store.ts';
import { handlersOf, idIn } from './handlers.ts';
import type { Projection } from './projection.ts';

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
  version: 2,
  collections: [{ name: USERS, fields: userFields, dynamic: customSchemaFields }],
  handlers: handlersOf<UserEvent>({
    'identity.user.created.v1': (event) => {
      if (event.erased) return [];
      const { org, userName, attributes } = event.data;
      const { at, tenant = org } = event.meta;
      const resource = nested(attributes);
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
      const set = Object.entries(event.data.set).map(([path, value]) => [documentPath(path), value] as const);
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
    'identity.user.deleted.v1': (event) => [remove(idIn(event))],
    'identity.user.erased.v1': (event) => [remove(idIn(event))],
  }),
};
