/** A code becomes tokens, once (RFC 6749 §4.1.3, RFC 7636 §4.6). */
import { createHash, timingSafeEqual } from 'node:crypto';
import { admit } from '../../commands/admit.ts';
import type { Client } from '../../commands/applications/client-directory.ts';
import { isFromLater } from '../../commands/clock-step.ts';
import { CODE_LIFETIME_MS, type Code, type FoundCode, findCode, useCodeOp } from '../../commands/tokens/code.ts';
import { endGrant, grantOp } from '../../commands/tokens/grant.ts';
import { recordTokenEvent } from '../../commands/tokens/record.ts';
import type { AppId, UserId } from '../../domain/ids.ts';
import { type OauthDoor, traceOf } from './oauth-door.ts';
import { OAuthError } from './oauth-error.ts';
import type { Parameters } from './parameters.ts';
import { grantedReply, grantLifetimeMs, refusedGrant, type TokenReply } from './token-reply.ts';
import type { TokenRequest } from './token-request.ts';

const UNKNOWN = 'Invalid authorization code received from token request';
const USED = 'Inactive authorization code received from token request';
const EXPIRED = 'Expired or Revoked authorization code received from token request';

export async function codeGrant(door: OauthDoor, token: TokenRequest): Promise<TokenReply> {
  const { kernel } = door;
  const { request, parameters, client } = token;
  const code = await presentedCode(door, token);
  const grant = kernel.uuid();

  const refusal = codeRefusal(code.value, { client, parameters, nowMs: kernel.clock() });
  if (refusal !== null) throw await spent(door, token, code, { grant, refusal });
  const { user, session, standing } = code.value;
  const admitted = await admit(kernel, {
    tenant: request.tenant.id,
    application: client.id,
    user: user as UserId,
    session,
    grantType: 'authorization_code',
    since: standing,
  });
  if (!admitted.ok) throw await spent(door, token, code, { grant, refusal: refusedGrant(admitted.refusal, EXPIRED) });

  const lifetimeMs = grantLifetimeMs(token);
  const put = grantOp(admitted.value, { ...code.value, id: grant, lifetimeMs });
  if (!(await kernel.transient.commit([useCodeOp(code, grant), put]))) throw await usedTwice(door, token);
  return await grantedReply(door, token, admitted.value, {
    ...code.value,
    grantType: 'authorization_code',
    grant: { id: grant, generation: 0 },
  });
}

async function presentedCode(door: OauthDoor, token: TokenRequest): Promise<FoundCode> {
  const presented = token.parameters.get('code');
  if (presented === undefined) throw new OAuthError('invalid_request', 'Missing parameters: code');
  const code = await findCode(door.kernel, token.request.tenant.id, presented);
  if (code === null) throw new OAuthError('invalid_grant', UNKNOWN);
  if (code.value.usedFor !== null) throw await usedTwice(door, token);
  return code;
}

interface Presentation {
  readonly client: Client;
  readonly parameters: Parameters;
  readonly nowMs: number;
}

function codeRefusal(code: Code, { client, parameters, nowMs }: Presentation): OAuthError | null {
  if (code.application !== client.id) return new OAuthError('invalid_grant', UNKNOWN);
  if (code.issuedAtMs + CODE_LIFETIME_MS <= nowMs || isFromLater(code.issuedAtMs, nowMs))
    return new OAuthError('invalid_grant', EXPIRED);
  if (parameters.get('redirect_uri') !== code.redirectUri)
    return new OAuthError('invalid_grant', 'Callback url mismatch');
  return verifierRefusal(code, client, parameters.get('code_verifier'));
}

const VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/;

function verifierRefusal(code: Code, client: Client, verifier: string | undefined): OAuthError | null {
  if (code.challenge === null) {
    // RFC 9700 §4.8.2: a verifier without a challenge is a sign that the challenge was taken out.
    return verifier === undefined ? null : new OAuthError('invalid_grant', 'PKCE validation failed');
  }
  if (verifier === undefined) {
    const mandatory = client.application.oidc?.pkce.mandatory === true;
    return new OAuthError('invalid_grant', mandatory ? NO_VERIFIER : EMPTY_VERIFIER);
  }
  const matches = VERIFIER.test(verifier) && matchesChallenge(verifier, code);
  return matches ? null : new OAuthError('invalid_grant', 'PKCE validation failed');
}

const NO_VERIFIER = 'No PKCE code verifier found. PKCE is mandatory for this oAuth 2.0 application.';
const EMPTY_VERIFIER =
  'Empty PKCE code_verifier sent. This authorization code requires a PKCE verification to obtain an access token.';

function matchesChallenge(verifier: string, { challenge, challengeMethod }: Code): boolean {
  const derived = challengeMethod === 'S256' ? createHash('sha256').update(verifier).digest('base64url') : verifier;
  const given = Buffer.from(derived);
  const expected = Buffer.from(challenge ?? '');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** Any attempt uses the code up: a thief gets one guess, and that one shows. */
async function spent(
  door: OauthDoor,
  token: TokenRequest,
  code: FoundCode,
  { grant, refusal }: { readonly grant: string; readonly refusal: OAuthError },
): Promise<OAuthError> {
  const first = await door.kernel.transient.commit([useCodeOp(code, grant)]);
  return first ? refusal : await usedTwice(door, token);
}

/** RFC 6749 §4.1.2: what the first use got is revoked. */
async function usedTwice(door: OauthDoor, { request, parameters }: TokenRequest): Promise<OAuthError> {
  const { kernel } = door;
  const tenant = request.tenant.id;
  const code = await findCode(kernel, tenant, parameters.get('code') ?? '');
  if (code !== null && code.value.usedFor !== null) {
    await endGrant(kernel, tenant, code.value.usedFor);
    await recordTokenEvent(kernel, {
      tenant,
      application: code.value.application as AppId,
      user: code.value.user as UserId,
      fact: { type: 'oauth.token.revoked.v1', data: { jti: null, grant: code.value.usedFor, reason: 'code-reused' } },
      trace: traceOf(request),
    });
  }
  return new OAuthError('invalid_grant', USED);
}
