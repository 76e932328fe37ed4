/**
 * The one way by which a password comes to be: rules, history and the list of breached passwords are asked, then it is
 * hashed into the vault. Whatever sets a password calls `storePassword`; nothing else may hash a new one.
 */

import { accept, type Result, refuse } from '../../domain/result.ts';
import { type EffectiveSettings, isOn, wholeOf } from '../../domain/settings/effective-settings.ts';
import { type PasswordRefusal, passwordRefusal } from '../../domain/users/password.ts';
import type { User } from '../../domain/users/user.ts';
import type { SecretRef } from '../../infra/vault/vault.ts';
import type { Scope } from '../command.ts';
import type { Kernel } from '../kernel.ts';
import { effectiveSettings } from '../settings/effective-settings.ts';

export interface PasswordFacts {
  /** Id of the new verifier in the vault; absent where no password was given. */
  readonly verifier?: string;
  /** How many former verifiers the vault keeps. */
  readonly verifiersKept?: number;
}

export const passwordRef = (user: string, verifier: string): SecretRef => ({
  kind: 'password',
  owner: user,
  id: verifier,
});

export interface NewPassword {
  readonly password: string | undefined;
  readonly tenant: string;
  readonly org: string;
  /** Whose it is. */
  readonly owner: string;
  /** The user as he is; null for a new one. */
  readonly user: Pick<User, 'verifier' | 'formerVerifiers'> | null;
}

/** Hashes and stores a new verifier under a new id: the event that names it makes it count. */
export async function storePassword(
  scope: Scope<unknown>,
  given: NewPassword,
): Promise<Result<PasswordFacts, PasswordRefusal>> {
  const { password, org, owner } = given;
  if (password === undefined) return accept({});
  const { kernel, envelope } = scope;
  const settings = await effectiveSettings(kernel, given);
  const refusal =
    passwordRefusal(password, settings.rules('password').value) ??
    (await breachRefusal(kernel, password)) ??
    (await historyRefusal(kernel, settings, { ...given, password }));
  if (refusal !== null) return refuse(refusal);

  const verifier = kernel.uuid();
  const facts = { verifier, verifiersKept: Math.max(0, passwordsRemembered(settings) - 1) };
  if (envelope.dryRun === true) return accept(facts);
  const phc = await kernel.hasher.hash(password);
  await kernel.vault.putSecret(passwordRef(owner, verifier), org, Buffer.from(phc));
  return accept(facts);
}

export async function discardPassword({ verifier }: PasswordFacts, scope: Scope<unknown>): Promise<void> {
  if (verifier !== undefined && scope.envelope.dryRun !== true) {
    await scope.kernel.vault.removeSecret(passwordRef(scope.id, verifier));
  }
}

/** The password in use counts as one. 0: none is remembered. */
const passwordsRemembered = (settings: EffectiveSettings): number =>
  isOn(settings, 'passwordHistory.enable') ? wholeOf(settings, 'passwordHistory.count') : 0;

/** As many verifications whatever there is to compare with, so that time does not tell how many passwords there were. */
async function historyRefusal(
  kernel: Kernel,
  settings: EffectiveSettings,
  { owner, user, password }: NewPassword & { readonly password: string },
): Promise<PasswordRefusal | null> {
  const count = passwordsRemembered(settings);
  if (user === null || count === 0) return null;
  const current = user.verifier === null ? [] : [user.verifier];
  const verifiers = [...current, ...user.formerVerifiers].slice(0, count);
  let isFormer = false;
  for (let index = 0; index < count; index += 1) {
    const verifier = verifiers[index];
    const phc = verifier === undefined ? null : await kernel.vault.secret(passwordRef(owner, verifier));
    if (phc === null) await kernel.hasher.verifyNothing(password);
    else if ((await kernel.hasher.verify(phc.toString('utf8'), password)).matches) isFormer = true;
  }
  return isFormer ? { reason: 'password-used-before', count } : null;
}

async function breachRefusal({ breachedPasswords }: Kernel, password: string): Promise<PasswordRefusal | null> {
  if (breachedPasswords === undefined) return null;
  const found = await breachedPasswords.find(password);
  if (found === 'breached') return { reason: 'password-breached' };
  return found === 'unknown' && breachedPasswords.whenUnknown === 'refuse' ? { reason: 'password-unchecked' } : null;
}
