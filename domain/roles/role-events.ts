/** What can have happened to a role. Streams `role-<uuid>`. */
import { z } from 'zod';
import { defineEvent, type EventOf, plain } from '../event-schema.ts';

const text = plain(z.string());

/** Roles that belong to the organization itself: nobody renames or deletes them. */
export const SYSTEM_ROLES = ['administrator', 'everyone'] as const;
export type SystemRole = (typeof SYSTEM_ROLES)[number];

export const roleEventDefinitions = [
  defineEvent(
    'access.role.created.v1',
    z.object({
      name: text,
      /** Where the role can be given: in an organization, or in one application. */
      audience: z.object({ type: z.enum(['organization', 'application']), id: text }),
      /** Scopes, or `*` for every permission of its organization's APIs (the administrator). */
      permissions: z.array(text),
      /** Absent: made by somebody. */
      system: z.exactOptional(z.enum(SYSTEM_ROLES)),
    }),
  ),
  defineEvent('access.role.renamed.v1', z.object({ name: text })),
  defineEvent('access.role.permissions_changed.v1', z.object({ added: z.array(text), removed: z.array(text) })),
  defineEvent('access.role.deleted.v1', z.object({})),
] as const;

export type RoleEvent = EventOf<typeof roleEventDefinitions>;
export type RoleCreated = Extract<RoleEvent, { type: 'access.role.created.v1' }>;
