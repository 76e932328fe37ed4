/** Which access a command's events would change: what a dry run shows beside the events themselves. */
import type { Kernel } from '../../commands/kernel.ts';
import { applications } from '../../domain/applications/application.ts';
import type { DomainEvent } from '../../domain/event.ts';
import { groups } from '../../domain/groups/group.ts';
import { roles } from '../../domain/roles/role.ts';

export interface AccessChange {
  readonly effect: 'gains' | 'loses';
  readonly holder: {
    readonly type: 'user' | 'group-members' | 'application' | 'role-holders' | 'organization';
    readonly id: string;
  };
  /** `sign-in`, `sessions-and-tokens`, `permissions`, `scopes`. */
  readonly what: string;
  readonly permissions?: readonly string[];
  /** The role, application or user that the change goes by. */
  readonly through?: { readonly type: string; readonly id: string };
}

type Holder = AccessChange['holder'];
type Rule = (event: DomainEvent, kernel: Kernel) => Promise<readonly AccessChange[]> | readonly AccessChange[];

const idIn = ({ stream }: DomainEvent): string => stream.slice(stream.indexOf('-') + 1);
const text = (value: unknown): string => String(value);
const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(text) : []);

const simply =
  (type: Holder['type'], effect: AccessChange['effect'], ...what: readonly string[]): Rule =>
  (event) =>
    what.map((one) => ({ effect, holder: { type, id: idIn(event) }, what: one }));

const withRole =
  (effect: AccessChange['effect']): Rule =>
  async (event, kernel) => {
    const role = text(event.data['role']);
    const type = event.stream.startsWith('group-') ? 'group-members' : 'user';
    const { state } = await kernel.aggregates.load(roles, role);
    const through = { type: 'role', id: role };
    return [
      {
        effect,
        holder: { type, id: idIn(event) },
        what: 'permissions',
        permissions: [...state.permissions],
        through,
      },
    ];
  };

/** What the group's roles carry. */
const inGroup =
  (effect: AccessChange['effect']): Rule =>
  async (event, kernel) => {
    const group = text(event.data['group']);
    const { state } = await kernel.aggregates.load(groups, group);
    const permissions = new Set<string>();
    for (const id of state.roles) {
      const { state: role } = await kernel.aggregates.load(roles, id);
      if (role.status === 'present') for (const permission of role.permissions) permissions.add(permission);
    }
    if (permissions.size === 0) return [];
    const holder = { type: 'user', id: idIn(event) } as const;
    const through = { type: 'group', id: group };
    return [{ effect, holder, what: 'permissions', permissions: [...permissions], through }];
  };

const withScopes =
  (effect: AccessChange['effect']): Rule =>
  ({ data }) => {
    const through = { type: 'user', id: text(data['user']) };
    const holder = { type: 'application', id: text(data['application']) } as const;
    return [
      {
        effect,
        holder,
        what: 'scopes',
        ...(effect === 'gains' ? { permissions: texts(data['scopes']) } : {}),
        through,
      },
    ];
  };

const changedPermissions: Rule = (event) => {
  const holder = { type: 'role-holders', id: idIn(event) } as const;
  const changes: readonly AccessChange[] = [
    { effect: 'gains', holder, what: 'permissions', permissions: texts(event.data['added']) },
    { effect: 'loses', holder, what: 'permissions', permissions: texts(event.data['removed']) },
  ];
  return changes.filter(({ permissions }) => permissions?.length !== 0);
};

/** Against what the application may ask for now. */
const changedScopes: Rule = async (event, kernel) => {
  const api = text(event.data['api']);
  const { state } = await kernel.aggregates.load(applications, idIn(event));
  const before = state.apis.get(api)?.scopes ?? new Set<string>();
  const after = new Set(texts(event.data['scopes']));
  const holder = { type: 'application', id: idIn(event) } as const;
  const through = { type: 'api', id: api };
  const gained = [...after].filter((scope) => !before.has(scope));
  const lost = [...before].filter((scope) => !after.has(scope));
  return [
    ...(gained.length === 0
      ? []
      : [{ effect: 'gains', holder, what: 'scopes', permissions: gained, through } as const]),
    ...(lost.length === 0 ? [] : [{ effect: 'loses', holder, what: 'scopes', permissions: lost, through } as const]),
  ];
};

const unlocked: Rule = (event) =>
  event.data['state'] === 'UNLOCKED'
    ? [{ effect: 'gains', holder: { type: 'user', id: idIn(event) }, what: 'sign-in' }]
    : [];

const ALL = ['sign-in', 'sessions-and-tokens'] as const;

const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['access.role.assigned.v1', withRole('gains')],
  ['access.role.unassigned.v1', withRole('loses')],
  ['access.role.permissions_changed.v1', changedPermissions],
  ['access.role.deleted.v1', simply('role-holders', 'loses', 'permissions')],
  ['access.group.joined.v1', inGroup('gains')],
  ['access.group.left.v1', inGroup('loses')],
  ['access.group.deleted.v1', simply('group-members', 'loses', 'permissions')],
  ['identity.user.locked.v1', simply('user', 'loses', ...ALL)],
  ['identity.user.disabled.v1', simply('user', 'loses', ...ALL)],
  ['identity.user.deleted.v1', simply('user', 'loses', ...ALL)],
  ['identity.user.password_set.v1', simply('user', 'loses', 'sessions-and-tokens')],
  ['identity.user.unlocked.v1', unlocked],
  ['identity.user.enabled.v1', unlocked],
  ['application.application.enabled.v1', simply('application', 'gains', 'sign-in')],
  ['application.application.disabled.v1', simply('application', 'loses', ...ALL)],
  ['application.application.deleted.v1', simply('application', 'loses', ...ALL)],
  ['application.oidc.removed.v1', simply('application', 'loses', ...ALL)],
  ['application.oidc.revoked.v1', simply('application', 'loses', ...ALL)],
  ['application.oidc.secret_set.v1', simply('application', 'loses', 'sessions-and-tokens')],
  ['application.api.authorized.v1', changedScopes],
  ['application.api.unauthorized.v1', changedScopes],
  ['org.organization.activated.v1', simply('organization', 'gains', 'sign-in')],
  ['org.organization.deactivated.v1', simply('organization', 'loses', ...ALL)],
  ['org.organization.deleted.v1', simply('organization', 'loses', ...ALL)],
  ['consent.consent.granted.v1', withScopes('gains')],
  ['consent.consent.withdrawn.v1', withScopes('loses')],
]);

export async function accessChangesOf(
  kernel: Kernel,
  events: readonly DomainEvent[],
): Promise<readonly AccessChange[]> {
  const changes: AccessChange[] = [];
  for (const event of events) changes.push(...((await rules.get(event.type)?.(event, kernel)) ?? []));
  return changes;
}
