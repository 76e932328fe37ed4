/**
 * A group of users: its name, and the roles that it holds for them. Streams `group-<uuid>`.
 *
 * Who is in it is said on each user's stream, one event for each, so that a group of 100,000 is as quick to load and to
 * join as a new one. The group's end is one event too: a membership counts while both ends stand.
 */
import { z } from 'zod';
import type { Aggregate } from '../aggregate.ts';
import type { Claim, Decision } from '../decision.ts';
import type { DomainEvent } from '../event.ts';
import { defineEvent, type EventOf, plain } from '../event-schema.ts';
import {
  type MembershipRefusal,
  Memberships,
  refuseMembership,
  type roleMembershipDefinitions,
} from '../memberships.ts';
import { accept, type Result, refuse } from '../result.ts';
import { isMadeName } from '../text.ts';

const text = plain(z.string());

export const groupEventDefinitions = [
  defineEvent('access.group.created.v1', z.object({ name: text })),
  defineEvent('access.group.renamed.v1', z.object({ name: text })),
  /** What the group is called in the system that it comes from; null: it has no id there. */
  defineEvent('access.group.external_id_set.v1', z.object({ externalId: text.nullable() })),
  defineEvent('access.group.deleted.v1', z.object({})),
] as const;

export type GroupEvent = EventOf<typeof groupEventDefinitions> | EventOf<typeof roleMembershipDefinitions>;

export interface Group {
  readonly status: 'absent' | 'present' | 'deleted';
  readonly tenant: string;
  readonly org: string;
  readonly name: string;
  readonly externalId: string | null;
  readonly roles: Memberships;
  readonly createdAt: string;
  readonly modifiedAt: string;
}

export type GroupRefusal =
  | { readonly reason: 'group-exists' }
  | { readonly reason: 'group-not-found' }
  | { readonly reason: 'group-name-invalid' };

export const groups: Aggregate<Group> = {
  category: 'group',
  initial: {
    status: 'absent',
    tenant: '',
    org: '',
    name: '',
    externalId: null,
    roles: Memberships.none,
    createdAt: '',
    modifiedAt: '',
  },
  evolve: evolveGroup,
  home: (group) => (group.status === 'absent' ? null : group),
};

export const groupNameClaim = (group: { readonly org: string; readonly name: string }): Claim => ({
  kind: 'group-name',
  scope: group.org,
  value: group.name,
});

export function decideCreateGroup(
  group: Group,
  command: { readonly org: string; readonly name: string; readonly externalId?: string | null },
): Result<Decision, GroupRefusal> {
  if (group.status !== 'absent') return refuse({ reason: 'group-exists' });
  if (!isMadeName(command.name)) return refuse({ reason: 'group-name-invalid' });
  const { name, externalId = null } = command;
  const facts: GroupEvent[] = [{ type: 'access.group.created.v1', data: { name } }];
  if (externalId !== null) facts.push({ type: 'access.group.external_id_set.v1', data: { externalId } });
  return accept({ facts, claims: [groupNameClaim(command)] });
}

/** What is left out, or so already, stays as it is. */
export interface GroupChange {
  readonly name?: string;
  readonly externalId?: string | null;
}

export function decideChangeGroup(group: Group, change: GroupChange): Result<Decision, GroupRefusal> {
  if (group.status !== 'present') return refuse({ reason: 'group-not-found' });
  const { name = group.name, externalId = group.externalId } = change;
  const renames = name !== group.name;
  if (!isMadeName(name)) return refuse({ reason: 'group-name-invalid' });
  const facts: GroupEvent[] = [];
  if (renames) facts.push({ type: 'access.group.renamed.v1', data: { name } });
  if (externalId !== group.externalId) {
    facts.push({ type: 'access.group.external_id_set.v1', data: { externalId } });
  }
  if (!renames) return accept({ facts });
  const { org } = group;
  return accept({ facts, claims: [groupNameClaim({ org, name })], releases: [groupNameClaim(group)] });
}

export function decideGiveGroupRole(group: Group, role: string): Result<Decision, GroupRefusal | MembershipRefusal> {
  if (group.status !== 'present') return refuse({ reason: 'group-not-found' });
  if (group.roles.has(role)) return accept({ facts: [] });
  const refusal = refuseMembership(group.roles);
  if (refusal !== null) return refuse(refusal);
  const fact: GroupEvent = { type: 'access.role.assigned.v1', data: { role } };
  return accept({ facts: [fact] });
}

export function decideTakeGroupRole(group: Group, role: string): Result<Decision, GroupRefusal> {
  if (group.status !== 'present') return refuse({ reason: 'group-not-found' });
  if (!group.roles.has(role)) return accept({ facts: [] });
  const fact: GroupEvent = { type: 'access.role.unassigned.v1', data: { role, ...group.roles.since(role) } };
  return accept({ facts: [fact] });
}

export function decideDeleteGroup(group: Group): Result<Decision, GroupRefusal> {
  if (group.status !== 'present') return refuse({ reason: 'group-not-found' });
  const fact: GroupEvent = { type: 'access.group.deleted.v1', data: {} };
  return accept({ facts: [fact], releases: [groupNameClaim(group)] });
}

function evolveGroup(group: Group, event: DomainEvent): Group {
  const fact = event as unknown as GroupEvent;
  const { at, tenant = '', org = '' } = event.meta;
  switch (fact.type) {
    case 'access.group.created.v1':
      return { ...groups.initial, status: 'present', tenant, org, name: fact.data.name, createdAt: at, modifiedAt: at };
    case 'access.group.renamed.v1':
      return { ...group, name: fact.data.name, modifiedAt: at };
    case 'access.group.external_id_set.v1':
      return { ...group, externalId: fact.data.externalId, modifiedAt: at };
    case 'access.role.assigned.v1':
      return { ...group, roles: group.roles.with(fact.data.role, event.revision) };
    case 'access.role.unassigned.v1':
      return { ...group, roles: group.roles.without(fact.data.role) };
    case 'access.group.deleted.v1':
      return { ...group, status: 'deleted', modifiedAt: at };
    default:
      fact satisfies never;
      return group;
  }
}
