/**
 * What a user or a group is a member of, by id. The value is the revision of the event that began it: the event that
 * ends it names it, so that each membership is told from its beginning to its end without a look at what came before.
 */
import { z } from 'zod';
import { defineEvent, plain } from './event-schema.ts';

/** Roles, or groups, of one holder. */
const MEMBERSHIPS_MAX = 5_000;

export type Memberships = ReadonlyMap<string, bigint>;

export const noMemberships: Memberships = new Map();

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

export const refuseMembership = (memberships: Memberships): MembershipRefusal | null =>
  memberships.size < MEMBERSHIPS_MAX ? null : { reason: 'too-many-memberships', max: MEMBERSHIPS_MAX };

export const begun = (memberships: Memberships, member: string, revision: bigint): Memberships =>
  new Map(memberships).set(member, revision);

export function ended(memberships: Memberships, member: string): Memberships {
  const left = new Map(memberships);
  left.delete(member);
  return left;
}
