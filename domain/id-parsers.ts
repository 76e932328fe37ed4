/** Where strings from outside become ids. */
import { z } from 'zod';
import type { AppId, GroupId, OrgId, RoleId, UserId } from './ids.ts';

const uuid = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, 'must be a UUID');

const idSchema = <T extends string>() => uuid as unknown as z.ZodType<T, string>;

export const orgId = idSchema<OrgId>();
export const userId = idSchema<UserId>();
export const appId = idSchema<AppId>();
export const roleId = idSchema<RoleId>();
export const groupId = idSchema<GroupId>();

export const isUuid = (text: string): boolean => uuid.safeParse(text).success;
