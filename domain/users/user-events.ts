/** What can have happened to a user. Streams `user-<uuid>`. */
import { z } from 'zod';
import { defineEvent, type EventOf, personal, plain } from '../event-schema.ts';
import { groupMembershipDefinitions, roleMembershipDefinitions } from '../memberships.ts';

/** Why an account is locked; `lockedReason` of the account state model. */
export const LOCK_REASONS = ['ADMIN_INITIATED', 'MAX_ATTEMPTS_EXCEEDED', 'IDLE_ACCOUNT'] as const;
export type LockReason = (typeof LOCK_REASONS)[number];

/** `accountState` of the account state model. */
export const ACCOUNT_STATES = ['UNLOCKED', 'LOCKED', 'DISABLED'] as const;
export type AccountState = (typeof ACCOUNT_STATES)[number];

/** Attribute paths to values: `name.givenName`, `emails`, `<schema urn>:<attribute>`. */
export type Attributes = { readonly [path: string]: AttributeValue };
export type AttributeValue = string | number | boolean | readonly AttributeElement[];
export type AttributeElement = string | number | boolean | { readonly [key: string]: string | number | boolean };

const scalar = z.union([z.string(), z.number(), z.boolean()]);
/** The account's state after the event: whoever sees only this event knows it. */
const state = z.enum(ACCOUNT_STATES);
const attributes = z.record(
  z.string(),
  z.union([scalar, z.array(z.union([scalar, z.record(z.string(), scalar)]))]),
) as unknown as z.ZodType<Attributes>;

export const userEventDefinitions = [
  defineEvent(
    'identity.user.created.v1',
    z.object({
      org: plain(z.string()),
      userName: personal(z.string()),
      attributes: personal(attributes),
    }),
  ),
  defineEvent(
    'identity.user.attributes_changed.v1',
    z.object({
      set: personal(attributes),
      unset: z.array(plain(z.string())),
    }),
  ),
  /** The verifier itself is in the vault under this id. */
  defineEvent(
    'identity.user.password_set.v1',
    z.object({
      verifier: plain(z.string()),
      by: z.enum(['administrator', 'user']),
    }),
  ),
  /** Same password, hashed anew with the parameters configured now. */
  defineEvent('identity.user.password_rehashed.v1', z.object({ verifier: plain(z.string()) })),
  defineEvent('identity.user.locked.v1', z.object({ reason: z.enum(LOCK_REASONS), state })),
  defineEvent('identity.user.unlocked.v1', z.object({ state })),
  defineEvent('identity.user.disabled.v1', z.object({ state })),
  defineEvent('identity.user.enabled.v1', z.object({ state })),
  ...roleMembershipDefinitions,
  ...groupMembershipDefinitions,
  defineEvent('identity.user.deleted.v1', z.object({})),
  /** The key that opens the user's personal data is destroyed. */
  defineEvent('identity.user.erased.v1', z.object({ subject: plain(z.string()) })),
  /** Read models and indexes were searched and hold nothing of the subject. */
  defineEvent('identity.user.erasure_verified.v1', z.object({ subject: plain(z.string()) })),
] as const;

export type UserEvent = EventOf<typeof userEventDefinitions>;
