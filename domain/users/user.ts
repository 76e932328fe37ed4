/** A user: who it is, what state the account is in, and which changes are allowed. */
import type { Aggregate } from '../aggregate.ts';
import type { Claim, Decision } from '../decision.ts';
import { nothing } from '../decision.ts';
import type { DomainEvent } from '../event.ts';
import type { OrgId, UserId } from '../ids.ts';
import { type MembershipRefusal, Memberships, refuseMembership } from '../memberships.ts';
import { accept, type Result, refuse } from '../result.ts';
import { type Account, type AccountChange, accountFacts, openAccount, pendingIn } from './account-state.ts';
import { uniqueClaims } from './claim-values.ts';
import { lapsedProofs } from './own-account.ts';
import type { UniqueAttribute } from './user-catalogue.ts';
import type { AccountState, Attributes, AttributeValue, CheckedAttributes, UserEvent } from './user-events.ts';
import { withoutVerifiedFlags } from './verified-flags.ts';

export const USER_NAME_CHARACTERS_MAX = 255;
export const ATTRIBUTES_BYTES_MAX = 100_000;

export interface User extends Account {
  readonly status: 'absent' | 'present' | 'deleted' | 'erased';
  readonly tenant: string;
  readonly org: string;
  readonly userName: string;
  readonly attributes: Attributes;
  /** Locks after failed attempts in a row; an administrator who unlocks starts anew. */
  readonly lockouts: number;
  /** When the last of them began. */
  readonly lockedOutAt: string | null;
  /** Revision of the last lock or unlocking: failed attempts are counted from there. -1 when there was none. */
  readonly attemptsRevision: bigint;
  /** Id of the password verifier in the vault; null while no password was set. */
  readonly verifier: string | null;
  /** Ids of former verifiers that are still in the vault, the newest first. */
  readonly formerVerifiers: readonly string[];
  /** When the password was last chosen; null while there was none. */
  readonly passwordSetAt: string | null;
  /** Revision of the last event that ended every session and grant made before it; -1 when there was none. */
  readonly endedRevision: bigint;
  readonly roles: Memberships;
  readonly groups: Memberships;
  readonly erasureVerified: boolean;
  /** Of uniqueness that came after him: under which his values were claimed. */
  readonly claimedGenerations: ReadonlySet<string>;
  readonly createdAt: string;
  readonly modifiedAt: string;
}

const absent: User = {
  ...openAccount,
  status: 'absent',
  tenant: '',
  org: '',
  userName: '',
  attributes: {},
  lockouts: 0,
  lockedOutAt: null,
  attemptsRevision: -1n,
  verifier: null,
  formerVerifiers: [],
  passwordSetAt: null,
  endedRevision: -1n,
  roles: Memberships.none,
  groups: Memberships.none,
  erasureVerified: false,
  claimedGenerations: new Set(),
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

export const userNameClaim = (user: { readonly org: string; readonly userName: string }): Claim => ({
  kind: 'username',
  scope: user.org,
  value: user.userName,
});

export interface NewUser {
  readonly org: OrgId;
  readonly userName: string;
  readonly attributes: CheckedAttributes;
  /** Attributes of which no two users have the same value. */
  readonly unique?: readonly UniqueAttribute[];
  readonly verifier?: string;
  readonly roles?: readonly string[];
  /** Nobody can sign in until it is unlocked. */
  readonly locked?: boolean;
  readonly disabled?: boolean;
  /** It waits for something from the start on. */
  readonly hold?: NonNullable<AccountChange['hold']>;
}

export function decideCreateUser(user: User, command: NewUser): Result<Decision, UserRefusal> {
  if (user.status !== 'absent') return refuse({ reason: 'user-exists' });
  if (!isUserName(command.userName)) return refuse({ reason: 'user-name-invalid' });
  if (isTooLarge(command.attributes)) return tooLarge;

  const { org, userName, attributes } = command;
  const facts: UserEvent[] = [{ type: 'identity.user.created.v1', data: { org, userName, attributes } }];
  if (command.verifier !== undefined) facts.push(passwordSet(command.verifier, 'administrator'));
  for (const role of command.roles ?? []) facts.push({ type: 'access.role.assigned.v1', data: { role } });
  const { hold, locked = false, disabled = false } = command;
  const asked = { ...(hold === undefined ? {} : { hold }), ...(locked ? { locked } : {}), disabled };
  facts.push(...accountFacts(openAccount, asked));
  const values = uniqueClaims(command.unique ?? [], org, attributes).values();
  return accept({ facts, claims: [userNameClaim(command), ...values] });
}

/** Any part of an account that an administrator or the user may change in one request; what is as asked already is left out. */
export interface UserChange extends Omit<AccountChange, 'password'> {
  readonly set?: CheckedAttributes;
  readonly unset?: readonly string[];
  readonly unique?: readonly UniqueAttribute[];
  readonly verifier?: string;
  /** How many former verifiers the vault keeps after it. */
  readonly verifiersKept?: number;
  readonly by?: 'administrator' | 'user';
}

export function decideChangeUser(user: User, change: UserChange): Result<Decision, UserRefusal> {
  if (user.status !== 'present') return refuse({ reason: 'user-not-found' });
  const attributes = attributeChange(user.attributes, change.by === 'user' ? ownChange(user, change) : change);
  if (isTooLarge(attributes.after)) return tooLarge;

  const facts: UserEvent[] = [];
  if (attributes.differs) {
    facts.push({ type: 'identity.user.attributes_changed.v1', data: { set: attributes.set, unset: attributes.unset } });
  }
  const { verifier, by = 'administrator', verifiersKept = 0 } = change;
  if (verifier !== undefined) facts.push(passwordSet(verifier, by, verifiersKept));
  facts.push(...accountFacts(user, verifier === undefined ? change : { ...change, password: by }));
  return accept({ facts, ...valueChange(user, attributes.after, change.unique ?? []) });
}

/** What the new values must be alone in, and what the former give back. */
function valueChange(
  user: User,
  after: Attributes,
  unique: readonly UniqueAttribute[],
): Pick<Decision, 'claims' | 'releases'> {
  if (unique.length === 0) return {};
  const former = uniqueClaims(unique, user.org, user.attributes);
  const next = uniqueClaims(unique, user.org, after);
  return {
    claims: [...next].filter(([key]) => !former.has(key)).map(([, claim]) => claim),
    releases: [...former].filter(([key]) => !next.has(key)).map(([, claim]) => claim),
  };
}

/** Of a user from before the attribute became unique: his values are claimed as they are. */
export function decideClaimValues(
  user: User,
  { generation, unique }: { readonly generation: string; readonly unique: readonly UniqueAttribute[] },
): Result<Decision, UserRefusal> {
  if (user.status !== 'present') return refuse({ reason: 'user-not-found' });
  const claims = [...uniqueClaims(unique, user.org, user.attributes).values()];
  if (claims.length === 0 || user.claimedGenerations.has(generation)) return accept(nothing);
  const claimed: UserEvent = { type: 'identity.user.unique_values_claimed.v1', data: { generation } };
  return accept({ facts: [claimed], claims });
}

/** Of himself a user says no flag, and an address that he writes is not verified by the flag of the former one. */
function ownChange(user: User, change: UserChange): UserChange {
  const own = withoutVerifiedFlags(change);
  const lapsed = lapsedProofs(user.attributes, [...Object.keys(own.set ?? {}), ...(own.unset ?? [])]);
  return { ...own, set: { ...own.set, ...lapsed } };
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

export function decideDeleteUser(user: User, unique: readonly UniqueAttribute[] = []): Result<Decision, UserRefusal> {
  if (user.status !== 'present') return refuse({ reason: 'user-not-found' });
  const fact: UserEvent = { type: 'identity.user.deleted.v1', data: {} };
  return accept({ facts: [fact], releases: allClaims(user, unique) });
}

/** Deletes first when that has not happened; erasing twice is success. */
export function decideEraseUser(
  user: User,
  subject: UserId,
  unique: readonly UniqueAttribute[] = [],
): Result<Decision, UserRefusal> {
  if (user.status === 'absent') return refuse({ reason: 'user-not-found' });
  if (user.status === 'erased') return accept(nothing);
  const erased: UserEvent = { type: 'identity.user.erased.v1', data: { subject } };
  if (user.status === 'deleted') return accept({ facts: [erased] });
  const deleted: UserEvent = { type: 'identity.user.deleted.v1', data: {} };
  return accept({ facts: [deleted, erased], releases: allClaims(user, unique) });
}

const allClaims = (user: User, unique: readonly UniqueAttribute[]): readonly Claim[] => [
  userNameClaim(user),
  ...uniqueClaims(unique, user.org, user.attributes).values(),
];

export function decideVerifyErasure(user: User, subject: UserId): Result<Decision, UserRefusal> {
  if (user.status !== 'erased') return refuse({ reason: 'user-not-found' });
  if (user.erasureVerified) return accept(nothing);
  const verified: UserEvent = { type: 'identity.user.erasure_verified.v1', data: { subject } };
  return accept({ facts: [verified] });
}

const tooLarge = refuse({ reason: 'attributes-too-large', bytesMax: ATTRIBUTES_BYTES_MAX } as const);

const passwordSet = (verifier: string, by: 'administrator' | 'user', kept = 0): UserEvent => ({
  type: 'identity.user.password_set.v1',
  data: { verifier, by, ...(kept === 0 ? {} : { kept }) },
});

/** No control characters, not blank, no blank at either end, no tenant separator abuse. */
function isUserName(name: string): boolean {
  return name.length > 0 && name.length <= USER_NAME_CHARACTERS_MAX && name.trim() === name && !/\p{C}/u.test(name);
}

const bytesOf = (attributes: Attributes): number => JSON.stringify(attributes).length;

export const isTooLarge = (attributes: Attributes): boolean => bytesOf(attributes) > ATTRIBUTES_BYTES_MAX;

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
        formerVerifiers: formerVerifiers(user, fact.data.kept ?? 0),
        passwordSetAt: at,
        endedRevision: event.revision,
        modifiedAt: at,
      };
    case 'identity.user.password_rehashed.v1':
      return { ...user, verifier: fact.data.verifier };
    case 'identity.user.locked.v1':
      return { ...locked(user, fact.data, at), endedRevision: event.revision, attemptsRevision: event.revision };
    case 'identity.user.unlocked.v1': {
      const lockouts = fact.data.by === 'time' ? user.lockouts : 0;
      return { ...inState(user, fact.data.state, at), lock: null, lockouts, attemptsRevision: event.revision };
    }
    case 'identity.user.held.v1':
    case 'identity.user.released.v1':
      return inState(user, fact.data.state, at);
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
      return {
        ...user,
        status: 'deleted',
        verifier: null,
        formerVerifiers: [],
        endedRevision: event.revision,
        modifiedAt: at,
      };
    case 'identity.user.erased.v1':
      return { ...user, status: 'erased', userName: '', attributes: {}, verifier: null, endedRevision: event.revision };
    case 'identity.user.unique_values_claimed.v1':
      return { ...user, claimedGenerations: new Set(user.claimedGenerations).add(fact.data.generation) };
    case 'identity.user.erasure_verified.v1':
      return { ...user, erasureVerified: true };
    default:
      fact satisfies never;
      return user;
  }
}

const formerVerifiers = ({ verifier, formerVerifiers: former }: User, kept: number): readonly string[] =>
  [...(verifier === null ? [] : [verifier]), ...former].slice(0, kept);

const inState = (user: User, state: AccountState, at: string): User => ({
  ...user,
  pending: pendingIn(state),
  modifiedAt: at,
});

function locked(user: User, data: Extract<UserEvent, { type: 'identity.user.locked.v1' }>['data'], at: string): User {
  const { reason, state, until = null, lockouts } = data;
  const after = { ...inState(user, state, at), lock: { reason, until } };
  return lockouts === undefined ? after : { ...after, lockouts, lockedOutAt: at };
}
