/** Nobody grants more than he holds: what a role carries, its giver must hold himself. */

import { accept, type Result, refuse } from '../../domain/result.ts';
import { roles } from '../../domain/roles/role.ts';
import type { Caller } from '../caller.ts';
import type { Scope } from '../command.ts';
import { EVERY_PERMISSION, may } from '../permissions.ts';

export type GrantRefusal =
  | { readonly reason: 'role-not-found' }
  | { readonly reason: 'role-protected' }
  | { readonly reason: 'role-exceeds-own' };

export function holdsAll(caller: Caller, permissions: Iterable<string>): boolean {
  for (const permission of permissions) {
    const holds =
      permission === EVERY_PERMISSION
        ? caller.kind === 'system' || caller.permissions.has(EVERY_PERMISSION)
        : may(caller, [permission]);
    if (!holds) return false;
  }
  return true;
}

/** Of the newest state in the log. */
export async function mayGiveRole(
  { kernel, envelope }: Scope<unknown>,
  id: string,
): Promise<Result<null, GrantRefusal>> {
  const { state: role } = await kernel.aggregates.load(roles, id);
  if (role.status !== 'present' || role.org !== envelope.caller.org) return refuse({ reason: 'role-not-found' });
  // Everybody holds it; nobody is given it, and nobody loses it.
  if (role.system === 'everyone') return refuse({ reason: 'role-protected' });
  return holdsAll(envelope.caller, role.permissions) ? accept(null) : refuse({ reason: 'role-exceeds-own' });
}

/** Whoever joins a group gets what its roles carry. Roles that are gone carry nothing. */
export async function mayGiveAll({ kernel, envelope }: Scope<unknown>, ids: Iterable<string>): Promise<boolean> {
  for (const id of ids) {
    const { state: role } = await kernel.aggregates.load(roles, id);
    if (role.status === 'present' && !holdsAll(envelope.caller, role.permissions)) return false;
  }
  return true;
}
