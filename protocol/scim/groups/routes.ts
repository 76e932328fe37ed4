/** The endpoints of groups. */
import type { Access } from '../../http/route.ts';
import type { ScimRow } from '../scim-row.ts';
import { getGroup, listGroups, searchGroups } from './read-groups.ts';
import { patchGroup, postGroup, putGroup, removeGroup } from './write-groups.ts';

const scope = (name: string): Access => ({ kind: 'scopes', scopes: [`internal_group_mgt_${name}`] });

export const groupRows: readonly ScimRow[] = [
  ['GET', '/scim2/Groups', scope('view'), listGroups, 'Lists groups: filter, sort, page.'],
  ['POST', '/scim2/Groups', scope('create'), postGroup, 'Creates a group.'],
  ['POST', '/scim2/Groups/.search', scope('view'), searchGroups, 'Lists groups; the question is in the body.'],
  ['GET', '/scim2/Groups/:id', scope('view'), getGroup, 'Shows a group with its members.'],
  ['PUT', '/scim2/Groups/:id', scope('update'), putGroup, 'Replaces a group: its name and its members.'],
  ['PATCH', '/scim2/Groups/:id', scope('update'), patchGroup, 'Renames a group, takes members in and out.'],
  ['DELETE', '/scim2/Groups/:id', scope('delete'), removeGroup, 'Deletes a group.'],
];
