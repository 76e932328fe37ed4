/** What a request means for the account itself: name, password, lock, disabling; and the one-shot triggers. */
import { foldText } from '../../../domain/text.ts';
import { type Account, accountState } from '../../../domain/users/account-state.ts';
import { ACCOUNT, attributeIn, schemaOf } from '../../../domain/users/attribute-catalogue.ts';
import type { User } from '../../../domain/users/user.ts';
import { quoted, ScimError } from '../scim-error.ts';
import { type Resource, stateOf } from './resource.ts';
import { isMap } from './values.ts';

/** The one user store. */
const PRIMARY = 'PRIMARY';

export interface AccountWrite {
  readonly userName: string | null;
  readonly password: string | null;
  readonly active: boolean | null;
  readonly locked: boolean | null;
  readonly disabled: boolean | null;
  /** One-shot triggers that are set and that this request answers. */
  readonly triggers: ReadonlySet<Trigger>;
}

export type Trigger = 'askPassword' | 'verifyEmail' | 'forcePasswordReset';

/** What can be asked of a new account, and of one that is there; verifying an address again asks for nothing. */
export const CREATE_TRIGGERS: readonly Trigger[] = ['askPassword', 'verifyEmail'];
export const CHANGE_TRIGGERS: readonly Trigger[] = ['forcePasswordReset', 'verifyEmail'];

export function accountWrite(resource: Resource, answered: readonly Trigger[] = []): AccountWrite {
  const { userName, password, active } = resource;
  return {
    userName: typeof userName === 'string' ? nameInStore(userName) : null,
    password: typeof password === 'string' ? password : null,
    active: typeof active === 'boolean' ? active : null,
    locked: stateOf(resource, 'accountLocked') ?? null,
    disabled: stateOf(resource, 'accountDisabled') ?? null,
    triggers: triggersIn(resource, answered),
  };
}

/** `PRIMARY/kim` is `kim`; there is no other user store. */
export function nameInStore(name: string): string {
  const slash = name.indexOf('/');
  if (slash < 0) return name;
  requireStore(name.slice(0, slash));
  return name.slice(slash + 1);
}

export function requireStore(store: string): void {
  if (store.toUpperCase() === PRIMARY) return;
  throw new ScimError(400, 'invalidValue', `There is no user store ${quoted(store)}.`);
}

/** Asking for what this request cannot set off is refused, so that nobody waits for a mail that never comes. */
function triggersIn(resource: Resource, answered: readonly Trigger[]): ReadonlySet<Trigger> {
  const found = new Set<Trigger>();
  const schema = schemaOf(ACCOUNT);
  const account = resource[ACCOUNT];
  if (schema === null || !isMap(account)) return found;
  for (const [name, value] of Object.entries(account)) {
    if (attributeIn(schema, name)?.attribute.kept !== 'trigger' || value !== true) continue;
    const trigger = answered.find((known) => known === name);
    if (trigger === undefined) {
      throw new ScimError(400, 'invalidValue', `Attribute ${name} asks for a flow that is not available here.`);
    }
    found.add(trigger);
  }
  return found;
}

export const isActive = (account: Account): boolean => accountState(account) === 'UNLOCKED';

export interface StateChange {
  readonly locked?: boolean;
  readonly disabled?: boolean;
}

/**
 * `active` is a view of lock and disabling, so what it says counts only where it differs from what it was: sent back
 * as it was read beside a changed lock, it asks for nothing. Deactivating disables; activating lifts both.
 */
export function stateChange(user: Account, write: AccountWrite): StateChange {
  const asked = write.active === isActive(user) ? null : write.active;
  const locked = write.locked ?? (asked === true ? false : null);
  const disabled = write.disabled ?? (asked === null ? null : !asked);
  return { ...(locked === null ? {} : { locked }), ...(disabled === null ? {} : { disabled }) };
}

export function refuseRename(user: Pick<User, 'userName'>, write: AccountWrite): void {
  if (write.userName === null || foldText(write.userName) === foldText(user.userName)) return;
  throw new ScimError(400, 'mutability', 'Attribute userName cannot be modified.');
}
