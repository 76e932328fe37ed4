/** The locks that sign-in itself sets and lifts. Nobody asks for them by name. */
import { z } from 'zod';
import type { TenantId, UserId } from '../../domain/ids.ts';
import { organizations } from '../../domain/organizations/organization.ts';
import { accept, type Result } from '../../domain/result.ts';
import { roles } from '../../domain/roles/role.ts';
import { decideLockAfterFailures, decideUnlockAfterTime, type LockRule } from '../../domain/users/failed-attempts.ts';
import { type User, users } from '../../domain/users/user.ts';
import type { Caller } from '../caller.ts';
import type { Command, Scope } from '../command.ts';
import type { Kernel } from '../kernel.ts';
import { execute } from '../pipeline.ts';
import type { RequestTrace } from '../technical-stream.ts';

/** `Internal/system`: holders are never locked by attempts. */
const NEVER_LOCKED_ROLE = 'system';

export const signInCaller = (tenant: TenantId): Caller => ({
  kind: 'system',
  id: 'sign-in',
  tenant,
  org: tenant,
  permissions: new Set(),
  memoryKey: '',
});

interface Place {
  readonly tenant: TenantId;
  readonly user: UserId;
  readonly trace: RequestTrace;
}

/** Whatever comes of it, the next attempt looks at the newest state. */
export async function lockAfterFailures(kernel: Kernel, { tenant, user, trace }: Place, rule: LockRule): Promise<void> {
  await execute(kernel, lockUserAfterFailures, { userId: user, rule }, { caller: signInCaller(tenant), ...trace });
}

export async function unlockAfterTime(kernel: Kernel, { tenant, user, trace }: Place): Promise<void> {
  await execute(kernel, unlockUserAfterTime, { userId: user }, { caller: signInCaller(tenant), ...trace });
}

const lockInput = z.strictObject({
  userId: z.string(),
  rule: z.strictObject({ attemptsMax: z.number(), lockMs: z.number(), ratio: z.number() }),
});
type LockInput = z.output<typeof lockInput>;

const lockUserAfterFailures: Command<LockInput, User, never, { readonly isOwner: boolean }> = {
  type: 'LockUserAfterFailures',
  summary: 'Locks a user who failed too often.',
  input: lockInput,
  permissions: [],
  aggregate: users,
  target: ({ userId }) => userId,
  facts: gather,
  decide: (user, { rule }, { isOwner }, { nowMs }) => decideLockAfterFailures(user, { rule, nowMs, isOwner }),
};

async function gather({ kernel, envelope, id }: Scope<LockInput>): Promise<Result<{ isOwner: boolean }, never>> {
  const { state: organization } = await kernel.aggregates.load(organizations, envelope.caller.org);
  return accept({ isOwner: organization.owner === id });
}

/** His attempts are not counted either. */
export async function isNeverLocked(kernel: Kernel, user: User): Promise<boolean> {
  for (const id of user.roles) {
    const { state: role } = await kernel.aggregates.load(roles, id);
    if (role.status === 'present' && role.org === user.org && role.name === NEVER_LOCKED_ROLE) return true;
  }
  return false;
}

const unlockInput = z.strictObject({ userId: z.string() });

const unlockUserAfterTime: Command<z.output<typeof unlockInput>, User, never> = {
  type: 'UnlockUserAfterTime',
  summary: 'Lifts a lock that has run out, for who came with the right password.',
  input: unlockInput,
  permissions: [],
  aggregate: users,
  target: ({ userId }) => userId,
  decide: (user, _given, _facts, { nowMs }) => decideUnlockAfterTime(user, nowMs),
};
