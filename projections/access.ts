/**
 * Who holds which role in which organization and application, from when to when, by which events, through which path.
 *
 * One membership is one document from the event that begins it to the one that ends it. Roles and groups stand beside
 * them as they are now, and with all that ever happened to them. A membership counts while both its ends are there:
 * whoever reads joins them, so that the end of a role with 100,000 holders is one write.
 */
import type { DomainEvent } from '../domain/event.ts';
import type { GroupEvent } from '../domain/groups/group.ts';
import type { Json } from '../domain/json.ts';
import type { RoleEvent } from '../domain/roles/role-events.ts';
import type { UserEvent } from '../domain/users/user-events.ts';
import { encodePosition } from '../infra/event-store/position.ts';
import { formatSegment } from '../infra/read-store/path.ts';
import type { Field, Write } from '../infra/read-store/read-store.ts';
import { handlersOf, idIn } from './handlers.ts';
import type { Projection } from './projection.ts';

export const ROLES = 'roles';
export const GROUPS = 'groups';
export const MEMBERSHIPS = 'memberships';
/** Of roles and groups: what happened to each, also to those that are gone. */
export const ACCESS_HISTORY = 'accessHistory';

export type HolderType = 'user' | 'group';
export type TargetType = 'role' | 'group';

/** Value of `openTarget` in each membership that holds now. */
export const openTargetOf = (target: string, holderType: HolderType): string => `${target}|${holderType}`;

const described: readonly Field[] = [
  { path: 'id', kind: 'text', caseExact: true },
  { path: 'displayName', kind: 'text', contains: true },
  { path: 'meta.created', kind: 'instant' },
  { path: 'meta.lastModified', kind: 'instant' },
];

/** What an answer to "why" names. */
const causeOf = ({ id, meta, position }: DomainEvent): { readonly [name: string]: Json } => ({
  event: id,
  at: meta.at,
  position: encodePosition(position),
  ...(meta.actor === undefined ? {} : { actor: meta.actor }),
});

const placeOf = ({ meta }: DomainEvent) => ({ tenant: meta.tenant ?? '', org: meta.org ?? '' });

const holderTypeOf = ({ stream }: DomainEvent): HolderType => (stream.startsWith('group-') ? 'group' : 'user');

const membershipId = (holder: string, target: string, revision: bigint | string): string =>
  `${holder}.${target}.${revision}`;

function begun(event: DomainEvent, target: string, targetType: TargetType): readonly Write[] {
  const holder = idIn(event);
  const holderType = holderTypeOf(event);
  const document = {
    id: membershipId(holder, target, event.revision),
    ...placeOf(event),
    holder,
    holderType,
    target,
    targetType,
    openHolder: holder,
    openTarget: openTargetOf(target, holderType),
    from: causeOf(event),
  };
  return [{ kind: 'put', collection: MEMBERSHIPS, document }];
}

function ended(event: DomainEvent, target: string, since: string | undefined): readonly Write[] {
  if (since === undefined) throw new TypeError(`event ${event.id} ends a membership and does not say which`);
  const id = membershipId(idIn(event), target, since);
  const set = { to: causeOf(event) };
  return [{ kind: 'patch', collection: MEMBERSHIPS, id, set, unset: ['openHolder', 'openTarget'] }];
}

const happened = (event: DomainEvent, change: { readonly [name: string]: Json }): Write => ({
  kind: 'patch',
  collection: ACCESS_HISTORY,
  id: idIn(event),
  set: { [`changes.${event.revision}`]: { ...causeOf(event), ...change } },
});

/** A role or a group as it is made: the document that is shown, and the one that is kept. */
function made(event: DomainEvent, collection: string, parts: { readonly [name: string]: Json }): readonly Write[] {
  const { at } = event.meta;
  const id = idIn(event);
  const place = { id, ...placeOf(event) };
  return [
    { kind: 'put', collection, document: { ...place, ...parts, meta: { created: at, lastModified: at } } },
    { kind: 'put', collection: ACCESS_HISTORY, document: { ...place, ...parts, made: causeOf(event), changes: {} } },
  ];
}

function renamed(event: DomainEvent, collection: string, name: string): readonly Write[] {
  const set = { displayName: name, 'meta.lastModified': event.meta.at };
  return [{ kind: 'patch', collection, id: idIn(event), set }, happened(event, { name })];
}

const gone = (event: DomainEvent, collection: string): readonly Write[] => [
  { kind: 'remove', collection, id: idIn(event) },
  happened(event, { gone: true }),
];

/** Names as keys: what is changed later is named, not counted. */
const keyed = (permissions: readonly string[]): Json =>
  Object.fromEntries(permissions.map((permission) => [permission, true]));

const permissionPath = (permission: string): string => `permissions.${formatSegment(permission)}`;

export const accessProjection: Projection = {
  name: 'access',
  version: 1,
  collections: [
    {
      name: ROLES,
      fields: [
        ...described,
        { path: 'audience.type', kind: 'text' },
        { path: 'audience.value', kind: 'text', caseExact: true },
      ],
    },
    { name: GROUPS, fields: [...described, { path: 'externalId', kind: 'text', caseExact: true }] },
    {
      name: MEMBERSHIPS,
      fields: ['holder', 'target', 'openHolder', 'openTarget'].map(
        (path): Field => ({ path, kind: 'text', caseExact: true }),
      ),
    },
    { name: ACCESS_HISTORY, fields: [] },
  ],
  handlers: handlersOf<RoleEvent | GroupEvent | UserEvent>({
    'access.role.created.v1': (event) => {
      const { name, audience, permissions, system } = event.data;
      return made(event, ROLES, {
        displayName: name,
        audience: { type: audience.type, value: audience.id },
        permissions: keyed(permissions),
        ...(system === undefined ? {} : { system }),
      });
    },
    'access.role.renamed.v1': (event) => renamed(event, ROLES, event.data.name),
    'access.role.permissions_changed.v1': (event) => {
      const { added, removed } = event.data;
      const set = Object.fromEntries(added.map((permission) => [permissionPath(permission), true]));
      const patch: Write = {
        kind: 'patch',
        collection: ROLES,
        id: idIn(event),
        set: { ...set, 'meta.lastModified': event.meta.at },
        unset: removed.map(permissionPath),
      };
      return [patch, happened(event, { added, removed })];
    },
    'access.role.deleted.v1': (event) => gone(event, ROLES),
    'access.group.created.v1': (event) => made(event, GROUPS, { displayName: event.data.name }),
    'access.group.renamed.v1': (event) => renamed(event, GROUPS, event.data.name),
    'access.group.external_id_set.v1': (event) => {
      const { externalId } = event.data;
      const at = { 'meta.lastModified': event.meta.at };
      const change =
        externalId === null ? { set: at, unset: ['externalId'] } : { set: { ...at, externalId }, unset: [] };
      return [{ kind: 'patch', collection: GROUPS, id: idIn(event), ...change }];
    },
    'access.group.deleted.v1': (event) => gone(event, GROUPS),
    'access.role.assigned.v1': (event) => begun(event, event.data.role, 'role'),
    'access.role.unassigned.v1': (event) => ended(event, event.data.role, event.data.since),
    'access.group.joined.v1': (event) => begun(event, event.data.group, 'group'),
    'access.group.left.v1': (event) => ended(event, event.data.group, event.data.since),
  }),
};
