/** From a resource as it is to be, to the change that makes it so. */
import { ACCOUNT, CUSTOM_USER, isAttributePath } from '../../../domain/users/attribute-catalogue.ts';
import type { User } from '../../../domain/users/user.ts';
import type { Attributes } from '../../../domain/users/user-events.ts';
import { ScimError } from '../scim-error.ts';
import { type AccountWrite, accountWrite, CHANGE_TRIGGERS, isActive, refuseRename, stateChange } from './account.ts';
import { type Resource, toAttributes, toResource } from './resource.ts';
import { isMap } from './values.ts';

export interface ChangeInput {
  readonly set: Attributes;
  readonly unset: readonly string[];
  readonly locked?: boolean;
  readonly disabled?: boolean;
  readonly password?: string;
  readonly forcePasswordReset?: true;
}

/**
 * PUT: attributes that are left out go. Lock and disabling stay as they are where they are left out (RFC 7644
 * §3.5.1 leaves it to the server): an update by a client that knows nothing of them must not unlock an account.
 */
export function replaceChange(user: User, resource: Resource): ChangeInput {
  const write = accountWrite(resource, CHANGE_TRIGGERS);
  // A lock sent back as it was read asks for nothing: least of all that it never ends.
  const locked = write.locked === null ? null : asked(user.lock !== null, write.locked);
  return changeTo(user, resource, { ...write, locked });
}

/** The user as PATCH sees it: what can be written. */
export function patchable(user: User): Resource {
  const resource = toResource(user.attributes);
  const account = resource[ACCOUNT];
  const state = { accountLocked: user.lock !== null, accountDisabled: user.disabled };
  return {
    ...resource,
    userName: user.userName,
    active: isActive(user),
    [ACCOUNT]: { ...(isMap(account) ? account : {}), ...state },
  };
}

/** PATCH: lock and disabling that were removed are false, their default. */
export function patchChange(user: User, patched: Resource): ChangeInput {
  const write = accountWrite(patched, CHANGE_TRIGGERS);
  const locked = asked(user.lock !== null, write.locked ?? false);
  const disabled = asked(user.disabled, write.disabled ?? false);
  return changeTo(user, patched, { ...write, locked, disabled });
}

/** Null: as it was. */
const asked = (before: boolean, after: boolean): boolean | null => (before === after ? null : after);

function changeTo(user: User, resource: Resource, write: AccountWrite): ChangeInput {
  refuseRename(user, write);
  const after = toAttributes(resource);
  const set = Object.entries(after).filter(([path, value]) => !isSame(ownOf(user.attributes, path), value));
  const unset = Object.keys(user.attributes).filter((path) => !Object.hasOwn(after, path) && isAttributePath(path));
  refuseOtherShape(
    user.attributes,
    set.map(([path]) => path).filter((path) => path.startsWith(CUSTOM_USER)),
  );
  return {
    set: Object.fromEntries(set),
    unset,
    ...stateChange(user, write),
    ...(write.password === null ? {} : { password: write.password }),
    ...(write.triggers.has('forcePasswordReset') ? { forcePasswordReset: true } : {}),
  };
}

const ownOf = (attributes: Attributes, path: string) =>
  Object.hasOwn(attributes, path) ? attributes[path] : undefined;

const isSame = (a: unknown, b: unknown): boolean =>
  a === b || (typeof a === 'object' && JSON.stringify(a) === JSON.stringify(b));

/** An attribute that nobody declared is a value or an object for as long as it is there. */
function refuseOtherShape(before: Attributes, set: readonly string[]): void {
  const paths = Object.keys(before);
  for (const path of set) {
    const whole = wholeOf(path);
    const isWhole = path === whole;
    const other = paths.find((known) => wholeOf(known) === whole && (known === whole) !== isWhole);
    if (other === undefined) continue;
    throw new ScimError(400, 'invalidValue', `Attribute ${whole} has another form; remove it first.`);
  }
}

/** `<urn>:manager` of `<urn>:manager.email`. */
function wholeOf(path: string): string {
  const dot = path.indexOf('.', path.lastIndexOf(':') + 1);
  return dot < 0 ? path : path.slice(0, dot);
}
