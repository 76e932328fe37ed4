/** What the native read endpoint offers: each collection with the right it needs and the aggregate it is made from. */
import { applications } from '../domain/applications/application.ts';
import { groups } from '../domain/groups/group.ts';
import { organizations } from '../domain/organizations/organization.ts';
import { roles } from '../domain/roles/role.ts';
import { users } from '../domain/users/user.ts';
import { accessProjection, GROUPS, ROLES } from '../projections/access.ts';
import { APPLICATIONS, applicationsProjection } from '../projections/applications.ts';
import type { Projection } from '../projections/projection.ts';
import { TENANTS, tenantsProjection } from '../projections/tenants.ts';
import { USERS, usersProjection } from '../projections/users.ts';
import type { AnyAggregate } from './entities.ts';

export interface ReadableCollection {
  readonly name: string;
  /** One of these suffices. */
  readonly permissions: readonly string[];
  readonly projection: Projection;
  readonly aggregate: AnyAggregate;
  readonly superOnly: boolean;
}

const list: readonly ReadableCollection[] = [
  {
    name: USERS,
    permissions: ['internal_user_mgt_list', 'internal_user_mgt_view'],
    projection: usersProjection,
    aggregate: users,
    superOnly: false,
  },
  {
    name: APPLICATIONS,
    permissions: ['internal_application_mgt_view'],
    projection: applicationsProjection,
    aggregate: applications,
    superOnly: false,
  },
  {
    name: TENANTS,
    permissions: ['internal_list_tenants'],
    projection: tenantsProjection,
    aggregate: organizations,
    superOnly: true,
  },
  {
    name: ROLES,
    permissions: ['internal_role_mgt_view'],
    projection: accessProjection,
    aggregate: roles,
    superOnly: false,
  },
  {
    name: GROUPS,
    permissions: ['internal_group_mgt_view'],
    projection: accessProjection,
    aggregate: groups,
    superOnly: false,
  },
];

export const readableCollections: ReadonlyMap<string, ReadableCollection> = new Map(
  list.map((collection) => [collection.name, collection]),
);
