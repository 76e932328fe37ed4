/** When wrong passwords lock an account, and for how long. */
import { type Decision, nothing } from '../decision.ts';
import { accept, type Result } from '../result.ts';
import { type EffectiveSettings, isOn, wholeOf } from '../settings/effective-settings.ts';
import { accountState, type Lock } from './account-state.ts';
import type { User } from './user.ts';
import type { UserEvent } from './user-events.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** A lock that grows stops here, so that nobody is locked out for good by a stranger who guesses. */
export const LOCK_GROWS_TO_MS = 24 * HOUR_MS;
/** A lock this long ago does not make the next one longer. */
export const LOCKOUTS_REMEMBERED_MS = 30 * 24 * HOUR_MS;

export interface LockRule {
  /** The account locks with this failed attempt. */
  readonly attemptsMax: number;
  /** Of the first lock; 0 is until an administrator unlocks. */
  readonly lockMs: number;
  /** Each lock is longer than the one before by this factor. */
  readonly ratio: number;
}

const PREFIX = 'account.lock.handler';

/** Null: attempts are not counted. */
export function lockRule(settings: EffectiveSettings): LockRule | null {
  if (!isOn(settings, `${PREFIX}.lock.on.max.failed.attempts.enable`)) return null;
  return {
    attemptsMax: wholeOf(settings, `${PREFIX}.On.Failure.Max.Attempts`),
    lockMs: wholeOf(settings, `${PREFIX}.Time`) * MINUTE_MS,
    ratio: wholeOf(settings, `${PREFIX}.login.fail.timeout.ratio`),
  };
}

/** Whether the lock keeps everybody out now. One that has run out lets the right password through, which lifts it. */
export const isLockedAt = (lock: Lock | null, nowMs: number): boolean =>
  lock !== null && (lock.until === null || Date.parse(lock.until) > nowMs);

export interface Failure {
  readonly rule: LockRule;
  readonly nowMs: number;
  /** Nobody else could unlock him: his lock always ends by itself. */
  readonly isOwner: boolean;
}

export function decideLockAfterFailures(user: User, { rule, nowMs, isOwner }: Failure): Result<Decision, never> {
  if (user.status !== 'present' || isLockedAt(user.lock, nowMs)) return accept(nothing);
  const former = lockoutsRemembered(user, nowMs);
  const durationMs = lockDurationMs(rule, former, isOwner);
  const until = durationMs === null ? null : new Date(nowMs + durationMs).toISOString();
  const lock: Lock = { reason: 'MAX_ATTEMPTS_EXCEEDED', until };
  const state = accountState({ ...user, lock });
  const fact: UserEvent = {
    type: 'identity.user.locked.v1',
    data: { reason: lock.reason, state, lockouts: former + 1, ...(until === null ? {} : { until }) },
  };
  return accept({ facts: [fact] });
}

/** The right password after the lock has run out. What the account waits for it goes on to wait for. */
export function decideUnlockAfterTime(user: User, nowMs: number): Result<Decision, never> {
  if (user.status !== 'present' || user.lock === null || isLockedAt(user.lock, nowMs)) return accept(nothing);
  const state = accountState({ ...user, lock: null });
  const fact: UserEvent = { type: 'identity.user.unlocked.v1', data: { state, by: 'time' } };
  return accept({ facts: [fact] });
}

function lockoutsRemembered({ lockouts, lockedOutAt }: User, nowMs: number): number {
  if (lockedOutAt === null) return 0;
  return nowMs - Date.parse(lockedOutAt) > LOCKOUTS_REMEMBERED_MS ? 0 : lockouts;
}

/** `Time × ratio^(previous lockouts)`, up to a limit. Null: it does not end by itself. */
function lockDurationMs({ lockMs, ratio }: LockRule, former: number, isOwner: boolean): number | null {
  if (lockMs === 0) return isOwner ? LOCK_GROWS_TO_MS : null;
  return Math.min(lockMs * ratio ** former, Math.max(LOCK_GROWS_TO_MS, lockMs));
}
