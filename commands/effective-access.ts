/**
 * Who holds what, as everything that asks for rights sees it: tokens, HTTP Basic, scope checks.
 *
 * The guarantee: an answer is never older than the last change of rights that was recorded before the question. Where
 * that cannot be had in time the question fails (`ReadModelBehind`); nobody is given the benefit of the doubt.
 */
import type { Audience } from '../domain/roles/role.ts';

export interface HeldRole {
  readonly id: string;
  readonly name: string;
  readonly audience: Audience;
  readonly permissions: readonly string[];
}

export interface Holder {
  readonly id: string;
  readonly tenant: string;
  readonly org: string;
}

export interface EffectiveAccess {
  /** Roles held directly, through groups, and by everybody; each once. Whether the user may sign in is for `admit` to say. */
  rolesOf(user: Holder): Promise<readonly HeldRole[]>;
}
