/** What a successful token request gets, made from an admission (RFC 6749 §5.1, OIDC Core §3.1.3.3). */
import { grantedScopes } from '../../commands/access.ts';
import type { Admission } from '../../commands/admission.ts';
import type { AdmitRefusal } from '../../commands/admit.ts';
import { dictionaryOf } from '../../commands/attributes/attribute-command.ts';
import { issueAccessToken } from '../../commands/tokens/access-token.ts';
import { refreshTokenFor } from '../../commands/tokens/grant.ts';
import { issueIdToken } from '../../commands/tokens/id-token.ts';
import type { GrantType } from '../../domain/applications/application-events.ts';
import type { AppId, UserId } from '../../domain/ids.ts';
import type { Position } from '../../infra/event-store/position.ts';
import { issuerOf } from '../http/authenticate.ts';
import { type OauthDoor, traceOf } from './oauth-door.ts';
import { OAuthError } from './oauth-error.ts';
import type { TokenRequest } from './token-request.ts';

export interface TokenReply {
  readonly body: object;
  readonly position: Position;
}

export interface GrantedTokens {
  readonly grantType: GrantType;
  readonly grant: { readonly id: string; readonly generation: number };
  readonly scopes: readonly string[];
  readonly nonce: string | null;
  readonly authenticatedAtMs: number;
  readonly amr: readonly string[];
}

/** The tokens of a grant: access token, refresh token where the application may refresh, id token for `openid`. */
export async function grantedReply(
  door: OauthDoor,
  { request, client }: TokenRequest,
  admission: Admission & { readonly user: UserId; readonly application: AppId },
  granted: GrantedTokens,
): Promise<TokenReply> {
  const { kernel, signer } = door;
  const { tenant } = admission;
  const issuer = issuerOf(request.tenant);
  const { grant } = granted;
  const scopes = await scopesNow(door, admission, granted.scopes);
  const trace = traceOf(request);
  const issued = await issueAccessToken(kernel, signer, admission, { ...granted, scopes, issuer, trace });
  const mayRefresh = client.application.oidc?.grantTypes.includes('refresh_token') === true;
  const body = {
    access_token: issued.token,
    ...(mayRefresh ? { refresh_token: await refreshTokenFor(kernel, tenant, grant.id, grant.generation) } : {}),
    scope: scopes.join(' '),
    token_type: 'Bearer',
    expires_in: issued.expiresInS,
  };
  if (!scopes.includes('openid')) return { body, position: issued.position };

  const idToken = await issueIdToken(signer, admission, {
    ...granted,
    scopes,
    issuer,
    accessToken: issued.token,
    attributes: await dictionaryOf(kernel, tenant),
  });
  return { body: { ...body, id_token: idToken }, position: issued.position };
}

/** What was granted once counts as far as the user's roles and the application's authorizations still give it. */
async function scopesNow(
  door: OauthDoor,
  { user: id, application, judged: { user, application: state } }: Admission & { readonly user: UserId },
  granted: readonly string[],
): Promise<readonly string[]> {
  if (user === null || state === null || application === null) throw new Error('a grant has a user and an application');
  const holder = { id, tenant: user.tenant, org: user.org };
  return await grantedScopes(door, { id: application, state }, holder, new Set(granted));
}

/** A grant lives as long as the longest-lived of its tokens. */
export function grantLifetimeMs({ client }: TokenRequest): number {
  const { oidc } = client.application;
  if (oidc === null) throw new Error('a client without a protocol was authenticated');
  const refreshS = oidc.grantTypes.includes('refresh_token') ? oidc.refreshToken.lifetimeS : 0;
  return Math.max(refreshS, oidc.accessToken.userLifetimeS) * 1000;
}

/** What the gate refuses, as the token endpoint says it: never more about a user than that the grant is over. */
export function refusedGrant({ reason }: AdmitRefusal, description: string): OAuthError {
  switch (reason) {
    case 'application-unknown':
    case 'application-disabled':
    case 'client-revoked':
      return new OAuthError('invalid_client', 'Client credentials are invalid.');
    case 'grant-type-not-enabled':
      return new OAuthError(
        'unauthorized_client',
        'The client may no longer use the grant type that these tokens came from',
      );
    case 'organization-inactive':
      return new OAuthError('invalid_request', 'The organization is not active.');
    default:
      return new OAuthError('invalid_grant', description);
  }
}
