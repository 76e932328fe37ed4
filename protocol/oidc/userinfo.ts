/** Who the token is about (OIDC Core §5.3), for a bearer of scope `openid` (RFC 6750). */
import { type AccessToken, verifyAccessToken } from '../../commands/tokens/access-token.ts';
import { openidClaims } from '../../domain/users/openid-claims.ts';
import { issuerOf } from '../http/authenticate.ts';
import type { Request, Response } from '../http/route.ts';
import { crossOrigin } from '../oauth2/cross-origin.ts';
import { applicationIdOf, type OauthDoor } from '../oauth2/oauth-door.ts';
import { unstored } from '../oauth2/oauth-error.ts';

export const userinfoEndpoint =
  (door: OauthDoor) =>
  async (request: Request): Promise<Response> => {
    const token = presentedToken(request);
    if (token === null) return challenge(400, 'invalid_request', 'The access token is missing.');
    const { tenant } = request;
    const verified = await verifyAccessToken(door, {
      tenant: tenant.id,
      issuer: issuerOf(tenant),
      token,
      applicationOf: applicationIdOf(door),
    });
    if (verified === null) return challenge(401, 'invalid_token', 'The access token is not valid.');
    const { application } = verified.judged;
    const allowed = verified.user !== null && verified.scopes.includes('openid');
    const response = allowed
      ? unstored(claimsFor(verified))
      : challenge(403, 'insufficient_scope', 'The access token does not have the scope openid.');
    return crossOrigin(request, application, response);
  };

/** In the header, or in the form (RFC 6750 §2.1, §2.2); never in the address, which is logged everywhere. */
function presentedToken({ headers: { authorization }, body }: Request): string | null {
  const form = body instanceof URLSearchParams ? body.getAll('access_token') : [];
  if (authorization === undefined) return form.length === 1 ? (form[0] ?? null) : null;
  const [, token = null] = /^Bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(authorization) ?? [];
  return form.length === 0 ? token : null;
}

function claimsFor({ judged: { user }, scopes, claims }: AccessToken): object {
  if (user === null) throw new Error('claims were asked for a token without a user');
  return { ...openidClaims(user, new Set(scopes)), sub: claims['sub'] };
}

function challenge(status: number, error: string, description: string): Response {
  const response = unstored({ error, error_description: description }, status);
  const header = `Bearer error="${error}", error_description="${description}"`;
  return { ...response, headers: { ...response.headers, 'www-authenticate': header } };
}
