/** Roles themselves: made, changed, deleted. */
import { z } from 'zod';
import { systemScopes } from '../../domain/applications/api-resources.ts';
import { type Application, applications } from '../../domain/applications/application.ts';
import { appId, roleId } from '../../domain/id-parsers.ts';
import { accept, type Result, refuse } from '../../domain/result.ts';
import {
  type Audience,
  decideChangeRole,
  decideCreateRole,
  decideDeleteRole,
  type Role,
  type RoleRefusal,
  roles,
} from '../../domain/roles/role.ts';
import type { Command, Scope } from '../command.ts';
import { holdsAll } from './grantable.ts';

export type RoleCommandRefusal =
  | RoleRefusal
  /** No such organization or application, or another's. */
  | { readonly reason: 'audience-unknown' }
  /** No scope of the organization's APIs, or none that the application may ask for. */
  | { readonly reason: 'permission-unknown'; readonly permission: string }
  | { readonly reason: 'role-exceeds-own' };

const permissions = z.array(z.string().max(255)).max(5_000);

const createInput = z.strictObject({
  name: z.string(),
  /** Absent: the organization. */
  applicationId: appId.optional(),
  permissions: permissions.default([]),
});

export const createRole: Command<z.output<typeof createInput>, Role, RoleCommandRefusal, Audience> = {
  type: 'CreateRole',
  summary: 'Creates a role of the organization, or of one of its applications.',
  input: createInput,
  permissions: ['internal_role_mgt_meta_create', 'internal_role_mgt_create'],
  aggregate: roles,
  target: () => null,
  facts: async (scope) => {
    const { org } = scope.envelope.caller;
    const { applicationId } = scope.input;
    const audience: Audience =
      applicationId === undefined ? { type: 'organization', id: org } : { type: 'application', id: applicationId };
    const application = await applicationOf(scope, audience);
    if (application === 'unknown') return refuse({ reason: 'audience-unknown' });
    const refusal = permissionRefusal(scope, scope.input.permissions, application);
    return refusal === null ? accept(audience) : refuse(refusal);
  },
  decide: (role, given, audience, { envelope }) =>
    decideCreateRole(role, {
      org: envelope.caller.org,
      name: given.name,
      audience,
      permissions: given.permissions,
    }),
};

const changeInput = z.strictObject({
  roleId,
  name: z.string().optional(),
  /** All that the role is to carry. */
  permissions: permissions.optional(),
});

export const changeRole: Command<z.output<typeof changeInput>, Role, RoleCommandRefusal, null> = {
  type: 'ChangeRole',
  summary: 'Changes name and permissions of a role; holders have the new permissions at once.',
  input: changeInput,
  permissions: ['internal_role_mgt_meta_update', 'internal_role_mgt_update'],
  aggregate: roles,
  target: (given) => given.roleId,
  facts: mayChange,
  decide: (role, { name, permissions: wanted }) =>
    decideChangeRole(role, {
      ...(name === undefined ? {} : { name }),
      ...(wanted === undefined ? {} : { permissions: wanted }),
    }),
};

const only = z.strictObject({ roleId });

export const deleteRole: Command<z.output<typeof only>, Role, RoleCommandRefusal> = {
  type: 'DeleteRole',
  summary: 'Deletes a role; nobody holds it any more.',
  input: only,
  permissions: ['internal_role_mgt_delete'],
  aggregate: roles,
  target: (given) => given.roleId,
  decide: (role) => decideDeleteRole(role),
};

async function mayChange(scope: Scope<z.output<typeof changeInput>>): Promise<Result<null, RoleCommandRefusal>> {
  const wanted = scope.input.permissions;
  if (wanted === undefined) return accept(null);
  const { state: role } = await scope.kernel.aggregates.load(roles, scope.id);
  // Whose it is and whether it is there is judged with the newest state, after this.
  if (role.status !== 'present' || role.org !== scope.envelope.caller.org || role.system !== null) return accept(null);
  const application = await applicationOf(scope, role.audience);
  if (application === 'unknown') return refuse({ reason: 'audience-unknown' });
  const added = wanted.filter((permission) => !role.permissions.has(permission));
  const refusal = permissionRefusal(scope, added, application);
  return refusal === null ? accept(null) : refuse(refusal);
}

/** Null: the role is the organization's. */
async function applicationOf(
  { kernel, envelope }: Scope<unknown>,
  audience: Audience,
): Promise<Application | null | 'unknown'> {
  if (audience.type === 'organization') return null;
  const { state } = await kernel.aggregates.load(applications, audience.id);
  return state.status === 'present' && state.org === envelope.caller.org ? state : 'unknown';
}

function permissionRefusal(
  { envelope }: Scope<unknown>,
  given: readonly string[],
  application: Application | null,
): RoleCommandRefusal | null {
  const authorized = application === null ? systemScopes : scopesOf(application);
  const unknown = given.find((permission) => !authorized.has(permission));
  if (unknown !== undefined) return { reason: 'permission-unknown', permission: unknown };
  return holdsAll(envelope.caller, given) ? null : { reason: 'role-exceeds-own' };
}

const scopesOf = ({ apis }: Application): ReadonlySet<string> =>
  new Set([...apis.values()].flatMap(({ scopes }) => [...scopes]));
