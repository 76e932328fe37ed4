/** Every kind of resource that SCIM serves. */
import { groupType } from './groups/group-type.ts';
import type { ResourceType } from './resource-type.ts';
import { roleTypes } from './roles/role-types.ts';
import { userType } from './users/user-type.ts';

export const resourceTypes: readonly ResourceType[] = [userType, groupType, ...roleTypes];
