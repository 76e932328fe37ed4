/** The management API, as published: applications, API resources, root organizations. */
import type { Route } from '../http/route.ts';
import { apiResourceRoutes } from './api-resource-routes.ts';
import { applicationRoutes } from './applications/application-routes.ts';
import { authorizedApiRoutes } from './applications/authorized-api-routes.ts';
import type { ListDependencies } from './applications/list-applications.ts';
import { oidcRoutes } from './applications/oidc-routes.ts';
import { governanceRoutes } from './settings/governance-routes.ts';
import { validationRoutes } from './settings/validation-routes.ts';
import { tenantRoutes } from './tenants/tenant-routes.ts';

export type RestDoor = ListDependencies;

export const restRoutes = (door: RestDoor): readonly Route[] => [
  ...applicationRoutes(door),
  ...oidcRoutes(door),
  ...authorizedApiRoutes(door),
  ...apiResourceRoutes(),
  ...tenantRoutes(door),
  ...governanceRoutes(door),
  ...validationRoutes(door),
];
