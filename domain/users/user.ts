/** A user: who it is, what state the account is in, and which changes are allowed. */
import type { Aggregate } from '../aggregate.ts';
import type { Claim, Decision } from '../decision.ts';
import { nothing } from '../decision.ts';
import type { DomainEvent } from '../event.ts';
import type { OrgId, UserId } from '../ids.ts';
import { type MembershipRefusal, Memberships, refuseMembership } from '../memberships.ts';
import { accept, type Result, refuse } from '../result.ts';
import type { AccountState, Attributes, AttributeValue, LockReason, UserEvent } from './user-events.ts';

export const USER_NAME_CHARACTERS_MAX = 255;
export const ATTRIBUTES_BYTES_MAX = 100_000;

export interface User {
  readonly status: 'absent' | 'present' | 'deleted' | 'erased';
  readonly tenant: string;
  readonly org: string;
  readonly userName: string;
  readonly attributes: Attributes;
  readonly lock: { readonly reason: LockReason } | null;
  readonly disabled: boolean;
  /** Id of the password verifier in the vault; null while no password was set. */
  readonly verifier: string | null;
  /** When the password was last chosen; null while there was none. */
  readonly passwordSetAt: string | null;
  /** Revision of the last event that ended every session and grant made before it; -1 when there was none. */
  readonly endedRevision: bigint;
  readonly roles: Memberships;
  readonly groups: Memberships;
  readonly erasureVerified: boolean;
  readonly createdAt: string;
  readonly modifiedAt: string;
}

const absent: User = {
  status: 'absent',
  tenant: '',
  org: '',
  userName: '',
  attributes: {},
  lock: null,
  disabled: false,
  verifier: null,
  passwordSetAt: null,
  endedRevision: -1n,
  roles: Memberships.none,
  groups: Memberships.none,
  erasureVerified: false,
  createdAt: '',
  modifiedAt: '',
};

export type UserRefusal =
  | { readonly reason: 'user-exists' }
  | { readonly reason: 'user-not-found' }
  | { readonly reason: 'user-name-invalid' }
  | { readonly reason: 'attributes-too-large'; readonly bytesMax: number };

export const users: Aggregate<User> = {
  category: 'user',
  initial: absent,
  evolve: evolveUser,
  home: (user) => (user.status === 'absent' ? null : user),
  subject: (id) => id,
};

export const accountState = (user: Pick<User, 'lock' | 'disabled'>): AccountState =>
  stateOf(user.lock !== null, user.disabled);

function stateOf(locked: boolean, disabled: boolean): AccountState {
  if (locked) return 'LOCKED';
  return disabled ? 'DISABLED' : 'UNLOCKED';
}

export const userNameClaim = (user: { readonly org: string; readonly userName: string }): Claim => ({
  kind: 'username',
  scope: user.org,
  value: user.userName,
});

export interface NewUser {
  readonly org: OrgId;
  readonly userName: string;
  readonly attributes: Attributes;
  readonly verifier?: string;
  readonly roles?: readonly string[];
  /** Nobody can sign in until it is unlocked. */
  readonly locked?: boolean;
  readonly disabled?: boolean;
}

export function decideCreateUser(user: User, command: NewUser): Result<Decision, UserRefusal> {
  if (user.status !== 'absent') return refuse({ reason: 'user-exists' });
  if (!isUserName(command.userName)) return refuse({ reason: 'user-name-invalid' });
  if (bytesOf(command.attributes) > ATTRIBUTES_BYTES_MAX) return tooLarge;

  const { org, userName, attributes } = command;
  const facts: UserEvent[] = [{ type: 'identity.user.created.v1', data: { org, userName, attributes } }];
  if (command.verifier !== undefined) facts.push(passwordSet(command.verifier, 'administrator'));
  for (const role of command.roles ?? []) facts.push({ type: 'access.role.assigned.v1', data: { role } });
  const { locked = false, disabled = false } = command;
  facts.push(...stateFacts(absent, { locked, disabled }));
  return accept({ facts, claims: [userNameClaim(command)] });
}

/** Any part of an account that an administrator or the user may change in one request; what is as asked already is left out. */
export interface UserChange {
  readonly set?: Attributes;
  readonly unset?: readonly string[];
  readonly locked?: boolean;
  readonly disabled?: boolean;
  readonly verifier?: string;
  readonly by?: 'administrator' | 'user';
}

export function decideChangeUser(user: User, change: UserChange): Result<Decision, UserRefusal> {
  if (user.status !== 'present') return refuse({ reason: 'user-not-found' });
  const attributes = attributeChange(user.attributes, change);
  if (bytesOf(attributes.after) > ATTRIBUTES_BYTES_MAX) return tooLarge;

  const facts: UserEvent[] = [];
  if (attributes.differs) {
    facts.push({ type: 'identity.user.attributes_changed.v1', data: { set: attributes.set, unset: attributes.unset } });
  }
  if (change.verifier !== undefined) facts.push(passwordSet(change.verifier, change.by ?? 'administrator'));
  facts.push(...stateFacts(user, change));
  return accept({ facts });
}

export function decideRehashPassword(user: User, change: { from: string; to: string }): Result<Decision, UserRefusal> {
  if (user.status !== 'present') return refuse({ reason: 'user-not-found' });
  if (user.verifier !== change.from) return accept(nothing); // the password was changed meanwhile
  const fact: UserEvent = { type: 'identity.user.password_rehashed.v1', data: { verifier: change.to } };
  return accept({ facts: [fact] });
}

export function decideAssignRole(user: User, role: string): Result<Decision, UserRefusal | MembershipRefusal> {
  if (user.status !== 'present') return refuse({ reason: 'user-not-found' });
  if (user.roles.has(role)) return accept(nothing);
  const refusal = refuseMembership(user.roles);
  if (refusal !== null) return refuse(refusal);
  const fact: UserEvent = { type: 'access.role.assigned.v1', data: { role } };
  return accept({ facts: [fact] });
}

export function decideUnassignRole(user: User, role: string): Result<Decision, UserRefusal> {
  if (user.status !== 'present') return refuse({ reason: 'user-not-found' });
  if (!user.roles.has(role)) return accept(nothing);
  const fact: UserEvent = { type: 'access.role.unassigned.v1', data: { role, ...user.roles.since(role) } };
  return accept({ facts: [fact] });
}

export function decideJoinGroup(user: User, group: string): Result<Decision, UserRefusal | MembershipRefusal> {
  if (user.status !== 'present') return refuse({ reason: 'user-not-found' });
  if (user.groups.has(group)) return accept(nothing);
  const refusal = refuseMembership(user.groups);
  if (refusal !== null) return refuse(refusal);
  const fact: UserEvent = { type: 'access.group.joined.v1', data: { group } };
  return accept({ facts: [fact] });
}

export function decideLeaveGroup(user: User, group: string): Result<Decision, UserRefusal> {
  if (user.status !== 'present') return refuse({ reason: 'user-not-found' });
  if (!user.groups.has(group)) return accept(nothing);
  const fact: UserEvent = { type: 'access.group.left.v1', data: { group, ...user.groups.since(group) } };
  return accept({ facts: [fact] });
}

export function decideDeleteUser(user: User): Result<Decision, UserRefusal> {
  if (user.status !== 'present') return refuse({ reason: 'user-not-found' });
  const fact: UserEvent = { type: 'identity.user.deleted.v1', data: {} };
  return accept({ facts: [fact], releases: [userNameClaim(user)] });
}

/** Deletes first when that has not happened; erasing twice is success. */
export function decideEraseUser(user: User, subject: UserId): Result<Decision, UserRefusal> {
  if (user.status === 'absent') return refuse({ reason: 'user-not-found' });
  if (user.status === 'erased') return accept(nothing);
  const erased: UserEvent = { type: 'identity.user.erased.v1', data: { subject } };
  if (user.status === 'deleted') return accept({ facts: [erased] });
  const deleted: UserEvent = { type: 'identity.user.deleted.v1', data: {} };
  return accept({ facts: [deleted, erased], releases: [userNameClaim(user)] });
}

export function decideVerifyErasure(user: User, subject: UserId): Result<Decision, UserRefusal> {
  if (user.status !== 'erased') return refuse({ reason: 'user-not-found' });
  if (user.erasureVerified) return accept(nothing);
  const verified: UserEvent = { type: 'identity.user.erasure_verified.v1', data: { subject } };
  return accept({ facts: [verified] });
}

const tooLarge = refuse({ reason: 'attributes-too-large', bytesMax: ATTRIBUTES_BYTES_MAX } as const);

const passwordSet = (verifier: string, by: 'administrator' | 'user'): UserEvent => ({
  type: 'identity.user.password_set.v1',
  data: { verifier, by },
});

/** The lock first, then disabling; each fact says the state that the account is in after it. */
function stateFacts(user: User, change: UserChange): UserEvent[] {
  const facts: UserEvent[] = [];
  const isLocked = change.locked ?? user.lock !== null;
  const afterLock = stateOf(isLocked, user.disabled);
  if (isLocked && user.lock === null) {
    facts.push({ type: 'identity.user.locked.v1', data: { reason: 'ADMIN_INITIATED', state: afterLock } });
  }
  if (!isLocked && user.lock !== null) facts.push({ type: 'identity.user.unlocked.v1', data: { state: afterLock } });
  const isDisabled = change.disabled ?? user.disabled;
  const type = isDisabled ? 'identity.user.disabled.v1' : 'identity.user.enabled.v1';
  if (isDisabled !== user.disabled) facts.push({ type, data: { state: stateOf(isLocked, isDisabled) } });
  return facts;
}

/** No control characters, not blank, no blank at either end, no tenant separator abuse. */
function isUserName(name: string): boolean {
  return name.length > 0 && name.length <= USER_NAME_CHARACTERS_MAX && name.trim() === name && !/\p{C}/u.test(name);
}

const bytesOf = (attributes: Attributes): number => JSON.stringify(attributes).length;

function attributeChange(before: Attributes, change: UserChange) {
  const set: Record<string, AttributeValue> = {};
  for (const [path, value] of Object.entries(change.set ?? {})) {
    if (!Object.hasOwn(before, path) || !sameValue(before[path], value)) set[path] = value;
  }
  // What is set stays, also where it had that value already.
  const kept = change.set ?? {};
  const unset = (change.unset ?? []).filter((path) => Object.hasOwn(before, path) && !Object.hasOwn(kept, path));
  const after = changed(before, set, unset);
  return { set, unset, after, differs: Object.keys(set).length + unset.length > 0 };
}

const sameValue = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

function changed(before: Attributes, set: Attributes, unset: readonly string[]): Attributes {
  const gone = new Set(unset);
  const kept = Object.entries(before).filter(([path]) => !gone.has(path));
  return { ...Object.fromEntries(kept), ...set };
}

function evolveUser(user: User, event: DomainEvent): User {
  const fact = event as unknown as UserEvent;
  const { at } = event.meta;
  switch (fact.type) {
    case 'identity.user.created.v1':
      return {
        ...absent,
        status: 'present',
        tenant: event.meta.tenant ?? '',
        org: fact.data.org,
        userName: fact.data.userName ?? '',
        attributes: fact.data.attributes ?? {},
        createdAt: at,
        modifiedAt: at,
      };
    case 'identity.user.attributes_changed.v1':
      return { ...user, attributes: changed(user.attributes, fact.data.set ?? {}, fact.data.unset), modifiedAt: at };
    case 'identity.user.password_set.v1':
      return {
        ...user,
        verifier: fact.data.verifier,
        passwordSetAt: at,
        endedRevision: event.revision,
        modifiedAt: at,
      };
    case 'identity.user.password_rehashed.v1':
      return { ...user, verifier: fact.data.verifier };
    case 'identity.user.locked.v1':
      return { ...user, lock: { reason: fact.data.reason }, endedRevision: event.revision, modifiedAt: at };
    case 'identity.user.unlocked.v1':
      return { ...user, lock: null, modifiedAt: at };
    case 'identity.user.disabled.v1':
      return { ...user, disabled: true, endedRevision: event.revision, modifiedAt: at };
    case 'identity.user.enabled.v1':
      return { ...user, disabled: false, modifiedAt: at };
    case 'access.role.assigned.v1':
      return { ...user, roles: user.roles.with(fact.data.role, event.revision) };
    case 'access.role.unassigned.v1':
      return { ...user, roles: user.roles.without(fact.data.role) };
    case 'access.group.joined.v1':
      return { ...user, groups: user.groups.with(fact.data.group, event.revision) };
    case 'access.group.left.v1':
      return { ...user, groups: user.groups.without(fact.data.group) };
    case 'identity.user.deleted.v1':
      return { ...user, status: 'deleted', verifier: null, endedRevision: event.revision, modifiedAt: at };
    case 'identity.user.erased.v1':
      return { ...user, status: 'erased', userName: '', attributes: {}, verifier: null, endedRevision: event.revision };
    case 'identity.user.erasure_verified.v1':
      return { ...user, erasureVerified: true };
    default:
      fact satisfies never;
      return user;
  }
}
