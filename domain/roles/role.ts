/**
 * A role: a named set of permissions, given in one organization or in one application.
 *
 * Who holds it is said on the holder's stream, a user's or a group's, one event for each: a role with 100,000 holders
 * is as quick to load and to give as a new one. Its end is one event too: a membership counts while both ends stand.
 */
import type { Aggregate } from '../aggregate.ts';
import { READ_LOG_PERMISSION } from '../applications/api-resources.ts';
import type { Claim, Decision } from '../decision.ts';
import type { DomainEvent } from '../event.ts';
import { accept, type Result, refuse } from '../result.ts';
import { isMadeName } from '../text.ts';
import type { RoleCreated, RoleEvent, SystemRole } from './role-events.ts';

export const ROLE_PERMISSIONS_MAX = 1_000;

/** Where a role can be given. */
export interface Audience {
  readonly type: 'organization' | 'application';
  /** Of that organization or application. */
  readonly id: string;
}

export interface Role {
  readonly status: 'absent' | 'present' | 'deleted';
  readonly tenant: string;
  readonly org: string;
  readonly name: string;
  readonly audience: Audience;
  readonly permissions: ReadonlySet<string>;
  /** Null: made by somebody. */
  readonly system: SystemRole | null;
  readonly createdAt: string;
  readonly modifiedAt: string;
}

export const roles: Aggregate<Role> = {
  category: 'role',
  initial: {
    status: 'absent',
    tenant: '',
    org: '',
    name: '',
    audience: { type: 'organization', id: '' },
    permissions: new Set(),
    system: null,
    createdAt: '',
    modifiedAt: '',
  },
  evolve: evolveRole,
  home: (role) => (role.status === 'absent' ? null : role),
};

export type RoleRefusal =
  | { readonly reason: 'role-exists' }
  | { readonly reason: 'role-not-found' }
  | { readonly reason: 'role-name-invalid' }
  | { readonly reason: 'role-protected' }
  | { readonly reason: 'too-many-permissions'; readonly max: number };

/** A name is unique within its audience, and may be that of a role elsewhere. */
export const roleNameClaim = (role: {
  readonly org: string;
  readonly audience: Audience;
  readonly name: string;
}): Claim => ({ kind: 'role-name', scope: role.org, value: `${role.audience.id}|${role.name.trim()}` });

/** The first role of an organization: all that its APIs allow. */
export const administratorRole = (org: string): RoleCreated => systemRole(org, 'admin', 'administrator');

/** What every user of an organization holds without being given it. */
export const everyoneRole = (org: string): RoleCreated => systemRole(org, 'everyone', 'everyone');

const systemRole = (org: string, name: string, system: SystemRole): RoleCreated => ({
  type: 'access.role.created.v1',
  data: {
    name,
    audience: { type: 'organization', id: org },
    permissions: system === 'administrator' ? ['*'] : [],
    system,
  },
});

/** Of the super organization: reads the log, and nothing else. */
export const auditorRole = (org: string): RoleCreated => ({
  type: 'access.role.created.v1',
  data: { name: 'auditor', audience: { type: 'organization', id: org }, permissions: [READ_LOG_PERMISSION] },
});
export interface NewRole {
  readonly org: string;
  readonly name: string;
  readonly audience: Audience;
  readonly permissions: readonly string[];
}

export function decideCreateRole(role: Role, command: NewRole): Result<Decision, RoleRefusal> {
  if (role.status !== 'absent') return refuse({ reason: 'role-exists' });
  if (!isMadeName(command.name)) return refuse({ reason: 'role-name-invalid' });
  const { name, audience } = command;
  const permissions = [...new Set(command.permissions)].sort();
  if (permissions.length > ROLE_PERMISSIONS_MAX) return tooMany;
  const fact: RoleEvent = { type: 'access.role.created.v1', data: { name, audience, permissions } };
  return accept({ facts: [fact], claims: [roleNameClaim(command)] });
}

/** Name and permissions as they are to be; what is so already is left out. */
export interface RoleChange {
  readonly name?: string;
  readonly permissions?: readonly string[];
}

export function decideChangeRole(role: Role, change: RoleChange): Result<Decision, RoleRefusal> {
  if (role.status !== 'present') return refuse({ reason: 'role-not-found' });
  const { name = role.name } = change;
  const wanted = new Set(change.permissions ?? role.permissions);
  const added = [...wanted.difference(role.permissions)].sort();
  const removed = [...role.permissions.difference(wanted)].sort();
  const renames = name !== role.name;
  const changes = added.length + removed.length > 0;
  if (role.system !== null && (renames || changes)) return refuse({ reason: 'role-protected' });
  if (!isMadeName(name)) return refuse({ reason: 'role-name-invalid' });
  if (wanted.size > ROLE_PERMISSIONS_MAX) return tooMany;

  const facts: RoleEvent[] = [];
  if (renames) facts.push({ type: 'access.role.renamed.v1', data: { name } });
  if (changes) facts.push({ type: 'access.role.permissions_changed.v1', data: { added, removed } });
  if (!renames) return accept({ facts });
  return accept({ facts, claims: [roleNameClaim({ ...role, name })], releases: [roleNameClaim(role)] });
}

export function decideDeleteRole(role: Role): Result<Decision, RoleRefusal> {
  if (role.status !== 'present') return refuse({ reason: 'role-not-found' });
  if (role.system !== null) return refuse({ reason: 'role-protected' });
  const fact: RoleEvent = { type: 'access.role.deleted.v1', data: {} };
  return accept({ facts: [fact], releases: [roleNameClaim(role)] });
}

const tooMany = refuse({ reason: 'too-many-permissions', max: ROLE_PERMISSIONS_MAX } as const);

/** Before system roles were marked, only the administrator's could hold every permission. */
const systemOf = (data: { readonly permissions: readonly string[]; readonly system?: SystemRole | undefined }) =>
  data.system ?? (data.permissions.includes('*') ? 'administrator' : null);

function evolveRole(role: Role, event: DomainEvent): Role {
  const fact = event as unknown as RoleEvent;
  const { at } = event.meta;
  switch (fact.type) {
    case 'access.role.created.v1': {
      const { tenant = '', org = '' } = event.meta;
      const { name, audience } = fact.data;
      const permissions = new Set(fact.data.permissions);
      const made = { name, audience, permissions, system: systemOf(fact.data), createdAt: at, modifiedAt: at };
      return { status: 'present', tenant, org, ...made };
    }
    case 'access.role.renamed.v1':
      return { ...role, name: fact.data.name, modifiedAt: at };
    case 'access.role.permissions_changed.v1': {
      const kept = role.permissions.difference(new Set(fact.data.removed));
      return { ...role, permissions: new Set([...kept, ...fact.data.added]), modifiedAt: at };
    }
    case 'access.role.deleted.v1':
      return { ...role, status: 'deleted', modifiedAt: at };
    default:
      fact satisfies never;
      return role;
  }
}
