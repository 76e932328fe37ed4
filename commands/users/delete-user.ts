/** The two ways an account ends: deleted (history stays readable) and erased (personal data is gone for ever). */
import { z } from 'zod';
import { userId } from '../../domain/id-parsers.ts';
import type { UserId } from '../../domain/ids.ts';
import { accept, type Result, refuse } from '../../domain/result.ts';
import { decideDeleteUser, decideEraseUser, type User, users } from '../../domain/users/user.ts';
import type { Command, Outcome, Scope } from '../command.ts';
import { passwordRef } from './passwords.ts';
import { ownerRefusal, type UserCommandRefusal } from './user-command.ts';

const input = z.strictObject({ userId });

type EndCommand = Command<z.output<typeof input>, User, UserCommandRefusal, { readonly former: readonly string[] }>;

export const deleteUser: EndCommand = {
  type: 'DeleteUser',
  summary: 'Deletes a user; the name is free again, the history stays.',
  input,
  permissions: ['internal_user_mgt_delete'],
  aggregate: users,
  target: (given) => given.userId,
  facts: gather,
  decide: (user) => decideDeleteUser(user),
  afterwards: async (_, { former }, { kernel, id }) => {
    for (const verifier of former) await kernel.vault.removeSecret(passwordRef(id, verifier));
  },
};

export const eraseUser: EndCommand = {
  type: 'EraseUser',
  summary: 'Erases a user: destroys the key of his personal data everywhere, in the log and its copies.',
  input,
  permissions: ['internal_user_mgt_delete'],
  aggregate: users,
  target: (given) => given.userId,
  facts: gather,
  decide: (user, given) => decideEraseUser(user, given.userId as UserId),
  // Runs also when the user was erased before: a stop between event and key leaves nothing behind once it is repeated.
  afterwards: async ({ state }: Outcome<User>, _, { kernel, id }) => {
    if (state.status === 'erased') await kernel.vault.destroySubject(id);
  },
};

async function gather(
  scope: Scope<{ readonly userId: string }>,
): Promise<Result<{ former: readonly string[] }, UserCommandRefusal>> {
  const refusal = await ownerRefusal(scope);
  if (refusal !== null) return refuse(refusal);
  const { state } = await scope.kernel.aggregates.load(users, scope.id);
  return accept({ former: [...(state.verifier === null ? [] : [state.verifier]), ...state.formerVerifiers] });
}
