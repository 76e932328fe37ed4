/** The end of an authorization: a code for the client, from one last look of the gate. */
import { type AdmitRefusal, admit } from '../../commands/admit.ts';
import type { Session } from '../../commands/sessions/session.ts';
import { issueCode } from '../../commands/tokens/code.ts';
import type { AppId } from '../../domain/ids.ts';
import { issuerOf } from '../http/authenticate.ts';
import type { Request, Response } from '../http/route.ts';
import { AuthorizeError, type AuthorizeRequest, UntrustedRequest } from './authorize-request.ts';
import { answerCallback } from './authorize-response.ts';
import type { OauthDoor } from './oauth-door.ts';

interface Agreed {
  readonly session: Session;
  readonly scopes: readonly string[];
}

export async function answer(
  door: OauthDoor,
  request: Request,
  authorize: AuthorizeRequest,
  { session, scopes }: Agreed,
): Promise<Response> {
  const { kernel } = door;
  const admitted = await admit(kernel, {
    tenant: request.tenant.id,
    application: authorize.application as AppId,
    user: session.user,
    session: session.id,
    grantType: 'authorization_code',
    since: session.standing,
  });
  if (!admitted.ok) throw refused(authorize, admitted.refusal);
  const { redirectUri, nonce, challenge, challengeMethod } = authorize;
  const { authenticatedAtMs, amr } = session;
  const code = await issueCode(kernel, admitted.value, {
    redirectUri,
    nonce,
    challenge,
    challengeMethod,
    scopes,
    authenticatedAtMs,
    amr,
  });
  return answerCallback(authorize, { code, iss: issuerOf(request.tenant) });
}

export function refused(authorize: AuthorizeRequest, { reason }: AdmitRefusal): Error {
  switch (reason) {
    case 'application-unknown':
    case 'application-disabled':
    case 'client-revoked':
    case 'client-changed':
      return new UntrustedRequest('invalid_client', 'A valid OAuth client could not be found for the client_id.');
    case 'organization-inactive':
      return new UntrustedRequest('access_denied', 'organization.not.active');
    case 'grant-type-not-enabled':
      return new AuthorizeError(authorize, 'unauthorized_client', 'not.authorized.to.use.requested.grant.type');
    default:
      return new AuthorizeError(authorize, 'access_denied', 'The sign-in is no longer valid.');
  }
}
