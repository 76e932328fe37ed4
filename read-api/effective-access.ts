/**
 * Effective access from the access read model: one look-up for a user, however many roles he holds.
 *
 * Before an answer the log is asked how far rights have changed, and the read model is waited for until it has come
 * that far; an answer is used again only while no right changed anywhere. So a role that was taken, changed or deleted,
 * or a group that was left or deleted, counts from the moment its event is recorded.
 */
import { LRUCache } from 'lru-cache';
import type { EffectiveAccess, HeldRole, Holder } from '../commands/effective-access.ts';
import type { EventStore } from '../infra/event-store/event-store.ts';
import { comparePositions, type Position } from '../infra/event-store/position.ts';
import type { Document, ReadStore } from '../infra/read-store/read-store.ts';
import { GROUPS, MEMBERSHIPS, ROLES } from '../projections/access.ts';
import { documentsByIds, openMembershipsOf } from './memberships.ts';
import { reachPosition } from './min-position.ts';

/** Every event that changes who holds what begins with it. */
const CONTEXT = 'access.';
const ANSWERS_KEPT_MAX = 10_000;
/** Roles in all answers that are kept. */
const ROLES_KEPT_MAX = 200_000;

export interface EffectiveAccessParts {
  readonly store: Pick<EventStore, 'headOf'>;
  readonly reads: Pick<ReadStore, 'query' | 'findMany' | 'waitFor'>;
  /** The role that every user of an organization holds. */
  readonly everyoneRole: (org: string) => string;
}

interface Answer {
  readonly head: Position | null;
  readonly roles: readonly HeldRole[];
}

export function createEffectiveAccess(parts: EffectiveAccessParts): EffectiveAccess {
  const kept = new LRUCache<string, Answer>({
    max: ANSWERS_KEPT_MAX,
    maxSize: ROLES_KEPT_MAX,
    sizeCalculation: ({ roles }) => roles.length + 1,
  });

  return {
    async rolesOf(user) {
      const head = await parts.store.headOf(CONTEXT);
      const key = `${user.tenant}|${user.id}`;
      const known = kept.get(key);
      if (known !== undefined && isSame(known.head, head)) return known.roles;
      await reachPosition(parts.reads, MEMBERSHIPS, head);
      const roles = await lookUp(parts, user);
      kept.set(key, { head, roles });
      return roles;
    },
  };
}

const isSame = (a: Position | null, b: Position | null): boolean =>
  a === b || (a !== null && b !== null && comparePositions(a, b) === 0);

async function lookUp({ reads, everyoneRole }: EffectiveAccessParts, user: Holder): Promise<readonly HeldRole[]> {
  const { tenant, org } = user;
  const own = await openMembershipsOf(reads, user, [user.id]);
  const joined = own.filter(({ targetType }) => targetType === 'group').map(({ target }) => target);
  const groups = (await documentsByIds(reads, GROUPS, { tenant, ids: joined })).filter((group) => group.org === org);
  const inherited = await openMembershipsOf(
    reads,
    user,
    groups.map(({ id }) => id),
  );
  const held = [...own, ...inherited].filter(({ targetType }) => targetType === 'role').map(({ target }) => target);
  const ids = [...new Set([...held, everyoneRole(org)])];
  const roles = await documentsByIds(reads, ROLES, { tenant, ids });
  return roles.filter((role) => role.org === org).map(heldRole);
}

export function heldRole(document: Document): HeldRole {
  const { type, value } = document['audience'] as {
    readonly type: HeldRole['audience']['type'];
    readonly value: string;
  };
  return {
    id: document.id,
    name: String(document['displayName']),
    audience: { type, id: value },
    permissions: Object.keys(document['permissions'] as object),
  };
}
