/** Groups, as SCIM serves them. */
import { groupSchema } from '../../../domain/groups/group-schema.ts';
import { GROUPS } from '../../../projections/access.ts';
import { pageOf } from '../../../read-api/documents.ts';
import { compileFilter } from '../members/filter.ts';
import { shownBy } from '../members/listing.ts';
import type { ResourceType } from '../resource-type.ts';
import { constantsOf, vocabularyOf } from '../vocabulary.ts';
import { groundOf, groupFilterParts, groupPlaces, presentGroup } from './group-resource.ts';
import { getGroup } from './read-groups.ts';
import { patchGroup, postGroup, putGroup, removeGroup } from './write-groups.ts';

const vocabulary = vocabularyOf(groupSchema);
const constants = constantsOf('Group', vocabulary);

export const groupType: ResourceType = {
  name: 'Group',
  endpoint: '/Groups',
  description: 'Group',
  vocabulary,
  scopes: {
    list: ['internal_group_mgt_view'],
    view: ['internal_group_mgt_view'],
    create: ['internal_group_mgt_create'],
    update: ['internal_group_mgt_update'],
    delete: ['internal_group_mgt_delete'],
  },
  bulk: {
    paths: ['/Groups'],
    scopes: {
      create: ['internal_bulk_group_create'],
      update: ['internal_bulk_group_update'],
      delete: ['internal_bulk_group_delete'],
    },
  },
  list: {
    defaultSort: 'displayName',
    sortPath: (by) => groupPlaces.get(by.toLowerCase())?.path ?? null,
    filterOf: ({ door, request }, { text, ...rest }) =>
      compileFilter(text, { ...groupFilterParts(groundOf(door, request)), constants, ...rest }),
    page: (readStore, scope, request) => pageOf(readStore, GROUPS, scope, request),
    async presented({ door, request }, documents, { attributes, excludedAttributes }) {
      const ground = groundOf(door, request);
      const shown = shownBy(attributes, excludedAttributes);
      const resources: object[] = [];
      for (const document of documents) resources.push(await presentGroup(ground, document, { shown, why: 'list' }));
      return resources;
    },
  },
  handlers: { create: postGroup, get: getGroup, replace: putGroup, patch: patchGroup, remove: removeGroup },
};
