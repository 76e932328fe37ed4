/** Who is calling a management door: a bearer token with its scopes, or HTTP Basic with the permissions of the user's roles. */
import { createHmac, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { permissionsOf } from '../../commands/access.ts';
import { admit } from '../../commands/admit.ts';
import type { ClientDirectory } from '../../commands/applications/client-directory.ts';
import type { Caller } from '../../commands/caller.ts';
import type { EffectiveAccess } from '../../commands/effective-access.ts';
import type { Kernel } from '../../commands/kernel.ts';
import type { RequestTrace } from '../../commands/technical-stream.ts';
import { verifyAccessToken } from '../../commands/tokens/access-token.ts';
import type { JwtSigner } from '../../commands/tokens/jwt.ts';
import { signIn } from '../../commands/users/sign-in.ts';
import type { UserId } from '../../domain/ids.ts';
import { users } from '../../domain/users/user.ts';
import type { Tenant } from './tenant.ts';

/** A Basic credential that was right a moment ago is not hashed again; the account's state is looked at each time. */
const BASIC_REMEMBERED_MS = 60_000;
const BASIC_REMEMBERED_MAX = 1_000;

export interface AuthenticationRequest {
  readonly tenant: Tenant;
  /** The `Authorization` header. */
  readonly authorization: string | undefined;
  readonly trace: RequestTrace;
}

export interface Authenticator {
  /** Null: no credential, or none that counts. */
  authenticate(request: AuthenticationRequest): Promise<Caller | null>;
}

export const issuerOf = (tenant: Tenant): string => `${tenant.baseUrl}/oauth2/token`;

export interface AuthenticatorParts {
  readonly kernel: Kernel;
  readonly signer: JwtSigner;
  readonly clients: ClientDirectory;
  readonly access: EffectiveAccess;
}

export function createAuthenticator({ kernel, signer, clients, access }: AuthenticatorParts): Authenticator {
  const remembered = new LRUCache<string, { user: UserId; verifier: string }>({
    max: BASIC_REMEMBERED_MAX,
    ttl: BASIC_REMEMBERED_MS,
  });
  const memoryKey = randomBytes(32);

  async function bearer(tenant: Tenant, token: string): Promise<Caller | null> {
    const verified = await verifyAccessToken(
      { kernel, signer, access },
      {
        tenant: tenant.id,
        issuer: issuerOf(tenant),
        token,
        applicationOf: async (id, clientId) => (await clients.find(id, clientId))?.id ?? null,
      },
    );
    if (verified === null) return null;
    const { user, application, scopes } = verified;
    const base = { tenant: tenant.id, org: tenant.id, permissions: new Set(scopes) };
    return user === null
      ? { ...base, kind: 'app', id: application, memoryKey: `app|${application}` }
      : { ...base, kind: 'user', id: user, memoryKey: `user|${user}` };
  }

  async function provenUser(request: AuthenticationRequest, name: string, password: string): Promise<UserId | null> {
    const { tenant, trace } = request;
    const key = createHmac('sha256', memoryKey).update(`${tenant.id}\n${name}\n${password}`).digest('base64url');
    const known = remembered.get(key);
    if (known !== undefined) {
      const { state } = await kernel.aggregates.load(users, known.user);
      if (state.verifier === known.verifier && state.userName !== '') return known.user;
    }
    const signedIn = await signIn(kernel, { tenant: tenant.id, userName: name, password, application: null, trace });
    if (!signedIn.ok) return null;
    const { state } = await kernel.aggregates.load(users, signedIn.value);
    if (state.verifier !== null) remembered.set(key, { user: signedIn.value, verifier: state.verifier });
    return signedIn.value;
  }

  async function basic(request: AuthenticationRequest, encoded: string): Promise<Caller | null> {
    const credentials = decodeBasic(encoded);
    if (credentials === null) return null;
    const { tenant } = request;
    const user = await provenUser(request, localName(credentials.name, tenant), credentials.password);
    if (user === null) return null;
    const admitted = await admit(kernel, { tenant: tenant.id, user });
    if (!admitted.ok) return null;
    const { state } = await kernel.aggregates.load(users, user);
    const permissions = await permissionsOf(access, { id: user, tenant: state.tenant, org: state.org });
    return { kind: 'user', id: user, tenant: tenant.id, org: tenant.id, permissions, memoryKey: `user|${user}` };
  }

  return {
    async authenticate(request) {
      const match = /^(Basic|Bearer) +([^\s]+)$/i.exec(request.authorization ?? '');
      if (match === null) return null;
      const [, scheme = '', value = ''] = match;
      return scheme.toLowerCase() === 'bearer' ? await bearer(request.tenant, value) : await basic(request, value);
    },
  };
}

/** RFC 7617: UTF-8, the name ends at the first colon. */
function decodeBasic(encoded: string): { readonly name: string; readonly password: string } | null {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return null;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1) return null;
  return { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** `kim@abc.com` and `PRIMARY/kim` are `kim` in tenant `abc.com`. */
export function localName(name: string, tenant: Pick<Tenant, 'domain'>): string {
  const suffix = `@${tenant.domain}`;
  const withoutTenant = name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
  return withoutTenant.replace(/^PRIMARY\//i, '');
}
