/** Changes of an account that exists: any of its parts in one request, or one part by its own name. */
import { z } from 'zod';
import { userId } from '../../domain/id-parsers.ts';
import { accept, type Result, refuse } from '../../domain/result.ts';
import { isOn } from '../../domain/settings/effective-settings.ts';
import { decideChangeUser, type User, type UserChange, users } from '../../domain/users/user.ts';
import type { Command, Scope } from '../command.ts';
import type { Kernel } from '../kernel.ts';
import { effectiveSettings } from '../settings/effective-settings.ts';
import { discardPassword, type PasswordFacts, passwordRef, storePassword } from './passwords.ts';
import { attributesInput, ownerRefusal, type UserCommandRefusal, unsetInput } from './user-command.ts';

interface ChangeInput extends Omit<UserChange, 'verifier' | 'verifiersKept' | 'by' | 'hold' | 'proven'> {
  readonly userId: string;
  readonly password?: string | undefined;
  /** The account waits until the user has reset his password; nothing where no way of resetting is switched on. */
  readonly forcePasswordReset?: boolean | undefined;
}

interface ChangeFacts extends PasswordFacts {
  /** The verifiers before the change. */
  readonly former: readonly string[];
  readonly hold?: NonNullable<UserChange['hold']>;
}

/** One of them suffices for an order to reset. */
const RESET_SWITCHES = ['RecoveryLink', 'OTP', 'SMSOTP', 'Offline'].map((way) => `Recovery.AdminPasswordReset.${way}`);

type ChangeCommand<Input extends { readonly userId: string }> = Command<Input, User, UserCommandRefusal, ChangeFacts>;

const changeInput = z.strictObject({
  userId,
  set: attributesInput.optional(),
  unset: unsetInput.optional(),
  locked: z.boolean().optional(),
  disabled: z.boolean().optional(),
  password: z.string().optional(),
  forcePasswordReset: z.boolean().optional(),
});

const only = z.strictObject({ userId });

/** All at once, as SCIM asks it: one append, or none. */
export const changeUser = changeCommand('ChangeUser', 'Changes parts of a user in one step.', changeInput, asGiven);

export const changeUserAttributes = changeCommand(
  'ChangeUserAttributes',
  'Sets and removes attributes of a user.',
  changeInput.pick({ userId: true, set: true, unset: true }),
  asGiven,
);

export const setUserPassword = changeCommand(
  'SetUserPassword',
  'Sets a user’s password; sessions and grants made before end.',
  z.strictObject({ userId, password: z.string() }),
  asGiven,
);

export const lockUser = changeCommand('LockUser', 'Locks a user out until unlocked.', only, () => ({ locked: true }));
export const unlockUser = changeCommand('UnlockUser', 'Lifts a lock.', only, () => ({ locked: false }));
export const disableUser = changeCommand('DisableUser', 'Disables an account.', only, () => ({ disabled: true }));
export const enableUser = changeCommand('EnableUser', 'Enables an account again.', only, () => ({ disabled: false }));

/** The same as `forcePasswordReset` of ChangeUser. */
export const forcePasswordReset = changeCommand(
  'ForcePasswordReset',
  'Locks a user until he has reset his password, where a way of resetting is switched on.',
  z.strictObject({ userId, forcePasswordReset: z.literal(true).default(true) }),
  () => ({}),
);

function changeCommand<Schema extends z.ZodType<{ userId: string }>>(
  type: string,
  summary: string,
  input: Schema,
  changeOf: (input: ChangeInput) => UserChange,
): ChangeCommand<z.output<Schema>> {
  return {
    type,
    summary,
    input: input as unknown as z.ZodType<z.output<Schema>>,
    permissions: ['internal_user_mgt_update'],
    aggregate: users,
    target: (given) => given.userId,
    facts: gather,
    decide: (user, given, { verifier, verifiersKept, hold }, { envelope, id }) =>
      decideChangeUser(user, {
        ...changeOf(given as unknown as ChangeInput),
        by: envelope.caller.id === id ? 'user' : 'administrator',
        ...(verifier === undefined ? {} : { verifier }),
        ...(verifiersKept === undefined ? {} : { verifiersKept }),
        ...(hold === undefined ? {} : { hold }),
      }),
    undo: discardPassword,
    afterwards: dropFormerPasswords,
  };
}

function asGiven({ set, unset, locked, disabled }: ChangeInput): UserChange {
  return {
    ...(set === undefined ? {} : { set }),
    ...(unset === undefined ? {} : { unset }),
    ...(locked === undefined ? {} : { locked }),
    ...(disabled === undefined ? {} : { disabled }),
  };
}

async function gather(scope: Scope<{ readonly userId: string }>): Promise<Result<ChangeFacts, UserCommandRefusal>> {
  const refusal = await ownerRefusal(scope);
  if (refusal !== null) return refuse(refusal);
  const { password, forcePasswordReset: reset } = scope.input as ChangeInput;
  const { kernel, id, envelope } = scope;
  const { tenant, org } = envelope.caller;
  const hold = reset === true ? await resetHold(kernel, { tenant, org }) : {};
  if (password === undefined) return accept({ former: [], ...hold });
  const { state: user } = await kernel.aggregates.load(users, id);
  if (user.status !== 'present' || user.tenant !== tenant) return refuse({ reason: 'user-not-found' });
  const stored = await storePassword(scope, { password, tenant, org, owner: id, user });
  if (!stored.ok) return stored;
  return accept({ ...stored.value, ...hold, former: verifiersOf(user) });
}

async function resetHold(kernel: Kernel, place: { readonly tenant: string; readonly org: string }) {
  const settings = await effectiveSettings(kernel, place);
  const isPossible = RESET_SWITCHES.some((name) => isOn(settings, name));
  return isPossible ? { hold: { pending: 'PENDING_FUPR', lock: true } as const } : {};
}

const verifiersOf = ({ verifier, formerVerifiers }: User): readonly string[] =>
  verifier === null ? formerVerifiers : [verifier, ...formerVerifiers];

/** What the history does not keep goes out of the vault. */
async function dropFormerPasswords(outcome: { state: User }, facts: ChangeFacts, scope: Scope<unknown>): Promise<void> {
  if (facts.verifier === undefined) return;
  if (outcome.state.verifier !== facts.verifier) return await discardPassword(facts, scope);
  const kept = new Set(verifiersOf(outcome.state));
  for (const verifier of facts.former) {
    if (!kept.has(verifier)) await scope.kernel.vault.removeSecret(passwordRef(scope.id, verifier));
  }
}
