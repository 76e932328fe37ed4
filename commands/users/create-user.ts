import { z } from 'zod';
import { accept } from '../../domain/result.ts';
import { decideCreateUser, type User, users } from '../../domain/users/user.ts';
import type { Command } from '../command.ts';
import { type AttributeFacts, attributeFacts } from './attribute-facts.ts';
import {
  attributesInput,
  discardPassword,
  type PasswordFacts,
  storePassword,
  type UserCommandRefusal,
  undeclaredInput,
} from './user-command.ts';

const input = z.strictObject({
  userName: z.string(),
  attributes: attributesInput.default({}),
  undeclared: undeclaredInput,
  password: z.string().optional(),
  locked: z.boolean().default(false),
  disabled: z.boolean().default(false),
});

export const createUser: Command<z.output<typeof input>, User, UserCommandRefusal, PasswordFacts & AttributeFacts> = {
  type: 'CreateUser',
  summary: 'Creates a user in the caller’s organization.',
  input,
  permissions: ['internal_user_mgt_create'],
  aggregate: users,
  target: () => null,
  facts: async (scope) => {
    const { attributes, undeclared, password } = scope.input;
    const { org } = scope.envelope.caller;
    const checked = await attributeFacts(scope.kernel, { org, set: attributes, undeclared });
    if (!checked.ok) return checked;
    const stored = await storePassword(scope, password);
    return stored.ok ? accept({ ...checked.value, ...stored.value }) : stored;
  },
  decide: (user, { userName, locked, disabled }, { set, unique, verifier }, { envelope }) =>
    decideCreateUser(user, {
      org: envelope.caller.org,
      userName,
      attributes: set,
      unique,
      locked,
      disabled,
      ...(verifier === undefined ? {} : { verifier }),
    }),
  undo: discardPassword,
  afterwards: async ({ state }, facts, scope) => {
    if (facts.verifier !== undefined && state.verifier !== facts.verifier) await discardPassword(facts, scope);
  },
};
