import { z } from 'zod';
import { decideCreateUser, type User, users } from '../../domain/users/user.ts';
import type { Command } from '../command.ts';
import {
  attributesInput,
  discardPassword,
  type PasswordFacts,
  storePassword,
  type UserCommandRefusal,
} from './user-command.ts';

const input = z.strictObject({
  userName: z.string(),
  attributes: attributesInput.default({}),
  password: z.string().optional(),
  locked: z.boolean().default(false),
  disabled: z.boolean().default(false),
});

export const createUser: Command<z.output<typeof input>, User, UserCommandRefusal, PasswordFacts> = {
  type: 'CreateUser',
  summary: 'Creates a user in the caller’s organization.',
  input,
  permissions: ['internal_user_mgt_create'],
  aggregate: users,
  target: () => null,
  facts: (scope) => storePassword(scope, scope.input.password),
  decide: (user, { userName, attributes, locked, disabled }, { verifier }, { envelope }) =>
    decideCreateUser(user, {
      org: envelope.caller.org,
      userName,
      attributes,
      locked,
      disabled,
      ...(verifier === undefined ? {} : { verifier }),
    }),
  undo: discardPassword,
  afterwards: async ({ state }, facts, scope) => {
    if (facts.verifier !== undefined && state.verifier !== facts.verifier) await discardPassword(facts, scope);
  },
};
