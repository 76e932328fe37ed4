/** What a user does with his own account, whatever rights he has beside. */
import { z } from 'zod';
import { userId } from '../../domain/id-parsers.ts';
import { organizations } from '../../domain/organizations/organization.ts';
import { refuse } from '../../domain/result.ts';
import { isOwnPath } from '../../domain/users/own-account.ts';
import type { User } from '../../domain/users/user.ts';
import { catalogueOf } from '../../domain/users/user-catalogue.ts';
import { OWN_ACCOUNT_SCOPE } from '../access.ts';
import { dictionaryOf } from '../attributes/attribute-command.ts';
import type { Command, CommonRefusal, Scope } from '../command.ts';
import { changeUser } from './change-user.ts';
import { deleteUser } from './delete-user.ts';
import { attributesInput, type UserCommandRefusal, undeclaredInput, unsetInput } from './user-command.ts';

type OwnRefusal = UserCommandRefusal | Extract<CommonRefusal, { reason: 'forbidden' }>;
type FactsOf<Decide> = Decide extends (state: never, input: never, facts: infer Facts, scope: never) => unknown
  ? Facts
  : never;

const administered = 'holds an attribute that only an administrator writes';

const changeInput = z.strictObject({
  userId,
  set: attributesInput.refine((set) => Object.keys(set).every(isOwnPath), administered).optional(),
  unset: unsetInput.refine((paths) => paths.every(isOwnPath), administered).optional(),
  undeclared: undeclaredInput,
  password: z.string().optional(),
});
type ChangeInput = z.output<typeof changeInput>;

export const changeOwnAccount: Command<ChangeInput, User, OwnRefusal, FactsOf<typeof changeUser.decide>> = {
  ...changeUser,
  type: 'ChangeOwnAccount',
  summary: 'Changes what the caller may write of himself, his password included.',
  input: changeInput,
  permissions: [OWN_ACCOUNT_SCOPE],
  facts: async (scope) => {
    if (!isOwn(scope)) return notOwn;
    const gathered = await gatherOwn(changeUser, scope);
    if (!gathered.ok) return gathered;
    const { set, unset } = gathered.value;
    // Under its own name: another name of an attribute opens nothing.
    const refused = await administeredIn(scope, [...Object.keys(set), ...unset]);
    if (refused === null) return gathered;
    await changeUser.undo?.(gathered.value, scope);
    return refuse({ reason: 'attribute-read-only', attribute: refused });
  },
};

/** What an administrator alone writes, or what the organization's definition lets no user write of himself. */
async function administeredIn({ kernel, envelope }: Scope<unknown>, paths: readonly string[]): Promise<string | null> {
  const { leafAt } = catalogueOf(await dictionaryOf(kernel, envelope.caller.org));
  return paths.find((path) => !isOwnPath(path) || leafAt(path)?.isOwn === false) ?? null;
}

const deleteInput = z.strictObject({ userId });

export const deleteOwnAccount: Command<
  z.output<typeof deleteInput>,
  User,
  OwnRefusal,
  FactsOf<typeof deleteUser.decide>
> = {
  ...deleteUser,
  type: 'DeleteOwnAccount',
  summary: 'Deletes the caller’s own account; the owner of an organization stays.',
  permissions: [OWN_ACCOUNT_SCOPE],
  facts: async (scope) => {
    if (!isOwn(scope)) return notOwn;
    const organization = await scope.kernel.aggregates.load(organizations, scope.envelope.caller.org);
    // Nobody else could let anybody in.
    if (organization.state.owner === scope.id) return refuse({ reason: 'owner-protected' });
    return await gatherOwn(deleteUser, scope);
  },
};

const isOwn = ({ envelope, id }: Scope<unknown>): boolean =>
  envelope.caller.kind === 'user' && envelope.caller.id === id;

const notOwn = refuse({ reason: 'forbidden', permissions: [] } as const);

type Gather<Input, Answer> = { readonly facts?: (scope: Scope<Input>) => Promise<Answer> };

async function gatherOwn<Input, Answer>({ facts }: Gather<Input, Answer>, scope: Scope<Input>): Promise<Answer> {
  if (facts === undefined) throw new TypeError('a change of an account gathers no facts');
  return await facts(scope);
}
