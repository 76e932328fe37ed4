/** An application acts for itself (RFC 6749 §4.4). */
import { grantedScopes } from '../../commands/access.ts';
import { admit } from '../../commands/admit.ts';
import { issueAccessToken } from '../../commands/tokens/access-token.ts';
import { issuerOf } from '../http/authenticate.ts';
import { type OauthDoor, traceOf } from './oauth-door.ts';
import { scopesIn } from './parameters.ts';
import { refusedGrant, type TokenReply } from './token-reply.ts';
import type { TokenRequest } from './token-request.ts';

export async function clientCredentialsGrant(door: OauthDoor, token: TokenRequest): Promise<TokenReply> {
  const { kernel, signer } = door;
  const { request, parameters, client } = token;
  const { tenant } = request;
  const grantType = 'client_credentials';
  const admitted = await admit(kernel, { tenant: tenant.id, application: client.id, grantType });
  if (!admitted.ok) throw refusedGrant(admitted.refusal, 'The client is not admitted.');

  const requested = scopesIn(parameters.get('scope'));
  const judged = { id: client.id, state: client.application };
  const scopes = requested.size === 0 ? [] : await grantedScopes(door, judged, null, requested);
  const issuer = issuerOf(tenant);
  const wanted = { issuer, scopes, grantType, grant: null, trace: traceOf(request) };
  const issued = await issueAccessToken(kernel, signer, admitted.value, wanted);
  // No refresh token: the client can always ask again (RFC 6749 §4.4.3).
  const body = {
    access_token: issued.token,
    scope: scopes.join(' '),
    token_type: 'Bearer',
    expires_in: issued.expiresInS,
  };
  return { body, position: issued.position };
}
