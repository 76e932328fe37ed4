/** What can have happened to a user. Streams `user-<uuid>`. */
import { z } from 'zod';
import { defineEvent, type EventOf, personal, plain } from '../event-schema.ts';
import { groupMembershipDefinitions, roleMembershipDefinitions } from '../memberships.ts';

/** Why an account is locked; `lockedReason` of the account state model. */
export const LOCK_REASONS = [
  'ADMIN_INITIATED',
  'MAX_ATTEMPTS_EXCEEDED',
  'IDLE_ACCOUNT',
  'PENDING_SELF_REGISTRATION',
  'PENDING_EMAIL_VERIFICATION',
  'PENDING_ASK_PASSWORD',
  'PENDING_ADMIN_FORCED_USER_PASSWORD_RESET',
] as const;
export type LockReason = (typeof LOCK_REASONS)[number];

/**
 * What an account waits for: the confirmation of a registration (SR) or of one with an address alone (LR), the e-mail
 * address verified (EV), the first password set by who was invited (AP), the password reset that was ordered (FUPR).
 */
export const PENDING_STATES = ['PENDING_SR', 'PENDING_LR', 'PENDING_EV', 'PENDING_AP', 'PENDING_FUPR'] as const;
export type PendingState = (typeof PENDING_STATES)[number];

/** `accountState` of the account state model. */
export const ACCOUNT_STATES = ['UNLOCKED', 'LOCKED', 'DISABLED', ...PENDING_STATES] as const;
export type AccountState = (typeof ACCOUNT_STATES)[number];

/** Attribute paths to values: `name.givenName`, `emails`, `<schema urn>:<attribute>`. */
export type Attributes = { readonly [path: string]: AttributeValue };
declare const checked: unique symbol;
/** Values that were checked by the definitions of their attributes. Only `checkAttributes` makes them: nothing else is written. */
export type CheckedAttributes = Attributes & { readonly [checked]: true };

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
      /** How many former verifiers stay in the vault, so that their passwords are not chosen again. Absent: none. */
      kept: z.number().optional(),
    }),
  ),
  /** Same password, hashed anew with the parameters configured now. */
  defineEvent('identity.user.password_rehashed.v1', z.object({ verifier: plain(z.string()) })),
  defineEvent(
    'identity.user.locked.v1',
    z.object({
      reason: z.enum(LOCK_REASONS),
      state,
      /** RFC 3339: when the lock has run out. Absent: it does not end by itself. */
      until: plain(z.string()).optional(),
      /** Only after failed attempts: the how-manieth lock of its kind in a row. */
      lockouts: z.number().optional(),
    }),
  ),
  /** `time`: the lock had run out when the user came with the right password. Absent: somebody lifted it. */
  defineEvent('identity.user.unlocked.v1', z.object({ state, by: z.enum(['time']).optional() })),
  /** The account waits for what its state says. */
  defineEvent('identity.user.held.v1', z.object({ state })),
  /** The account waits no longer; it was not locked, or stays locked for another reason. */
  defineEvent('identity.user.released.v1', z.object({ state })),
  defineEvent('identity.user.disabled.v1', z.object({ state })),
  defineEvent('identity.user.enabled.v1', z.object({ state })),
  ...roleMembershipDefinitions,
  ...groupMembershipDefinitions,
  /** An attribute became unique, and he was the first to have his values. */
  defineEvent('identity.user.unique_values_claimed.v1', z.object({ generation: plain(z.string()) })),
  defineEvent('identity.user.deleted.v1', z.object({})),
  /** The key that opens the user's personal data is destroyed. */
  defineEvent('identity.user.erased.v1', z.object({ subject: plain(z.string()) })),
  /** Read models and indexes were searched and hold nothing of the subject. */
  defineEvent('identity.user.erasure_verified.v1', z.object({ subject: plain(z.string()) })),
] as const;

export type UserEvent = EventOf<typeof userEventDefinitions>;
