/** What can have happened to an application. Streams `app-<uuid>`. */
import { z } from 'zod';
import { defineEvent, type EventOf, plain } from '../event-schema.ts';
import { SIGNING_ALGORITHMS } from '../keys/signing-keys.ts';

const text = plain(z.string());
const seconds = z.number().int().positive();

export const GRANT_TYPES = ['authorization_code', 'refresh_token', 'client_credentials'] as const;
export type GrantType = (typeof GRANT_TYPES)[number];

/** How the application speaks OpenID Connect. Lifetimes in seconds. */
export const oidcConfiguration = z.object({
  clientId: text,
  grantTypes: z.array(z.enum(GRANT_TYPES)).min(1),
  callbackUrls: z.array(text),
  allowedOrigins: z.array(text),
  publicClient: z.boolean(),
  pkce: z.object({ mandatory: z.boolean(), plain: z.boolean() }),
  accessToken: z.object({
    type: z.enum(['JWT', 'Default']),
    userLifetimeS: seconds,
    applicationLifetimeS: seconds,
    revokeWithSession: z.boolean(),
  }),
  refreshToken: z.object({ lifetimeS: seconds, rotate: z.boolean() }),
  idToken: z.object({ lifetimeS: seconds, audience: z.array(text), alg: z.enum(SIGNING_ALGORITHMS) }),
  logout: z.object({ backChannelUrl: text.nullable(), frontChannelUrl: text.nullable() }),
});
export type OidcConfiguration = Readonly<z.output<typeof oidcConfiguration>>;

export const applicationEventDefinitions = [
  defineEvent(
    'application.application.created.v1',
    z.object({
      org: text,
      name: text,
      /** Part of the server itself: cannot be renamed or deleted. */
      system: z.boolean(),
    }),
  ),
  defineEvent('application.application.renamed.v1', z.object({ name: text })),
  defineEvent(
    'application.application.described.v1',
    z.object({
      description: text.nullable(),
      imageUrl: text.nullable(),
      accessUrl: text.nullable(),
      logoutReturnUrl: text.nullable(),
      templateId: text.nullable(),
      templateVersion: text.nullable(),
    }),
  ),
  defineEvent('application.application.enabled.v1', z.object({})),
  defineEvent('application.application.disabled.v1', z.object({})),
  defineEvent('application.consent.configured.v1', z.object({ skipLogin: z.boolean(), skipLogout: z.boolean() })),
  defineEvent(
    'application.claims.configured.v1',
    z.object({
      subject: z.enum(['userid', 'username']),
      requested: z.array(z.object({ claim: text, mandatory: z.boolean() })),
    }),
  ),
  /** Whose roles count in its tokens: the organization's, or its own. */
  defineEvent('application.roles.configured.v1', z.object({ audience: z.enum(['organization', 'application']) })),
  defineEvent('application.oidc.configured.v1', oidcConfiguration),
  /** The secret itself is in the vault under this id. */
  defineEvent('application.oidc.secret_set.v1', z.object({ secret: text })),
  /** The client answers nothing until its secret is regenerated; its tokens are dead. */
  defineEvent('application.oidc.revoked.v1', z.object({})),
  defineEvent('application.oidc.removed.v1', z.object({})),
  defineEvent(
    'application.api.authorized.v1',
    z.object({
      api: text,
      policy: z.enum(['RBAC', 'NO POLICY']),
      scopes: z.array(text),
    }),
  ),
  defineEvent('application.api.unauthorized.v1', z.object({ api: text })),
  defineEvent('application.application.deleted.v1', z.object({})),
] as const;

export type ApplicationEvent = EventOf<typeof applicationEventDefinitions>;
