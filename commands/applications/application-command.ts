/** What the commands on an application share: the protocol configuration's defaults and the client secret's way into the vault. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { ApplicationSettings } from '../../domain/applications/application.ts';
import { GRANT_TYPES, type OidcConfiguration } from '../../domain/applications/application-events.ts';
import { SIGNING_ALGORITHMS } from '../../domain/keys/signing-keys.ts';
import type { SecretRef } from '../../infra/vault/vault.ts';
import type { Scope } from '../command.ts';

const SECRET_BYTES = 32;
const url = z.string().max(2_000);
const list = z.array(url).max(100);
const lifetimeS = z.number().int().min(1).max(31_536_000);

export const settingsInput = z.strictObject({
  enabled: z.boolean().optional(),
  presentation: z
    .strictObject({
      description: z.string().max(1_024).nullable(),
      imageUrl: url.nullable(),
      accessUrl: url.nullable(),
      logoutReturnUrl: url.nullable(),
      templateId: z.string().max(255).nullable(),
      templateVersion: z.string().max(32).nullable(),
    })
    .partial()
    .optional(),
  consent: z.strictObject({ skipLogin: z.boolean(), skipLogout: z.boolean() }).partial().optional(),
  claims: z
    .strictObject({
      subject: z.enum(['userid', 'username']),
      requested: z.array(z.strictObject({ claim: z.string().max(255), mandatory: z.boolean() })).max(200),
    })
    .optional(),
  roleAudience: z.enum(['organization', 'application']).optional(),
});

/** Every part but the grant types has its default. `clientId` and `clientSecret` may be brought along. */
export const oidcInput = z.strictObject({
  clientId: z
    .string()
    .regex(/^[A-Za-z0-9._~-]{1,255}$/, 'must be 1 to 255 unreserved characters')
    .optional(),
  clientSecret: z.string().min(16, 'must have at least 16 characters').max(255).optional(),
  grantTypes: z.array(z.enum(GRANT_TYPES)).min(1),
  callbackUrls: list.default([]),
  allowedOrigins: list.default([]),
  publicClient: z.boolean().default(false),
  pkce: z.strictObject({ mandatory: z.boolean().default(false), plain: z.boolean().default(false) }).prefault({}),
  accessToken: z
    .strictObject({
      type: z.enum(['JWT', 'Default']).default('JWT'),
      userLifetimeS: lifetimeS.default(3_600),
      applicationLifetimeS: lifetimeS.default(3_600),
      revokeWithSession: z.boolean().default(true),
    })
    .prefault({}),
  refreshToken: z
    .strictObject({ lifetimeS: lifetimeS.default(86_400), rotate: z.boolean().default(true) })
    .prefault({}),
  idToken: z
    .strictObject({
      lifetimeS: lifetimeS.default(3_600),
      audience: list.default([]),
      alg: z.enum(SIGNING_ALGORITHMS).default('ES256'),
    })
    .prefault({}),
  logout: z
    .strictObject({ backChannelUrl: url.nullable().default(null), frontChannelUrl: url.nullable().default(null) })
    .prefault({}),
});
export type OidcInput = z.output<typeof oidcInput>;

export interface SecretFacts {
  /** Id of the new secret in the vault; absent where none is needed. */
  readonly secret?: string;
  /** The client id, given or made. */
  readonly clientId: string;
}

export const clientSecretRef = (application: string, secret: string): SecretRef => ({
  kind: 'client-secret',
  owner: application,
  id: secret,
});

export const newClientSecret = (): string => randomBytes(SECRET_BYTES).toString('base64url');

/** Kept sealed: an administrator with the right to see it may read it again, nobody else. */
export async function storeSecret(scope: Scope<unknown>, given: string | undefined): Promise<string> {
  const { kernel, envelope, id } = scope;
  const secret = kernel.uuid();
  if (envelope.dryRun === true) return secret;
  const value = Buffer.from(given ?? newClientSecret());
  await kernel.vault.putSecret(clientSecretRef(id, secret), envelope.caller.org, value);
  return secret;
}

export async function discardSecret(facts: { readonly secret?: string }, scope: Scope<unknown>): Promise<void> {
  if (facts.secret === undefined || scope.envelope.dryRun === true) return;
  await scope.kernel.vault.removeSecret(clientSecretRef(scope.id, facts.secret));
}

export function configurationOf(input: OidcInput, clientId: string): OidcConfiguration {
  const { clientId: _given, clientSecret: _secret, ...configuration } = input;
  return { clientId, ...configuration };
}

export const settingsOf = (input: z.output<typeof settingsInput>): ApplicationSettings =>
  JSON.parse(JSON.stringify(input)) as ApplicationSettings; // drops members that were not given
