/** Sign-ins and sessions of a user: technical streams `login-<user uuid>`, kept for a limited time. */
import { z } from 'zod';
import { defineEvent, type EventOf, plain } from '../event-schema.ts';

const text = plain(z.string());

export const LOGIN_FAILURES = [
  'no-such-user',
  'wrong-password',
  'locked',
  'disabled',
  'not-admitted',
  'confirmation-pending',
  'reset-pending',
  'password-expired',
] as const;
export type LoginFailure = (typeof LOGIN_FAILURES)[number];

export const sessionEventDefinitions = [
  defineEvent('session.login.failed.v1', z.object({ application: text.nullable(), reason: z.enum(LOGIN_FAILURES) })),
  defineEvent(
    'session.session.started.v1',
    z.object({ session: text, application: text.nullable(), amr: z.array(text) }),
  ),
  defineEvent(
    'session.session.ended.v1',
    z.object({ session: text, reason: z.enum(['logout', 'terminated', 'replaced']) }),
  ),
] as const;

export type SessionEvent = EventOf<typeof sessionEventDefinitions>;
