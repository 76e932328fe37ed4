/** A role: a named set of permissions in one organization. Who holds it is said on the holder's stream. Streams `role-<uuid>`. */
import { z } from 'zod';
import type { Aggregate } from '../aggregate.ts';
import { READ_LOG_PERMISSION } from '../applications/api-resources.ts';
import type { DomainEvent } from '../event.ts';
import { defineEvent, type EventOf, plain } from '../event-schema.ts';

const text = plain(z.string());

export const roleEventDefinitions = [
  defineEvent(
    'access.role.created.v1',
    z.object({
      name: text,
      /** Where the role can be given: in an organization, or in one application. */
      audience: z.object({ type: z.enum(['organization', 'application']), id: text }),
      /** Scopes, or `*` for every permission of its organization's APIs (the administrator). */
      permissions: z.array(text),
    }),
  ),
  defineEvent('access.role.permissions_changed.v1', z.object({ added: z.array(text), removed: z.array(text) })),
  defineEvent('access.role.deleted.v1', z.object({})),
] as const;

export type RoleEvent = EventOf<typeof roleEventDefinitions>;

export interface Role {
  readonly status: 'absent' | 'present' | 'deleted';
  readonly tenant: string;
  readonly org: string;
  readonly name: string;
  readonly permissions: ReadonlySet<string>;
}

export const roles: Aggregate<Role> = {
  category: 'role',
  initial: { status: 'absent', tenant: '', org: '', name: '', permissions: new Set() },
  evolve: evolveRole,
  home: (role) => (role.status === 'absent' ? null : role),
};

/** The first role of an organization: all that its APIs allow. */
export const administratorRole = (org: string): RoleEvent => ({
  type: 'access.role.created.v1',
  data: { name: 'admin', audience: { type: 'organization', id: org }, permissions: ['*'] },
});

/** Of the super organization: reads the log, and nothing else. */
export const auditorRole = (org: string): RoleEvent => ({
  type: 'access.role.created.v1',
  data: { name: 'auditor', audience: { type: 'organization', id: org }, permissions: [READ_LOG_PERMISSION] },
});

function evolveRole(role: Role, event: DomainEvent): Role {
  const fact = event as unknown as RoleEvent;
  switch (fact.type) {
    case 'access.role.created.v1': {
      const { tenant = '', org = '' } = event.meta;
      return { status: 'present', tenant, org, name: fact.data.name, permissions: new Set(fact.data.permissions) };
    }
    case 'access.role.permissions_changed.v1': {
      const removed = new Set(fact.data.removed);
      const kept = [...role.permissions].filter((permission) => !removed.has(permission));
      return { ...role, permissions: new Set([...kept, ...fact.data.added]) };
    }
    case 'access.role.deleted.v1':
      return { ...role, status: 'deleted' };
    default:
      fact satisfies never;
      return role;
  }
}
