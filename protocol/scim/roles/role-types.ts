/** Roles, as SCIM serves them in each published form. */
import { roleSchema } from '../../../domain/roles/role-schema.ts';
import { ROLES } from '../../../projections/access.ts';
import { pageOf } from '../../../read-api/documents.ts';
import { listed } from '../list/list.ts';
import { givenInBody, givenInQuery } from '../list/list-request.ts';
import { compileFilter } from '../members/filter.ts';
import { shownBy } from '../members/listing.ts';
import type { Handler, ListPart, ResourceType } from '../resource-type.ts';
import { constantsOf, vocabularyOf } from '../vocabulary.ts';
import { getRole, roleGround } from './read-roles.ts';
import { presentRole, roleFilterParts, rolePlaces } from './role-resource.ts';
import { type RolesVersion, withDeprecation } from './versions.ts';
import { patchRole, postRole, putRole, removeRole } from './write-roles.ts';

const vocabulary = vocabularyOf(roleSchema);
const constants = constantsOf('Role', vocabulary);
const right = (name: string): readonly string[] => [`internal_role_mgt_${name}`];
const endpoints: Record<RolesVersion, string> = { v1: '/Roles', v2: '/v2/Roles', v3: '/v3/Roles' };

function roleType(version: RolesVersion): ResourceType {
  const endpoint = endpoints[version];
  const part = version === 'v3' ? 'meta_' : '';
  const marked = (handle: Handler): Handler => deprecated(version, handle);
  const type: ResourceType = {
    name: 'Role',
    endpoint,
    description: 'Role',
    vocabulary,
    scopes: {
      list: right('view'),
      view: right('view'),
      create: right(`${part}create`),
      update: right(`${part}update`),
      delete: right('delete'),
    },
    bulk: {
      paths: [endpoint],
      scopes: {
        create: ['internal_bulk_role_create'],
        update: ['internal_bulk_role_update'],
        delete: ['internal_bulk_role_delete'],
      },
    },
    list: listOf(version),
    // The published contract names users and groups as the resource types, and no third.
    unlisted: true,
    handlers: {
      list: marked((door, request) => listed({ door, request, type }, givenInQuery(request.query))),
      search: marked((door, request) => listed({ door, request, type }, givenInBody(request.body))),
      create: marked(postRole(version)),
      get: marked(getRole(version)),
      replace: marked(putRole(version)),
      patch: marked(patchRole(version)),
      remove: marked(removeRole),
    },
  };
  return type;
}

const deprecated =
  (version: RolesVersion, handle: Handler): Handler =>
  async (door, request) =>
    withDeprecation(version, request.tenant.baseUrl, await handle(door, request));

const listOf = (version: RolesVersion): ListPart => ({
  defaultSort: 'displayName',
  sortPath: (by) => rolePlaces.get(by.toLowerCase())?.path ?? null,
  filterOf: ({ door, request }, { text, ...rest }) =>
    compileFilter(text, { ...roleFilterParts(roleGround(door, request)), constants, ...rest }),
  page: (readStore, scope, request) => pageOf(readStore, ROLES, scope, request),
  async presented({ door, request }, documents, { attributes, excludedAttributes }) {
    const ground = roleGround(door, request);
    const shown = shownBy(attributes, excludedAttributes);
    const resources: object[] = [];
    for (const document of documents) {
      resources.push(await presentRole(ground, document, { version, shown, why: 'list' }));
    }
    return resources;
  },
});

export const roleTypes: readonly ResourceType[] = (['v3', 'v2', 'v1'] as const).map(roleType);
