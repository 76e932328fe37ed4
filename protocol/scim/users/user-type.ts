/** Users, as SCIM serves them. */
import { compileFilter } from '../filter/compile.ts';
import { constantsOfType, sortPath } from '../list/list-request.ts';
import type { ResourceType } from '../resource-type.ts';
import { pageOfUsers } from './membership-filter.ts';
import { withMemberships } from './memberships.ts';
import { catalogueFor, declaredOf } from './organization-attributes.ts';
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
    filterOf: async ({ door, request }, { text, ...rest }) => {
      const { attributeAt } = await catalogueFor(door, request);
      return compileFilter(text, { attributeAt, constants: constantsOfType(userType), ...rest });
    },
    sortPath: async (by, { door, request }) => sortPath(await catalogueFor(door, request), by),
    presented: async ({ door, request }, documents, { selection }) => {
      const catalogue = await catalogueFor(door, request);
      const found = await withMemberships(door, request, documents, selection);
      const { baseUrl } = request.tenant;
      return found.map((document) => presented(declaredOf(catalogue, document), baseUrl, selection));
    },
  },
  handlers: { create: postUser, get: getUser, replace: putUser, patch: patchUser, remove: removeUser },
};
