/** Tokens issued and revoked: technical streams `token-<application uuid>`, kept for a limited time. Never a token itself. */
import { z } from 'zod';
import { defineEvent, type EventOf, plain } from '../event-schema.ts';

const text = plain(z.string());

export const tokenEventDefinitions = [
  defineEvent(
    'oauth.token.issued.v1',
    z.object({
      jti: text,
      grantType: text,
      user: text.nullable(),
      session: text.nullable(),
      grant: text.nullable(),
      scopes: z.array(text),
      expiresAt: text,
    }),
  ),
  defineEvent(
    'oauth.token.revoked.v1',
    z.object({
      jti: text.nullable(),
      grant: text.nullable(),
      reason: z.enum(['requested', 'code-reused', 'refresh-token-reused', 'session-ended', 'consent-withdrawn']),
    }),
  ),
  defineEvent('oauth.client.authentication_failed.v1', z.object({ method: text })),
] as const;

export type TokenEvent = EventOf<typeof tokenEventDefinitions>;
