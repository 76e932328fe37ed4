/** What a request means for the account itself: name, password, lock, disabling; and the one-shot triggers. */
import { foldText } from '../../../domain/text.ts';
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
}

export function accountWrite(resource: Resource): AccountWrite {
  refuseTriggers(resource);
  const { userName, password, active } = resource;
  return {
    userName: typeof userName === 'string' ? nameInStore(userName) : null,
    password: typeof password === 'string' ? password : null,
    active: typeof active === 'boolean' ? active : null,
    locked: stateOf(resource, 'accountLocked') ?? null,
    disabled: stateOf(resource, 'accountDisabled') ?? null,
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

/** Asking for a flow that is not there is refused, so that nobody waits for a mail that never comes. */
function refuseTriggers(resource: Resource): void {
  const schema = schemaOf(ACCOUNT);
  const account = resource[ACCOUNT];
  if (schema === null || !isMap(account)) return;
  for (const [name, value] of Object.entries(account)) {
    if (attributeIn(schema, name)?.attribute.kept !== 'trigger' || value !== true) continue;
    throw new ScimError(400, 'invalidValue', `Attribute ${name} asks for a flow that is not available on this server.`);
  }
}

/** The published contract takes `verifyEmail` in PATCH and keeps nothing of it. */
export function withoutVerifyEmail(resource: Resource): Resource {
  const account = resource[ACCOUNT];
  if (!isMap(account) || !Object.hasOwn(account, 'verifyEmail')) return resource;
  const { verifyEmail: _, ...rest } = account;
  return { ...resource, [ACCOUNT]: rest };
}

export const isActive = (user: Pick<User, 'lock' | 'disabled'>): boolean => user.lock === null && !user.disabled;

export interface StateChange {
  readonly locked?: boolean;
  readonly disabled?: boolean;
}

/**
 * `active` is a view of lock and disabling, so what it says counts only where it differs from what it was: sent back
 * as it was read beside a changed lock, it asks for nothing. Deactivating disables; activating lifts both.
 */
export function stateChange(user: Pick<User, 'lock' | 'disabled'>, write: AccountWrite): StateChange {
  const asked = write.active === isActive(user) ? null : write.active;
  const locked = write.locked ?? (asked === true ? false : null);
  const disabled = write.disabled ?? (asked === null ? null : !asked);
  return { ...(locked === null ? {} : { locked }), ...(disabled === null ? {} : { disabled }) };
}

export function refuseRename(user: Pick<User, 'userName'>, write: AccountWrite): void {
  if (write.userName === null || foldText(write.userName) === foldText(user.userName)) return;
  throw new ScimError(400, 'mutability', 'Attribute userName cannot be modified.');
}
