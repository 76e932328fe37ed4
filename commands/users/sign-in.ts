/** Proves a name and password, and says why not in words that only the log hears. */

import { z } from 'zod';
import type { TenantId, UserId } from '../../domain/ids.ts';
import { accept, type Result, refuse } from '../../domain/result.ts';
import type { LoginFailure } from '../../domain/sessions/session-events.ts';
import { PASSWORD_BYTES_MAX } from '../../domain/users/password.ts';
import { decideRehashPassword, type User, userNameClaim, users } from '../../domain/users/user.ts';
import type { Command } from '../command.ts';
import type { Kernel } from '../kernel.ts';
import { execute } from '../pipeline.ts';
import { ownerOf } from '../reservations.ts';
import { recordFailedSignIn } from '../sessions/record.ts';
import type { RequestTrace } from '../technical-stream.ts';
import { passwordRef } from './user-command.ts';

export interface Credentials {
  readonly tenant: TenantId;
  readonly userName: string;
  readonly password: string;
  /** For the record; null outside a login to an application. */
  readonly application: string | null;
  readonly trace: RequestTrace;
}

export type SignInRefusal = { readonly reason: LoginFailure; readonly user: UserId | null };

/** Whatever is wrong, it takes as long as a wrong password. Locked and disabled are told only to who knows the password. */
export async function signIn(kernel: Kernel, given: Credentials): Promise<Result<UserId, SignInRefusal>> {
  const { tenant, userName } = given;
  const id = (await ownerOf(kernel, userNameClaim({ org: tenant, userName }))) as UserId | null;
  const user = id === null ? null : (await kernel.aggregates.load(users, id)).state;
  const matches = await passwordMatches(kernel, given, { id, user });
  const reason = failure(user, matches);
  if (reason === null && id !== null) return accept(id);

  const refusal = { reason: reason ?? 'no-such-user', user: id } as const;
  const fact = {
    type: 'session.login.failed.v1',
    data: { application: given.application, reason: refusal.reason },
  } as const;
  await recordFailedSignIn(kernel, { tenant, user: isPresent(user) ? id : null, fact, trace: given.trace });
  return refuse(refusal);
}

const isPresent = (user: User | null): user is User => user?.status === 'present';

function failure(user: User | null, matches: boolean): LoginFailure | null {
  if (!isPresent(user)) return 'no-such-user';
  if (!matches) return 'wrong-password';
  if (user.lock !== null) return 'locked';
  return user.disabled ? 'disabled' : null;
}

async function passwordMatches(
  kernel: Kernel,
  { password, trace, tenant }: Credentials,
  { id, user }: { readonly id: UserId | null; readonly user: User | null },
): Promise<boolean> {
  if (Buffer.byteLength(password) > PASSWORD_BYTES_MAX) return false;
  const verifier = user?.verifier ?? null;
  const phc = id === null || verifier === null ? null : await kernel.vault.secret(passwordRef(id, verifier));
  if (id === null || verifier === null || phc === null) {
    await kernel.hasher.verifyNothing(password);
    return false;
  }
  const { matches, rehash } = await kernel.hasher.verify(phc.toString('utf8'), password);
  if (matches && rehash) await renew(kernel, { tenant, id, from: verifier, password, trace });
  return matches;
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
  const caller = {
    kind: 'system',
    id: 'sign-in',
    tenant,
    org: tenant,
    permissions: new Set<string>(),
    memoryKey: '',
  } as const;
  await execute(kernel, rehashPassword, { userId: id, from, to }, { caller, ...trace });
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
