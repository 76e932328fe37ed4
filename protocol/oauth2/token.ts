/** The token endpoint (RFC 6749 §3.2): who asks, for which grant, and the grant does the rest. */
import type { Application } from '../../domain/applications/application.ts';
import { GRANT_TYPES, type GrantType } from '../../domain/applications/application-events.ts';
import type { Request, Response } from '../http/route.ts';
import type { ClientAuthentication } from './client-authentication.ts';
import { clientCredentialsGrant } from './client-credentials-grant.ts';
import { codeGrant } from './code-grant.ts';
import { crossOrigin } from './cross-origin.ts';
import type { OauthDoor } from './oauth-door.ts';
import { answering, OAuthError, unstored } from './oauth-error.ts';
import { formParameters, type Parameters } from './parameters.ts';
import { refreshGrant } from './refresh-grant.ts';
import type { TokenReply } from './token-reply.ts';
import type { TokenRequest } from './token-request.ts';

type Grant = (door: OauthDoor, request: TokenRequest) => Promise<TokenReply>;

const grants: Readonly<Record<GrantType, Grant>> = {
  authorization_code: codeGrant,
  refresh_token: refreshGrant,
  client_credentials: clientCredentialsGrant,
};

export const tokenEndpoint =
  (door: OauthDoor, authentication: ClientAuthentication) =>
  async (request: Request): Promise<Response> => {
    let application: Application | null = null;
    const response = await answering(async () => {
      const parameters = formParameters(request);
      const client = await authentication.authenticate(request, parameters);
      application = client.application;
      const grantType = grantTypeOf(parameters);
      if (client.application.oidc?.grantTypes.includes(grantType) !== true) throw notEnabled();
      const { body, position } = await grants[grantType](door, { request, parameters, client });
      return { ...unstored(body), position };
    });
    return crossOrigin(request, application, response);
  };

function grantTypeOf(parameters: Parameters): GrantType {
  const given = parameters.get('grant_type');
  if (given === undefined) throw new OAuthError('invalid_request', 'Missing grant_type parameter value');
  const known = GRANT_TYPES.find((grantType) => grantType === given);
  if (known === undefined) throw new OAuthError('unsupported_grant_type', 'Unsupported grant_type value');
  return known;
}

const notEnabled = (): OAuthError =>
  new OAuthError(
    'unauthorized_client',
    'The authenticated client is not authorized to use this authorization grant type',
  );
