/** What the commands on a user share: inputs, the password's way into the vault, and who may touch an owner's account. */
import { z } from 'zod';
import { organizations } from '../../domain/organizations/organization.ts';
import { isAttributePath } from '../../domain/users/attribute-catalogue.ts';
import type { PasswordRefusal } from '../../domain/users/password.ts';
import type { UserRefusal } from '../../domain/users/user.ts';
import type { Attributes } from '../../domain/users/user-events.ts';
import type { Scope } from '../command.ts';

/** The account that owns an organization is changed by nobody but itself. */
type OwnerRefusal = { readonly reason: 'owner-protected' };

export type UserCommandRefusal =
  | UserRefusal
  | PasswordRefusal
  | OwnerRefusal
  /** Rules that the organization has for user names. */
  | { readonly reason: 'user-name-breaks-rule'; readonly validator: string; readonly sentence: string }
  /** There is no address that could be verified. */
  | { readonly reason: 'email-missing' };

export const ATTRIBUTES_MAX = 500;
const VALUE_CHARACTERS_MAX = 20_000;
const ELEMENTS_MAX = 1_000;

const scalar = z.union([z.string().max(VALUE_CHARACTERS_MAX), z.number(), z.boolean()]);
/** Only what the catalogue knows: state, tenancy and whatever the server owns have commands of their own. */
const path = z.string().max(500).refine(isAttributePath, 'is no attribute that can be written');
const member = z
  .string()
  .max(100)
  .refine((name) => name !== '__proto__', 'is reserved');

export const attributesInput = z
  .record(path, z.union([scalar, z.array(z.union([scalar, z.record(member, scalar)])).max(ELEMENTS_MAX)]))
  .refine(
    (attributes) => Object.keys(attributes).length <= ATTRIBUTES_MAX,
    `has more than ${ATTRIBUTES_MAX} attributes`,
  )
  .transform((attributes): Attributes => attributes);

export const unsetInput = z.array(path).max(ATTRIBUTES_MAX);

export async function ownerRefusal(scope: Scope<unknown>): Promise<OwnerRefusal | null> {
  const { caller } = scope.envelope;
  if (caller.kind === 'system' || caller.id === scope.id) return null;
  const organization = await scope.kernel.aggregates.load(organizations, caller.org);
  return organization.state.owner === scope.id ? { reason: 'owner-protected' } : null;
}
