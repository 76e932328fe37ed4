import { z } from 'zod';
import { accept, type Result, refuse } from '../../domain/result.ts';
import { type EffectiveSettings, isOn } from '../../domain/settings/effective-settings.ts';
import { brokenRule } from '../../domain/settings/validation-rules.ts';
import { decideCreateUser, type NewUser, type User, users } from '../../domain/users/user.ts';
import type { Command, Scope } from '../command.ts';
import { effectiveSettings } from '../settings/effective-settings.ts';
import { discardPassword, type PasswordFacts, storePassword } from './passwords.ts';
import { attributesInput, type UserCommandRefusal } from './user-command.ts';

const input = z.strictObject({
  userName: z.string(),
  attributes: attributesInput.default({}),
  password: z.string().optional(),
  locked: z.boolean().default(false),
  disabled: z.boolean().default(false),
  /** He sets his first password himself; one that is given here is not taken. */
  invited: z.boolean().default(false),
  /** His e-mail address must be verified, where the organization has that switched on. */
  verifyEmail: z.boolean().default(false),
});
type Input = z.output<typeof input>;

interface CreateFacts extends PasswordFacts {
  readonly hold: NewUser['hold'] | null;
}

export const createUser: Command<Input, User, UserCommandRefusal, CreateFacts> = {
  type: 'CreateUser',
  summary: 'Creates a user in the caller’s organization.',
  input,
  permissions: ['internal_user_mgt_create'],
  aggregate: users,
  target: () => null,
  facts: gather,
  decide: (user, { userName, attributes, locked, disabled }, { verifier, hold }, { envelope }) =>
    decideCreateUser(user, {
      org: envelope.caller.org,
      userName,
      attributes,
      locked,
      disabled,
      ...(verifier === undefined ? {} : { verifier }),
      ...(hold === null || hold === undefined ? {} : { hold }),
    }),
  undo: discardPassword,
  afterwards: async ({ state }, facts, scope) => {
    if (facts.verifier !== undefined && state.verifier !== facts.verifier) await discardPassword(facts, scope);
  },
};

async function gather(scope: Scope<Input>): Promise<Result<CreateFacts, UserCommandRefusal>> {
  const { kernel, envelope, id, input: given } = scope;
  const { tenant, org } = envelope.caller;
  const settings = await effectiveSettings(kernel, { tenant, org });
  const broken = brokenRule(settings.rules('username').value, given.userName);
  if (broken !== null) return refuse({ reason: 'user-name-breaks-rule', ...broken });
  const hold = holdOf(settings, given);
  if (hold?.pending === 'PENDING_EV' && !hasEmail(given)) return refuse({ reason: 'email-missing' });
  const password = given.invited ? undefined : given.password;
  const stored = await storePassword(scope, { password, tenant, org, owner: id, user: null });
  return stored.ok ? accept({ ...stored.value, hold }) : stored;
}

function holdOf(settings: EffectiveSettings, { invited, verifyEmail }: Input): CreateFacts['hold'] {
  const lock = isOn(settings, 'EmailVerification.LockOnCreation');
  if (invited) return { pending: 'PENDING_AP', lock };
  return verifyEmail && isOn(settings, 'EmailVerification.Enable') ? { pending: 'PENDING_EV', lock } : null;
}

const hasEmail = ({ attributes: { emails } }: Input): boolean => Array.isArray(emails) && emails.length > 0;
