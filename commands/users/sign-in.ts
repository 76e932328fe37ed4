/** Proves a name and password, and says why not in words that only the log hears. */

import { z } from 'zod';
import type { TenantId, UserId } from '../../domain/ids.ts';
import { accept, type Result, refuse } from '../../domain/result.ts';
import type { LoginFailure } from '../../domain/sessions/session-events.ts';
import type { EffectiveSettings } from '../../domain/settings/effective-settings.ts';
import { isLockedAt, type LockRule, lockRule } from '../../domain/users/failed-attempts.ts';
import { PASSWORD_BYTES_MAX } from '../../domain/users/password.ts';
import { isPasswordExpired } from '../../domain/users/password-expiry.ts';
import { decideRehashPassword, type User, userNameClaim, users } from '../../domain/users/user.ts';
import type { LockReason } from '../../domain/users/user-events.ts';
import type { Command } from '../command.ts';
import type { Kernel } from '../kernel.ts';
import { execute } from '../pipeline.ts';
import { ownerOf } from '../reservations.ts';
import { recordFailedSignIn } from '../sessions/record.ts';
import { effectiveSettings } from '../settings/effective-settings.ts';
import type { RequestTrace } from '../technical-stream.ts';
import { isNeverLocked, lockAfterFailures, signInCaller, unlockAfterTime } from './lock-by-attempts.ts';
import { type Attempt, beginAttempt, countNothing, forgetAttempts, takeBack } from './password-attempts.ts';
import { passwordRef } from './passwords.ts';

export interface Credentials {
  readonly tenant: TenantId;
  readonly userName: string;
  readonly password: string;
  /** For the record; null outside a login to an application. */
  readonly application: string | null;
  readonly trace: RequestTrace;
}

export interface SignInRefusal {
  readonly reason: LoginFailure;
  readonly user: UserId | null;
  /** Only where wrong passwords are counted and there may be more of them. */
  readonly remainingAttempts?: number;
}

interface Known {
  readonly id: UserId | null;
  readonly user: User | null;
}

interface Checked {
  readonly matches: boolean;
  /** The parameters changed since the password was hashed. */
  readonly rehash: boolean;
}

/**
 * Whatever is wrong, it takes as long as a wrong password. An account that is locked or disabled answers the same to the
 * right password and to a wrong one; what an account waits for, and that a password has expired, is told only to who
 * knows the password.
 */
export async function signIn(kernel: Kernel, given: Credentials): Promise<Result<UserId, SignInRefusal>> {
  const { tenant, userName } = given;
  const id = (await ownerOf(kernel, userNameClaim({ org: tenant, userName }))) as UserId | null;
  const user = id === null ? null : (await kernel.aggregates.load(users, id)).state;
  const settings = await effectiveSettings(kernel, { tenant, org: tenant });
  const rule = lockRule(settings);

  const attempt = await attemptOf(kernel, rule, { tenant, id, user });
  const checked = await checkedPassword(kernel, attempt, given, { id, user });
  const reason = failure(attempt, { user, checked, settings, nowMs: kernel.clock() });
  if (checked.matches && reason !== 'locked') await forgetAttempts(kernel, attempt);
  if (reason !== null || id === null || user === null) {
    return refuse(await failed(kernel, given, { id, user, rule, attempt, reason: reason ?? 'no-such-user' }));
  }
  const { trace, password } = given;
  if (user.lock !== null) await unlockAfterTime(kernel, { tenant, user: id, trace });
  if (checked.rehash && user.verifier !== null)
    await renew(kernel, { tenant, id, from: user.verifier, password, trace });
  return accept(id);
}

const isPresent = (user: User | null): user is User => user?.status === 'present';

async function attemptOf(
  kernel: Kernel,
  rule: LockRule | null,
  { tenant, id, user }: Known & { readonly tenant: TenantId },
): Promise<Attempt> {
  if (rule === null) return { kind: 'uncounted' };
  const counts = isPresent(user) && !user.disabled && !isLockedAt(user.lock, kernel.clock());
  if (!counts || id === null || (await isNeverLocked(kernel, user))) return await countNothing(kernel, tenant);
  return await beginAttempt(kernel, rule, { tenant, id, user });
}

async function checkedPassword(kernel: Kernel, attempt: Attempt, given: Credentials, known: Known): Promise<Checked> {
  try {
    return await verified(kernel, given.password, attempt.kind === 'over' ? nobody : known);
  } catch (error) {
    await takeBack(kernel, attempt);
    throw error;
  }
}

const nobody: Known = { id: null, user: null };
const wrong: Checked = { matches: false, rehash: false };

async function verified(kernel: Kernel, password: string, { id, user }: Known): Promise<Checked> {
  if (Buffer.byteLength(password) > PASSWORD_BYTES_MAX) return wrong;
  const verifier = user?.verifier ?? null;
  const phc = id === null || verifier === null ? null : await kernel.vault.secret(passwordRef(id, verifier));
  if (phc !== null) return await kernel.hasher.verify(phc.toString('utf8'), password);
  await kernel.hasher.verifyNothing(password);
  return wrong;
}

interface Judged {
  readonly user: User | null;
  readonly checked: Checked;
  readonly settings: EffectiveSettings;
  readonly nowMs: number;
}

function failure(attempt: Attempt, { user, checked, settings, nowMs }: Judged): LoginFailure | null {
  if (!isPresent(user)) return 'no-such-user';
  if (attempt.kind === 'over') return 'locked';
  if (user.lock !== null && isLockedAt(user.lock, nowMs)) return lockFailure(user.lock.reason, checked);
  if (user.disabled) return 'disabled';
  if (!checked.matches) return 'wrong-password';
  return isPasswordExpired(user, settings, nowMs) ? 'password-expired' : null;
}

function lockFailure(reason: LockReason, { matches }: Checked): LoginFailure {
  switch (reason) {
    case 'PENDING_ADMIN_FORCED_USER_PASSWORD_RESET':
      return 'reset-pending';
    case 'PENDING_SELF_REGISTRATION':
    case 'PENDING_EMAIL_VERIFICATION':
      return matches ? 'confirmation-pending' : 'wrong-password';
    case 'PENDING_ASK_PASSWORD':
      return 'wrong-password';
    case 'ADMIN_INITIATED':
    case 'MAX_ATTEMPTS_EXCEEDED':
    case 'IDLE_ACCOUNT':
      return 'locked';
    default:
      return reason satisfies never;
  }
}

interface Failed extends Known {
  readonly rule: LockRule | null;
  readonly attempt: Attempt;
  readonly reason: LoginFailure;
}

/** The lock is written beside the record of the attempt, so that the attempt that locks takes no longer than another. */
async function failed(
  kernel: Kernel,
  given: Credentials,
  { id, user, rule, attempt, reason }: Failed,
): Promise<SignInRefusal> {
  const { tenant, trace, application } = given;
  const left = rule === null || attempt.kind !== 'counted' ? null : rule.attemptsMax - attempt.number;
  const locks = attempt.kind === 'over' ? attempt.mustLock : left === 0 && reason === 'wrong-password';
  const told = locks ? 'locked' : reason;
  const fact = { type: 'session.login.failed.v1', data: { application, reason: told } } as const;
  const record = recordFailedSignIn(kernel, { tenant, user: isPresent(user) ? id : null, fact, trace });
  const lock =
    locks && rule !== null && id !== null ? lockAfterFailures(kernel, { tenant, user: id, trace }, rule) : null;
  await Promise.all([record, lock]);
  return { reason: told, user: id, ...(left === null || told !== 'wrong-password' ? {} : { remainingAttempts: left }) };
}

interface Renewal {
  readonly tenant: TenantId;
  readonly id: UserId;
  readonly from: string;
  readonly password: string;
  readonly trace: RequestTrace;
}

/** The parameters changed since the password was hashed: it is known now, so it is hashed again. */
async function renew(kernel: Kernel, { tenant, id, from, password, trace }: Renewal): Promise<void> {
  const to = kernel.uuid();
  const phc = await kernel.hasher.hash(password);
  await kernel.vault.putSecret(passwordRef(id, to), tenant, Buffer.from(phc));
  await execute(kernel, rehashPassword, { userId: id, from, to }, { caller: signInCaller(tenant), ...trace });
  const { state } = await kernel.aggregates.load(users, id);
  await kernel.vault.removeSecret(passwordRef(id, state.verifier === to ? from : to));
}

const rehashInput = z.strictObject({ userId: z.string(), from: z.string(), to: z.string() });

const rehashPassword: Command<z.output<typeof rehashInput>, User> = {
  type: 'RehashPassword',
  summary: 'Names the verifier that replaces one of the same password.',
  input: rehashInput,
  permissions: [],
  aggregate: users,
  target: ({ userId }) => userId,
  decide: (user, change) => decideRehashPassword(user, change),
};
