/** Id tokens (OIDC Core §2): who signed in, when and how, for one client. */
import { createHash } from 'node:crypto';
import type { Application } from '../../domain/applications/application.ts';
import type { AttributeDictionary } from '../../domain/attributes/dictionary.ts';
import type { UserId } from '../../domain/ids.ts';
import { openidClaims } from '../../domain/users/openid-claims.ts';
import type { User } from '../../domain/users/user.ts';
import type { Admission } from '../admission.ts';
import type { JwtSigner } from './jwt.ts';

export const ID_TOKEN_TYP = 'JWT';

export interface IdTokenRequest {
  readonly issuer: string;
  readonly scopes: readonly string[];
  readonly nonce: string | null;
  readonly authenticatedAtMs: number;
  readonly amr: readonly string[];
  readonly accessToken: string;
  /** Of the user's organization: which claims the scopes carry. */
  readonly attributes: AttributeDictionary;
}

export async function issueIdToken(
  signer: JwtSigner,
  admission: Admission & { readonly user: UserId },
  request: IdTokenRequest,
): Promise<string> {
  const { organization, application, user } = admission.judged;
  const oidc = application?.oidc ?? null;
  if (application === null || oidc === null || user === null) {
    throw new Error('no application with a protocol, or no user, was admitted to an id token');
  }
  const iat = Math.floor(admission.atMs / 1000);
  const audience = [oidc.clientId, ...oidc.idToken.audience];
  const claims = {
    ...openidClaims(request.attributes, user, new Set(request.scopes)),
    iss: request.issuer,
    sub: subjectOf(application, user, admission.user),
    aud: audience.length === 1 ? oidc.clientId : audience,
    azp: oidc.clientId,
    iat,
    nbf: iat,
    exp: iat + oidc.idToken.lifetimeS,
    auth_time: Math.floor(request.authenticatedAtMs / 1000),
    amr: request.amr,
    nonce: request.nonce ?? undefined,
    sid: admission.session ?? undefined,
    at_hash: halfHash(request.accessToken),
    org_id: organization.id,
    org_name: organization.name,
    org_handle: organization.handle,
  };
  return await signer.sign(admission.tenant, { alg: oidc.idToken.alg, typ: ID_TOKEN_TYP, claims });
}

/** The subject claim that the application chose: the user id unless told otherwise. */
export const subjectOf = (application: Application, user: User, id: string): string =>
  application.claims.subject === 'username' ? user.userName : id;

/** Left half of SHA-256, as ES256 and RS256 have it (OIDC Core §3.1.3.6). */
const halfHash = (token: string): string =>
  createHash('sha256').update(token).digest().subarray(0, 16).toString('base64url');
