/** Access tokens: issued by an admission, as JWT (RFC 9068) or opaque; verified against the newest state. */
import { createHash, randomBytes } from 'node:crypto';
import type { Application } from '../../domain/applications/application.ts';
import type { AppId, TenantId, UserId } from '../../domain/ids.ts';
import type { Json } from '../../domain/json.ts';
import type { Organization } from '../../domain/organizations/organization.ts';
import type { Position } from '../../infra/event-store/position.ts';
import type { TransientKey } from '../../infra/transient-store/transient-store.ts';
import { grantedScopes, type Rights } from '../access.ts';
import type { Admission, Judged } from '../admission.ts';
import { admit } from '../admit.ts';
import type { EffectiveAccess } from '../effective-access.ts';
import { instantOf, type Kernel } from '../kernel.ts';
import type { RequestTrace } from '../technical-stream.ts';
import { findGrant } from './grant.ts';
import { subjectOf } from './id-token.ts';
import type { Claims, JwtSigner } from './jwt.ts';
import { recordTokenEvent } from './record.ts';

export const ACCESS_TOKEN_TYP = 'at+jwt';
const OPAQUE_BYTES = 32;
const JTI_BYTES = 16;

export interface AccessTokenRequest {
  /** Issuer identifier of the tenant. */
  readonly issuer: string;
  readonly scopes: readonly string[];
  readonly grantType: string;
  /** The grant and generation that the token belongs to; null where the application acts for itself. */
  readonly grant: { readonly id: string; readonly generation: number } | null;
  readonly trace: RequestTrace;
}

export interface IssuedToken {
  readonly token: string;
  readonly expiresInS: number;
  readonly position: Position;
}

/** What a verified access token says. */
export interface AccessToken {
  readonly tenant: TenantId;
  readonly application: AppId;
  readonly clientId: string;
  readonly user: UserId | null;
  readonly session: string | null;
  /** As they are now. */
  readonly judged: Judged;
  readonly scopes: readonly string[];
  readonly claims: Claims;
  /** `JWT`, or opaque. */
  readonly form: 'JWT' | 'Default';
}

type PassedApplication = Admission & { readonly application: AppId };

export async function issueAccessToken(
  kernel: Kernel,
  signer: JwtSigner,
  admission: PassedApplication,
  request: AccessTokenRequest,
): Promise<IssuedToken> {
  const { tenant, application, user, judged } = admission;
  const { organization, application: state, user: person } = judged;
  if (state === null || state.oidc === null)
    throw new Error(`application ${application} was admitted without a protocol`);
  const expiresInS = user === null ? state.oidc.accessToken.applicationLifetimeS : state.oidc.accessToken.userLifetimeS;
  const jti = jtiFor(admission, request);
  const subject = user === null || person === null ? state.oidc.clientId : subjectOf(state, person, user);
  const claims = claimsOf({ admission, request, state, organization, subject, jti, expiresInS });
  const token =
    state.oidc.accessToken.type === 'JWT'
      ? await signer.sign(tenant, { alg: state.oidc.idToken.alg, typ: ACCESS_TOKEN_TYP, claims })
      : await storeOpaque(kernel, admission, claims, expiresInS);
  const expiresAt = instantOf(admission.atMs + expiresInS * 1000);
  const { grantType, grant, scopes, trace } = request;
  const position = await recordTokenEvent(kernel, {
    tenant,
    application,
    user,
    trace,
    fact: {
      type: 'oauth.token.issued.v1',
      data: {
        jti,
        grantType,
        user,
        session: admission.session,
        grant: grant?.id ?? null,
        scopes: [...scopes],
        expiresAt,
      },
    },
  });
  return { token, expiresInS, position };
}

/** A token of a grant names grant and generation; one of an application names how far the application had come. */
function jtiFor({ standing }: Admission, { grant }: AccessTokenRequest): string {
  if (grant !== null) return `g.${grant.id}.${grant.generation}`;
  return `c.${randomBytes(JTI_BYTES).toString('base64url')}.${standing.application ?? '-1'}`;
}

function claimsOf(given: {
  admission: PassedApplication;
  request: AccessTokenRequest;
  state: Application;
  organization: Organization;
  subject: string;
  jti: string;
  expiresInS: number;
}): Claims {
  const { admission, request, state, organization, subject, jti, expiresInS } = given;
  const { user, session, atMs } = admission;
  const iat = Math.floor(atMs / 1000);
  const clientId = state.oidc?.clientId ?? '';
  const audience = [clientId, ...(state.oidc?.idToken.audience ?? [])];
  return {
    iss: request.issuer,
    sub: subject,
    aud: audience.length === 1 ? clientId : audience,
    azp: clientId,
    client_id: clientId,
    aut: user === null ? 'APPLICATION' : 'APPLICATION_USER',
    iat,
    nbf: iat,
    exp: iat + expiresInS,
    jti,
    scope: request.scopes.join(' '),
    org_id: organization.id,
    org_name: organization.name,
    org_handle: organization.handle,
    sid: session ?? undefined,
  };
}

const opaqueKey = (tenant: TenantId, token: string): TransientKey => ({
  type: 'access-token',
  tenant,
  id: createHash('sha256').update(token).digest('base64url'),
});

async function storeOpaque(kernel: Kernel, admission: Admission, claims: Claims, lifetimeS: number): Promise<string> {
  const token = randomBytes(OPAQUE_BYTES).toString('base64url');
  const value = JSON.parse(JSON.stringify(claims)) as Json;
  const expiresAtMs = admission.atMs + lifetimeS * 1000;
  const key = opaqueKey(admission.tenant, token);
  await kernel.transient.commit([{ op: 'put', key, value, expiresAtMs, expect: 'absent' }]);
  return token;
}

export interface VerifyRequest {
  readonly tenant: TenantId;
  readonly issuer: string;
  readonly token: string;
  /** Client id to application id. */
  readonly applicationOf: (tenant: TenantId, clientId: string) => Promise<AppId | null>;
}

export interface Verification {
  readonly kernel: Kernel;
  readonly signer: JwtSigner;
  readonly access: EffectiveAccess;
}

/**
 * Null for anything that is not a living access token of this tenant. Of a user's scopes those count that he would be
 * granted now: a right that was taken from him is not in his hands until the token expires.
 */
export async function verifyAccessToken(
  { kernel, signer, access }: Verification,
  request: VerifyRequest,
): Promise<AccessToken | null> {
  const { tenant, token, issuer } = request;
  const isJwt = token.includes('.');
  const claims = isJwt
    ? await signer.verify(tenant, token, ACCESS_TOKEN_TYP)
    : (((await kernel.transient.get(opaqueKey(tenant, token)))?.value as Claims | undefined) ?? null);
  if (claims === null || claims['iss'] !== issuer) return null;
  const { exp, nbf, jti, client_id: clientId } = claims;
  const nowS = kernel.clock() / 1000;
  if (typeof exp !== 'number' || exp <= nowS || typeof nbf !== 'number' || nbf > nowS + 1) return null;
  if (typeof jti !== 'string' || typeof clientId !== 'string') return null;

  const application = await request.applicationOf(tenant, clientId);
  if (application === null) return null;
  const form = isJwt ? 'JWT' : 'Default';
  const base = { tenant, application, clientId, claims, form, scopes: scopesIn(claims) } as const;
  if (await isRevoked(kernel, tenant, jti)) return null;
  if (!jti.startsWith('g.')) return await verifyOwn(kernel, base, jti);
  const granted = await verifyGranted(kernel, base, jti);
  return granted === null ? null : { ...granted, scopes: await scopesNow({ kernel, access }, granted) };
}

const scopesIn = (claims: Claims): readonly string[] =>
  typeof claims['scope'] === 'string' && claims['scope'] !== '' ? claims['scope'].split(' ') : [];

async function scopesNow(rights: Rights, token: AccessToken): Promise<readonly string[]> {
  const { application: state, user: person } = token.judged;
  if (state === null || person === null || token.user === null) return [];
  const holder = { id: token.user, tenant: person.tenant, org: person.org };
  return await grantedScopes(rights, { id: token.application, state }, holder, new Set(token.scopes));
}

type Base = Omit<AccessToken, 'user' | 'session' | 'judged'>;

async function verifyGranted(kernel: Kernel, base: Base, jti: string): Promise<AccessToken | null> {
  const [, id = '', generation = ''] = jti.split('.');
  const grant = await findGrant(kernel, base.tenant, id);
  if (grant === null || String(grant.value.generation) !== generation) return null;
  if (grant.value.application !== base.application) return null;
  const user = grant.value.user as UserId;
  const { session } = grant.value;
  const admitted = await admit(kernel, {
    tenant: base.tenant,
    application: base.application,
    user,
    ...(session === null ? {} : { session }),
    sessionRule: 'as-configured',
    since: grant.value.standing,
  });
  return admitted.ok ? { ...base, user, session, judged: admitted.value.judged } : null;
}

async function verifyOwn(kernel: Kernel, base: Base, jti: string): Promise<AccessToken | null> {
  const application = jti.slice(jti.lastIndexOf('.') + 1);
  if (!/^\d+$/.test(application)) return null;
  const admitted = await admit(kernel, { tenant: base.tenant, application: base.application, since: { application } });
  return admitted.ok ? { ...base, user: null, session: null, judged: admitted.value.judged } : null;
}

const revokedKey = (tenant: TenantId, jti: string): TransientKey => ({ type: 'revoked-token', tenant, id: jti });

async function isRevoked(kernel: Kernel, tenant: TenantId, jti: string): Promise<boolean> {
  return !jti.startsWith('g.') && (await kernel.transient.get(revokedKey(tenant, jti))) !== null;
}

/** Until it would have expired anyway. */
export async function revokeAccessToken(kernel: Kernel, token: AccessToken): Promise<void> {
  const { jti, exp } = token.claims;
  if (typeof jti !== 'string' || typeof exp !== 'number') throw new Error('a verified token has no jti or exp');
  const key = revokedKey(token.tenant, jti);
  await kernel.transient.commit([{ op: 'put', key, value: true, expiresAtMs: exp * 1000, expect: 'any' }]);
}
