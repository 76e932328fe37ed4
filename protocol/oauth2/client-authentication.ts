/** Which client is asking: secret by Basic or form, or a public client by its name alone (RFC 6749 §2.3). */
import { createHash, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { clientSecretRef } from '../../commands/applications/application-command.ts';
import type { Client } from '../../commands/applications/client-directory.ts';
import type { Kernel } from '../../commands/kernel.ts';
import { recordFailedAuthentication } from '../../commands/tokens/record.ts';
import type { Request } from '../http/route.ts';
import { type OauthDoor, traceOf } from './oauth-door.ts';
import { OAuthError } from './oauth-error.ts';
import type { Parameters } from './parameters.ts';

const SECRET_HASHES_CACHED_MAX = 10_000;

type Method = 'client_secret_basic' | 'client_secret_post' | 'none';

interface Credential {
  readonly method: Method;
  readonly clientId: string;
  readonly secret: string | null;
}

export interface ClientAuthentication {
  /** Throws `invalid_client` for an unknown client and for a wrong secret alike. */
  authenticate(request: Request, parameters: Parameters): Promise<Client>;
}

export function createClientAuthentication(door: OauthDoor): ClientAuthentication {
  // A secret never changes under its id: a new secret has a new one.
  const secretHashes = new LRUCache<string, Buffer>({ max: SECRET_HASHES_CACHED_MAX });

  async function secretHash(kernel: Kernel, application: string, secret: string): Promise<Buffer | null> {
    const cached = secretHashes.get(secret);
    if (cached !== undefined) return cached;
    const value = await kernel.vault.secret(clientSecretRef(application, secret));
    if (value === null) return null; // replaced since the application was read
    const hash = sha256(value);
    secretHashes.set(secret, hash);
    return hash;
  }

  async function proves(client: Client | null, { method, secret }: Credential): Promise<boolean> {
    const { oidc = null } = client?.application ?? {};
    const given = sha256(secret ?? '');
    if (client === null || oidc === null) return false;
    if (method === 'none') return oidc.publicClient;
    if (oidc.publicClient || oidc.secret === null) return false;
    const expected = await secretHash(door.kernel, client.id, oidc.secret);
    return expected !== null && timingSafeEqual(given, expected);
  }

  return {
    async authenticate(request, parameters) {
      const credential = credentialOf(request.headers.authorization, parameters);
      const client = await door.clients.find(request.tenant.id, credential.clientId);
      if (client !== null && (await proves(client, credential))) return client;
      if (client !== null) await recordFailure(door, request, client, credential.method);
      throw new OAuthError('invalid_client', 'Client credentials are invalid.');
    },
  };
}

const sha256 = (value: string | Buffer): Buffer => createHash('sha256').update(value).digest();

async function recordFailure(door: OauthDoor, request: Request, client: Client, method: Method): Promise<void> {
  await recordFailedAuthentication(door.kernel, {
    tenant: request.tenant.id,
    application: client.id,
    user: null,
    fact: { type: 'oauth.client.authentication_failed.v1', data: { method } },
    trace: traceOf(request),
  });
}

function credentialOf(authorization: string | undefined, parameters: Parameters): Credential {
  const clientId = parameters.get('client_id');
  const secret = parameters.get('client_secret');
  if (authorization === undefined) {
    if (clientId === undefined) throw new OAuthError('invalid_client', 'Client ID not found in the request.');
    return { clientId, secret: secret ?? null, method: secret === undefined ? 'none' : 'client_secret_post' };
  }
  if (secret !== undefined) {
    throw new OAuthError('invalid_request', 'The client authenticates with more than one method.');
  }
  const basic = basicCredential(authorization);
  if (basic === null) throw new OAuthError('invalid_client', 'Client credentials are invalid.');
  if (clientId !== undefined && clientId !== basic.clientId) {
    throw new OAuthError('invalid_request', 'The client_id of the form is not that of the header.');
  }
  return { ...basic, method: 'client_secret_basic' };
}

const BASIC = /^Basic +([A-Za-z0-9+/]+={0,2})$/i;

/** RFC 6749 §2.3.1: both parts are form-encoded within the Basic credential. */
export function basicCredential(authorization: string): { clientId: string; secret: string } | null {
  const [, encoded] = BASIC.exec(authorization) ?? [];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1) return null;
  const clientId = formDecoded(text.slice(0, colon));
  const secret = formDecoded(text.slice(colon + 1));
  return clientId === null || secret === null ? null : { clientId, secret };
}

function formDecoded(text: string): string | null {
  if (!/[%+]/.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}
