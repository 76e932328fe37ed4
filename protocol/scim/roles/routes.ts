/** Who holds a role, by endpoints of their own in the newest published form. */
import type { Access } from '../../http/route.ts';
import type { ScimRow } from '../scim-row.ts';
import { patchHolders, putHolders } from './write-roles.ts';

const scopes = (name: string): Access => ({ kind: 'scopes', scopes: [`internal_role_mgt_${name}`] });

export const holderRows: readonly ScimRow[] = [
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
