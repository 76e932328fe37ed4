/** The endpoints of roles, in each published form. */
import type { Access } from '../../http/route.ts';
import type { ScimHandler, ScimRow } from '../scim-row.ts';
import { getRole, listRoles, searchRoles } from './read-roles.ts';
import { type RolesVersion, rolesPath, withDeprecation } from './versions.ts';
import { patchHolders, patchRole, postRole, putHolders, putRole, removeRole } from './write-roles.ts';

const scopes = (...names: readonly string[]): Access => ({
  kind: 'scopes',
  scopes: names.map((name) => `internal_role_mgt_${name}`),
});

export const roleRows: readonly ScimRow[] = [
  ...rowsOf('v1', { create: 'create', update: 'update' }),
  ...rowsOf('v2', { create: 'create', update: 'update' }),
  ...rowsOf('v3', { create: 'meta_create', update: 'meta_update' }),
  ['PUT', '/scim2/v3/Roles/:id/Users', scopes('users_update'), putHolders('user'), 'Says which users hold a role.'],
  ['PATCH', '/scim2/v3/Roles/:id/Users', scopes('users_update'), patchHolders('user'), 'Gives and takes a role.'],
  ['PUT', '/scim2/v3/Roles/:id/Groups', scopes('groups_update'), putHolders('group'), 'Says which groups hold a role.'],
  [
    'PATCH',
    '/scim2/v3/Roles/:id/Groups',
    scopes('groups_update'),
    patchHolders('group'),
    'Gives a role to groups, and takes it from them.',
  ],
];

function rowsOf(version: RolesVersion, { create, update }: { create: string; update: string }): readonly ScimRow[] {
  const path = rolesPath[version];
  const one = `${path}/:id`;
  const rows: readonly ScimRow[] = [
    ['GET', path, scopes('view'), listRoles(version), 'Lists roles: filter, sort, page.'],
    ['POST', path, scopes(create), postRole(version), 'Creates a role.'],
    ['POST', `${path}/.search`, scopes('view'), searchRoles(version), 'Lists roles; the question is in the body.'],
    ['GET', one, scopes('view'), getRole(version), 'Shows a role.'],
    ['PUT', one, scopes(update), putRole(version), 'Replaces a role.'],
    ['PATCH', one, scopes(update), patchRole(version), 'Changes parts of a role.'],
    ['DELETE', one, scopes('delete'), removeRole, 'Deletes a role.'],
  ];
  return rows.map(([method, at, access, handle, summary]) => [method, at, access, marked(version, handle), summary]);
}

function marked(version: RolesVersion, handle: ScimHandler): ScimHandler {
  return async (door, request) => withDeprecation(version, request.tenant.baseUrl, await handle(door, request));
}
