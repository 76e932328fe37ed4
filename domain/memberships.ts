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

export const refuseMembership = (memberships: Memberships): MembershipRefusal | null =>
  memberships.size < MEMBERSHIPS_MAX ? null : { reason: 'too-many-memberships', max: MEMBERSHIPS_MAX };

const BUCKETS = 64;
const bucketOf = (member: string): number =>
  (member.charCodeAt(member.length - 1) * 31 + member.charCodeAt(member.length - 2)) & (BUCKETS - 1);

/**
 * Ids of roles or groups, each with the revision of the event that began the membership. Never changed in place; a copy
 * with one more copies one of its buckets, so that thousands of them are folded in no time.
 */
export class Memberships {
  static readonly none = new Memberships([], 0);
  readonly size: number;
  readonly #buckets: readonly (ReadonlyMap<string, bigint> | undefined)[];

  private constructor(buckets: readonly (ReadonlyMap<string, bigint> | undefined)[], size: number) {
    this.#buckets = buckets;
    this.size = size;
  }

  has(member: string): boolean {
    return this.#buckets[bucketOf(member)]?.has(member) === true;
  }

  /** As the event that ends the membership names its beginning. */
  since(member: string): { readonly since: string } {
    return { since: String(this.#buckets[bucketOf(member)]?.get(member) ?? 0n) };
  }

  with(member: string, revision: bigint): Memberships {
    return this.#changed(member, (bucket) => bucket.set(member, revision), this.has(member) ? 0 : 1);
  }

  without(member: string): Memberships {
    return this.#changed(member, (bucket) => bucket.delete(member), this.has(member) ? -1 : 0);
  }

  *[Symbol.iterator](): IterableIterator<string> {
    for (const bucket of this.#buckets) if (bucket !== undefined) yield* bucket.keys();
  }

  #changed(member: string, change: (bucket: Map<string, bigint>) => unknown, by: number): Memberships {
    const buckets = [...this.#buckets];
    const bucket = new Map(buckets[bucketOf(member)]);
    change(bucket);
    buckets[bucketOf(member)] = bucket;
    return new Memberships(buckets, this.size + by);
  }
}
