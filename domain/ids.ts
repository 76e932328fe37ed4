/** Branded identifiers: a string becomes an id once, at the edge, by a parser (`id-parsers.ts`). All are lower-case UUIDs. */

declare const brand: unique symbol;
type Id<Name extends string> = string & { readonly [brand]: Name };

/** A root organization or an organization below one. */
export type OrgId = Id<'org'>;
/** A root organization's id: the partition of every key, stream and row. */
export type TenantId = OrgId;
export type UserId = Id<'user'>;
export type AppId = Id<'app'>;
export type RoleId = Id<'role'>;
export type GroupId = Id<'group'>;

/** The super organization exists on every server under this id. */
export const SUPER_ORG_ID = '10084a8d-113f-4211-a0d5-efe36b082211' as OrgId;
/** Its role of those who may read the whole log. */
export const AUDITOR_ROLE_ID = '10084a8d-113f-4211-a0d5-efe36b082212' as RoleId;
