/** A refresh token becomes new tokens (RFC 6749 §6), and a used one ends its whole family (RFC 9700 §4.14). */
import { admit } from '../../commands/admit.ts';
import { isFromLater } from '../../commands/clock-step.ts';
import { advanceGrant, endGrant, findGrant, type GrantEntry, openRefreshToken } from '../../commands/tokens/grant.ts';
import { recordTokenEvent } from '../../commands/tokens/record.ts';
import type { UserId } from '../../domain/ids.ts';
import { type OauthDoor, traceOf } from './oauth-door.ts';
import { OAuthError } from './oauth-error.ts';
import { scopesIn } from './parameters.ts';
import { grantedReply, grantLifetimeMs, refusedGrant, type TokenReply } from './token-reply.ts';
import type { TokenRequest } from './token-request.ts';

const NOT_FOUND = 'Persisted access token data not found';
const EXPIRED = 'Refresh token is expired.';
const OVER = 'Invalid refresh token state';

export async function refreshGrant(door: OauthDoor, token: TokenRequest): Promise<TokenReply> {
  const { kernel } = door;
  const { request, client } = token;
  const entry = await presentedGrant(door, token);
  const grant = entry.value;
  const nowMs = kernel.clock();
  if (grant.refreshUntilMs <= nowMs || isFromLater(grant.grantedAtMs, nowMs))
    throw new OAuthError('invalid_grant', EXPIRED);
  const requested = requestedScopes(token, grant.scopes);

  const { refreshToken, publicClient } = client.application.oidc ?? {};
  const user = grant.user as UserId;
  const admitted = await admit(kernel, {
    tenant: request.tenant.id,
    application: client.id,
    user,
    ...(grant.session === null ? {} : { session: grant.session }),
    sessionRule: 'as-configured',
    grantType: 'refresh_token',
    since: grant.standing,
  });
  if (!admitted.ok) throw refusedGrant(admitted.refusal, OVER);

  // RFC 9700 §2.2.2: only a confidential client may keep its refresh token.
  const rotates = publicClient === true || refreshToken?.rotate !== false;
  if (rotates && !(await advanceGrant(kernel, admitted.value, entry, grantLifetimeMs(token)))) {
    throw await usedTwice(door, token, entry);
  }
  return await grantedReply(door, token, admitted.value, {
    grantType: 'refresh_token',
    grant: { id: entry.id, generation: grant.generation + (rotates ? 1 : 0) },
    scopes: [...requested],
    nonce: null,
    authenticatedAtMs: grant.authenticatedAtMs,
    amr: grant.amr,
  });
}

async function presentedGrant(door: OauthDoor, token: TokenRequest): Promise<GrantEntry> {
  const { kernel } = door;
  const { request, parameters, client } = token;
  const presented = parameters.get('refresh_token');
  if (presented === undefined) throw new OAuthError('invalid_request', 'Missing parameters: refresh_token');
  const opened = await openRefreshToken(kernel, request.tenant.id, presented);
  if (!opened.ok) throw new OAuthError('invalid_grant', NOT_FOUND);
  const entry = await findGrant(kernel, request.tenant.id, opened.value.grant);
  if (entry === null || entry.value.application !== client.id) throw new OAuthError('invalid_grant', NOT_FOUND);
  if (entry.value.generation !== opened.value.generation) throw await usedTwice(door, token, entry);
  return entry;
}

/** Never more than was granted; what is asked for now does not narrow the grant itself. */
function requestedScopes({ parameters }: TokenRequest, granted: readonly string[]): ReadonlySet<string> {
  const requested = scopesIn(parameters.get('scope'));
  if (requested.size === 0) return new Set(granted);
  if (requested.isSubsetOf(new Set(granted))) return requested;
  throw new OAuthError('invalid_scope', 'The requested scope is wider than the scope that was granted.');
}

async function usedTwice(door: OauthDoor, { request, client }: TokenRequest, entry: GrantEntry): Promise<OAuthError> {
  const { kernel } = door;
  const tenant = request.tenant.id;
  await endGrant(kernel, tenant, entry.id);
  await recordTokenEvent(kernel, {
    tenant,
    application: client.id,
    user: entry.value.user as UserId,
    fact: { type: 'oauth.token.revoked.v1', data: { jti: null, grant: entry.id, reason: 'refresh-token-reused' } },
    trace: traceOf(request),
  });
  return new OAuthError('invalid_grant', NOT_FOUND);
}
