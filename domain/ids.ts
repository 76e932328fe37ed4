/** Branded identifiers: a string becomes an id once, at the edge, by a parser. All are lower-case UUIDs. */
import { z } from 'zod';

declare const brand: unique symbol;
type Id<Name extends string> = string & { readonly [brand]: Name };

/** A root organization or an organization below one. */
export type OrgId = Id<'org'>;
/** A root organization's id: the partition of every key, stream and row. */
export type TenantId = OrgId;
export type UserId = Id<'user'>;
export type AppId = Id<'app'>;
export type RoleId = Id<'role'>;

const uuid = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, 'must be a UUID');

const idSchema = <T extends string>() => uuid as unknown as z.ZodType<T, string>;

export const orgId = idSchema<OrgId>();
export const userId = idSchema<UserId>();
export const appId = idSchema<AppId>();
export const roleId = idSchema<RoleId>();

export const isUuid = (text: string): boolean => uuid.safeParse(text).success;

/** The super organization exists on every server under this id. */
export const SUPER_ORG_ID = '10084a8d-113f-4211-a0d5-efe36b082211' as OrgId;
