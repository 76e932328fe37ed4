/** Changes of an account that exists: any of its parts in one request, or one part by its own name. */
import { z } from 'zod';
import { userId } from '../../domain/id-parsers.ts';
import { accept, type Result, refuse } from '../../domain/result.ts';
import { decideChangeUser, type User, type UserChange, users } from '../../domain/users/user.ts';
import type { Attributes } from '../../domain/users/user-events.ts';
import type { Command, Scope } from '../command.ts';
import { type AttributeFacts, attributeFacts } from './attribute-facts.ts';
import {
  attributesInput,
  discardPassword,
  ownerRefusal,
  type PasswordFacts,
  passwordRef,
  storePassword,
  type UserCommandRefusal,
  undeclaredInput,
  unsetInput,
} from './user-command.ts';

interface ChangeInput extends Omit<UserChange, 'verifier' | 'by' | 'unique' | 'set'> {
  readonly userId: string;
  readonly set?: Attributes;
  readonly undeclared?: 'refuse' | 'drop';
  readonly password?: string | undefined;
}

interface ChangeFacts extends PasswordFacts, AttributeFacts {
  /** The verifier that the change replaces. */
  readonly former: string | null;
}

type ChangeCommand<Input extends { readonly userId: string }> = Command<Input, User, UserCommandRefusal, ChangeFacts>;

const changeInput = z.strictObject({
  userId,
  set: attributesInput.optional(),
  unset: unsetInput.optional(),
  undeclared: undeclaredInput,
  locked: z.boolean().optional(),
  disabled: z.boolean().optional(),
  password: z.string().optional(),
});

const only = z.strictObject({ userId });

/** All at once, as SCIM asks it: one append, or none. */
export const changeUser = changeCommand('ChangeUser', 'Changes parts of a user in one step.', changeInput, asGiven);

export const changeUserAttributes = changeCommand(
  'ChangeUserAttributes',
  'Sets and removes attributes of a user.',
  changeInput.pick({ userId: true, set: true, unset: true, undeclared: true }),
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
    decide: (user, given, { verifier, set, unset, unique }, { envelope, id }) => {
      const change = { ...changeOf(given as unknown as ChangeInput), set, unset, unique };
      if (verifier === undefined) return decideChangeUser(user, change);
      const by = envelope.caller.id === id ? 'user' : 'administrator';
      return decideChangeUser(user, { ...change, verifier, by });
    },
    undo: discardPassword,
    afterwards: dropFormerPassword,
  };
}

function asGiven({ locked, disabled }: ChangeInput): UserChange {
  return {
    ...(locked === undefined ? {} : { locked }),
    ...(disabled === undefined ? {} : { disabled }),
  };
}

async function gather(scope: Scope<{ readonly userId: string }>): Promise<Result<ChangeFacts, UserCommandRefusal>> {
  const refusal = await ownerRefusal(scope);
  if (refusal !== null) return refuse(refusal);
  const { password, set, unset, undeclared = 'refuse' } = scope.input as ChangeInput;
  const { org } = scope.envelope.caller;
  const checked = await attributeFacts(scope.kernel, { org, set, unset, undeclared });
  if (!checked.ok) return checked;
  if (password === undefined) return accept({ ...checked.value, former: null });
  const { state } = await scope.kernel.aggregates.load(users, scope.id);
  if (state.status !== 'present' || state.tenant !== scope.envelope.caller.tenant)
    return refuse({ reason: 'user-not-found' });
  const stored = await storePassword(scope, password);
  return stored.ok ? accept({ ...checked.value, ...stored.value, former: state.verifier }) : stored;
}

async function dropFormerPassword(outcome: { state: User }, facts: ChangeFacts, scope: Scope<unknown>): Promise<void> {
  if (facts.verifier === undefined) return;
  if (outcome.state.verifier !== facts.verifier) return await discardPassword(facts, scope);
  if (facts.former !== null) await scope.kernel.vault.removeSecret(passwordRef(scope.id, facts.former));
}
