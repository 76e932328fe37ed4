/** Every kind of resource that SCIM serves. */
import type { ResourceType } from './resource-type.ts';
import { userType } from './users/user-type.ts';

export const resourceTypes: readonly ResourceType[] = [userType];
