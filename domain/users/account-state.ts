/**
 * The account's state: what it waits for, whether it is locked and until when, whether it is disabled; and every way from
 * one state to another. A pending state wins over a lock, a lock over disabling.
 */
import {
  type AccountState,
  type LockReason,
  PENDING_STATES,
  type PendingState,
  type UserEvent,
} from './user-events.ts';

export interface Lock {
  readonly reason: LockReason;
  /** RFC 3339; the first sign-in after it lifts the lock. Null: until an administrator lifts it. */
  readonly until: string | null;
}

export interface Account {
  /** What the user must do before the account is as any other; null: nothing. */
  readonly pending: PendingState | null;
  readonly lock: Lock | null;
  readonly disabled: boolean;
}

export const openAccount: Account = { pending: null, lock: null, disabled: false };

export function accountState({ pending, lock, disabled }: Account): AccountState {
  if (pending !== null) return pending;
  if (lock !== null) return 'LOCKED';
  return disabled ? 'DISABLED' : 'UNLOCKED';
}

/** As it is shown: epoch milliseconds, `0` for a lock that does not end by itself. */
export const unlockTime = (until: string | null): string => (until === null ? '0' : String(Date.parse(until)));

export const pendingIn = (state: AccountState): PendingState | null =>
  PENDING_STATES.find((pending) => pending === state) ?? null;

/** Why an account that waits is locked. */
const PENDING_REASONS: Readonly<Record<PendingState, LockReason>> = {
  PENDING_SR: 'PENDING_SELF_REGISTRATION',
  PENDING_LR: 'PENDING_SELF_REGISTRATION',
  PENDING_EV: 'PENDING_EMAIL_VERIFICATION',
  PENDING_AP: 'PENDING_ASK_PASSWORD',
  PENDING_FUPR: 'PENDING_ADMIN_FORCED_USER_PASSWORD_RESET',
};

const WAITING: ReadonlySet<LockReason> = new Set(Object.values(PENDING_REASONS));
/** What a password that an administrator sets makes an end of. */
const ENDED_BY_PASSWORD: ReadonlySet<LockReason> = new Set([
  'PENDING_ASK_PASSWORD',
  'PENDING_ADMIN_FORCED_USER_PASSWORD_RESET',
]);

/** Each part is asked for on its own; they happen in the order in which they stand here. */
export interface AccountChange {
  /** The account waits from now on. `lock`: nobody can sign in meanwhile. */
  readonly hold?: { readonly pending: PendingState; readonly lock: boolean };
  /** A new password, and who chose it. */
  readonly password?: 'administrator' | 'user';
  /** By a code that was sent to him the user showed that he is who he is: what the account waited for has come. */
  readonly proven?: boolean;
  readonly locked?: boolean;
  readonly disabled?: boolean;
}

interface Step {
  readonly account: Account;
  readonly facts: readonly UserEvent[];
}

/** Each fact says the state that the account is in after it. */
export function accountFacts(before: Account, change: AccountChange): readonly UserEvent[] {
  let step: Step = { account: before, facts: [] };
  if (change.hold !== undefined) step = then(step, held(step.account, change.hold));
  if (change.password === 'administrator') step = then(step, freedByPassword(step.account));
  if (change.proven === true) step = then(step, released(step.account));
  if (change.locked === true) step = then(step, lockedByAdministrator(step.account));
  if (change.locked === false) step = then(step, unlockedByAdministrator(step.account));
  if (change.disabled !== undefined) step = then(step, switched(step.account, change.disabled));
  return step.facts;
}

const then = ({ facts }: Step, next: Step): Step => ({ account: next.account, facts: [...facts, ...next.facts] });

const unchanged = (account: Account): Step => ({ account, facts: [] });

function held(before: Account, { pending, lock }: NonNullable<AccountChange['hold']>): Step {
  const waiting = { ...before, pending };
  const facts: UserEvent[] = [];
  if (before.pending !== pending) {
    facts.push({ type: 'identity.user.held.v1', data: { state: accountState(waiting) } });
  }
  // A lock that ends by itself would end the wait with it; a lock for another reason stays what it is.
  if (!lock || (before.lock !== null && before.lock.until === null)) return { account: waiting, facts };
  const reason = PENDING_REASONS[pending];
  facts.push({ type: 'identity.user.locked.v1', data: { reason, state: accountState(waiting) } });
  return { account: { ...waiting, lock: { reason, until: null } }, facts };
}

/** Section 4.4: unlocks what waited for a password, and nothing else. */
function freedByPassword(before: Account): Step {
  if (before.lock === null) return before.pending === 'PENDING_AP' ? freed(before) : unchanged(before);
  return ENDED_BY_PASSWORD.has(before.lock.reason) ? unlocked(before) : unchanged(before);
}

/** What the account waited for has come; a lock for another reason stays. */
function released(before: Account): Step {
  if (before.lock !== null && WAITING.has(before.lock.reason)) return unlocked(before);
  return before.pending === null ? unchanged(before) : freed(before);
}

function freed(before: Account): Step {
  const account = { ...before, pending: null };
  return { account, facts: [{ type: 'identity.user.released.v1', data: { state: accountState(account) } }] };
}

function unlocked(before: Account): Step {
  const account = { ...before, pending: null, lock: null };
  return { account, facts: [{ type: 'identity.user.unlocked.v1', data: { state: accountState(account) } }] };
}

/** The first reason stays; from now on the lock does not end by itself. */
function lockedByAdministrator(before: Account): Step {
  if (before.lock !== null && before.lock.until === null) return unchanged(before);
  const lock: Lock = { reason: before.lock?.reason ?? 'ADMIN_INITIATED', until: null };
  const account = { ...before, lock };
  const state = accountState(account);
  return { account, facts: [{ type: 'identity.user.locked.v1', data: { reason: lock.reason, state } }] };
}

/** Ends what the account waited for as well. Where there is no lock there is nothing to lift, and the wait goes on. */
const unlockedByAdministrator = (before: Account): Step =>
  before.lock === null ? unchanged(before) : unlocked(before);

function switched(before: Account, disabled: boolean): Step {
  if (disabled === before.disabled) return unchanged(before);
  const account = { ...before, disabled };
  const type = disabled ? 'identity.user.disabled.v1' : 'identity.user.enabled.v1';
  return { account, facts: [{ type, data: { state: accountState(account) } }] };
}
