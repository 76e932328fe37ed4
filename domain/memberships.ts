/**
 * What a user or a group is a member of. The event that ends a membership names the revision of the event that began it,
 * so that each is told from its beginning to its end without a look at what came before.
 */
import { z } from 'zod';
import { defineEvent, plain } from './event-schema.ts';

/** Roles, or groups, of one holder. */
const MEMBERSHIPS_MAX = 5_000;

const id = plain(z.string());
const since = z.exactOptional(plain(z.string()));

/** On the stream of the user or group that holds the role. */
export const roleMembershipDefinitions = [
  defineEvent('access.role.assigned.v1', z.object({ role: id })),
  /** `since`: revision of the event that gave it. */
  defineEvent('access.role.unassigned.v1', z.object({ role: id, since })),
] as const;

/** On the user's stream. */
export const groupMembershipDefinitions = [
  defineEvent('access.group.joined.v1', z.object({ group: id })),
  defineEvent('access.group.left.v1', z.object({ group: id, since })),
] as const;

export type MembershipRefusal = { readonly reason: 'too-many-memberships'; readonly max: number };

export const refuseMembership = (ids: ReadonlySet<string>): MembershipRefusal | null =>
  ids.size < MEMBERSHIPS_MAX ? null : { reason: 'too-many-memberships', max: MEMBERSHIPS_MAX };

/** Roles or groups, by the revision of the event that began it. */
export type HeldSince = ReadonlyMap<string, bigint>;

export const neverHeld: HeldSince = new Map();

/** Named by the event that ends it. */
export const sinceOf = (heldSince: HeldSince, member: string): { readonly since: string } => ({
  since: String(heldSince.get(member) ?? 0n),
});

export const begun = (heldSince: HeldSince, member: string, revision: bigint): HeldSince =>
  new Map(heldSince).set(member, revision);

export function ended(heldSince: HeldSince, member: string): HeldSince {
  const left = new Map(heldSince);
  left.delete(member);
  return left;
}

export const withMember = (ids: ReadonlySet<string>, member: string): ReadonlySet<string> => new Set(ids).add(member);

export const withoutMember = (ids: ReadonlySet<string>, member: string): ReadonlySet<string> =>
  ids.difference(new Set([member]));
