/** Users, as SCIM serves them. */
import type { ResourceType } from '../resource-type.ts';
import { pageOfUsers } from './membership-filter.ts';
import { withMemberships } from './memberships.ts';
import { presented, userVocabulary } from './present.ts';
import { getUser } from './read-users.ts';
import { patchUser, postUser, putUser, removeUser } from './write-users.ts';

export const userType: ResourceType = {
  name: 'User',
  endpoint: '/Users',
  description: 'User Account',
  vocabulary: userVocabulary,
  scopes: {
    list: ['internal_user_mgt_list'],
    view: ['internal_user_mgt_view'],
    create: ['internal_user_mgt_create'],
    update: ['internal_user_mgt_update'],
    delete: ['internal_user_mgt_delete'],
  },
  bulk: {
    paths: ['/Users'],
    scopes: {
      create: ['internal_bulk_user_create'],
      update: ['internal_bulk_user_update'],
      delete: ['internal_bulk_user_delete'],
    },
  },
  list: {
    defaultSort: 'userName',
    page: pageOfUsers,
    async presented({ door, request }, documents, { selection }) {
      const shown = await withMemberships(door, request, documents, selection);
      return shown.map((document) => presented(document, request.tenant.baseUrl, selection));
    },
  },
  handlers: { create: postUser, get: getUser, replace: putUser, patch: patchUser, remove: removeUser },
};
