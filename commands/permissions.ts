/** Whether a caller holds one of some permissions. `*` is every permission of the caller's own organization. */
import type { Caller } from './caller.ts';

export const EVERY_PERMISSION = '*';

export function may(caller: Caller, anyOf: readonly string[]): boolean {
  if (caller.kind === 'system') return true;
  if (caller.permissions.has(EVERY_PERMISSION)) return true;
  return anyOf.some((permission) => caller.permissions.has(permission));
}
