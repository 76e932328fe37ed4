/**
 * Counts attempts with a password, one counter for each user over all doors and nodes.
 *
 * An attempt is counted before the password is looked at, so that attempts side by side cannot be more than the limit.
 * The counter belongs to the time since the account was last locked or unlocked: with the next lock it begins at nought
 * by itself. The log gets an event when an account is locked and when it is unlocked, and none for an attempt.
 */
import type { TenantId, UserId } from '../../domain/ids.ts';
import type { LockRule } from '../../domain/users/failed-attempts.ts';
import type { User } from '../../domain/users/user.ts';
import type { TransientEntry, TransientKey } from '../../infra/transient-store/transient-store.ts';
import type { Kernel } from '../kernel.ts';

/** A guesser who comes more seldom than this begins at nought. */
export const ATTEMPTS_REMEMBERED_MS = 90 * 24 * 3_600_000;
/** An attempt that takes longer has died with its process: whoever comes next locks the account in its place. */
const ATTEMPT_MS_MAX = 60_000;
/** Attempts beside this one that win against it; each of them has counted. */
const CONFLICTS_MAX = 20;
const NOBODY_MS = 60_000;
const NOBODIES = 16;

/** The how-manieth attempt it is; `over`: there were enough. */
export type Attempt =
  | { readonly kind: 'uncounted' }
  | { readonly kind: 'counted'; readonly number: number; readonly key: TransientKey }
  /** `mustLock`: the attempt that should have locked the account never came to it. */
  | { readonly kind: 'over'; readonly mustLock: boolean };

type Counter = { readonly count: number; readonly atMs: number };

export interface Attempted {
  readonly tenant: TenantId;
  readonly id: UserId;
  readonly user: Pick<User, 'attemptsRevision'>;
}

export async function beginAttempt(kernel: Kernel, rule: LockRule, attempted: Attempted): Promise<Attempt> {
  const key = keyOf(attempted);
  const triesMax = rule.attemptsMax + CONFLICTS_MAX;
  for (let tries = 0; tries < triesMax; tries += 1) {
    const entry = await kernel.transient.get<Counter>(key);
    const count = entry?.value.count ?? 0;
    const nowMs = kernel.clock();
    if (count >= rule.attemptsMax) {
      return { kind: 'over', mustLock: nowMs - (entry?.value.atMs ?? nowMs) > ATTEMPT_MS_MAX };
    }
    if (await put(kernel, key, entry, { count: count + 1, atMs: nowMs })) {
      return { kind: 'counted', number: count + 1, key };
    }
  }
  return { kind: 'over', mustLock: false };
}

/** For names that nobody has and accounts whose attempts do not count: as much work, so that time tells nothing. */
export async function countNothing(kernel: Kernel, tenant: TenantId): Promise<Attempt> {
  const slot = Number.parseInt(kernel.uuid().slice(-2), 16) % NOBODIES;
  const key: TransientKey = { type: 'password-attempts', tenant, id: `nobody.${slot}` };
  await kernel.transient.get(key);
  const expiresAtMs = kernel.clock() + NOBODY_MS;
  await kernel.transient.commit([{ op: 'put', key, value: { count: 0, atMs: 0 }, expiresAtMs, expect: 'any' }]);
  return { kind: 'uncounted' };
}

/** The right password: counting begins at nought. A power cut that loses this leaves a counter that is too high. */
export async function forgetAttempts(kernel: Kernel, attempt: Attempt): Promise<void> {
  if (attempt.kind !== 'counted') return;
  await kernel.transient.commit([{ op: 'remove', key: attempt.key, expect: 'any' }], { survives: 'crash' });
}

/** The password was never looked at, because the server was too busy: nobody is to be locked for that. */
export async function takeBack(kernel: Kernel, attempt: Attempt): Promise<void> {
  if (attempt.kind !== 'counted') return;
  for (let tries = 0; tries < CONFLICTS_MAX; tries += 1) {
    const entry = await kernel.transient.get<Counter>(attempt.key);
    if (entry === null || entry.value.count === 0) return;
    const value = { ...entry.value, count: entry.value.count - 1 };
    if (await put(kernel, attempt.key, entry, value)) return;
  }
}

const keyOf = ({ tenant, id, user }: Attempted): TransientKey => ({
  type: 'password-attempts',
  tenant,
  id: `${id}.${user.attemptsRevision}`,
});

async function put(
  kernel: Kernel,
  key: TransientKey,
  entry: TransientEntry<Counter> | null,
  value: Counter,
): Promise<boolean> {
  const expiresAtMs = kernel.clock() + ATTEMPTS_REMEMBERED_MS;
  const expect = entry === null ? 'absent' : entry.version;
  return await kernel.transient.commit([{ op: 'put', key, value, expiresAtMs, expect }]);
}
