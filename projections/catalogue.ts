/** Every read model. */
import { accessProjection } from './access.ts';
import { applicationsProjection } from './applications.ts';
import type { Projection } from './projection.ts';
import { tenantsProjection } from './tenants.ts';
import { usersProjection } from './users.ts';

export const projections: readonly Projection[] = [
  usersProjection,
  applicationsProjection,
  tenantsProjection,
  accessProjection,
];
