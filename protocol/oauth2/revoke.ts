/** Token revocation (RFC 7009): a client gives back its own tokens; a grant goes as a whole. */
import type { Client } from '../../commands/applications/client-directory.ts';
import { revokeAccessToken, verifyAccessToken } from '../../commands/tokens/access-token.ts';
import { endGrant, findGrant, openRefreshToken } from '../../commands/tokens/grant.ts';
import { recordTokenEvent } from '../../commands/tokens/record.ts';
import type { Application } from '../../domain/applications/application.ts';
import type { UserId } from '../../domain/ids.ts';
import { issuerOf } from '../http/authenticate.ts';
import type { Request, Response } from '../http/route.ts';
import type { ClientAuthentication } from './client-authentication.ts';
import { crossOrigin } from './cross-origin.ts';
import { applicationIdOf, type OauthDoor, traceOf } from './oauth-door.ts';
import { answering, OAuthError, unstored } from './oauth-error.ts';
import { formParameters } from './parameters.ts';

export const revocationEndpoint =
  (door: OauthDoor, authentication: ClientAuthentication) =>
  async (request: Request): Promise<Response> => {
    let application: Application | null = null;
    const response = await answering(async () => {
      const parameters = formParameters(request);
      const client = await authentication.authenticate(request, parameters);
      application = client.application;
      const token = parameters.get('token');
      if (token === undefined) throw new OAuthError('invalid_request', 'Missing parameters: token');
      await (token.startsWith('r1.') ? revokeGrantOf : revokeToken)(door, request, { token, client });
      // RFC 7009 §2.2: the same for a token that is unknown, dead, or another's.
      return unstored(null);
    });
    return crossOrigin(request, application, response);
  };

interface Given {
  readonly token: string;
  readonly client: Client;
}

async function revokeGrantOf(door: OauthDoor, request: Request, { token, client }: Given): Promise<void> {
  const { kernel } = door;
  const tenant = request.tenant.id;
  const opened = await openRefreshToken(kernel, tenant, token);
  if (!opened.ok) return;
  const grant = await findGrant(kernel, tenant, opened.value.grant);
  if (grant === null || grant.value.application !== client.id) return;
  await endGrant(kernel, tenant, grant.id);
  await record(door, request, { client, user: grant.value.user as UserId, grant: grant.id, jti: null });
}

async function revokeToken(door: OauthDoor, request: Request, { token, client }: Given): Promise<void> {
  const { kernel } = door;
  const { tenant } = request;
  const issuer = issuerOf(tenant);
  const verified = await verifyAccessToken(door, {
    tenant: tenant.id,
    issuer,
    token,
    applicationOf: applicationIdOf(door),
  });
  if (verified === null || verified.application !== client.id) return;
  const jti = String(verified.claims['jti']);
  const [kind, grant = ''] = jti.split('.');
  if (kind === 'g') await endGrant(kernel, tenant.id, grant);
  else await revokeAccessToken(kernel, verified);
  await record(door, request, { client, user: verified.user, grant: kind === 'g' ? grant : null, jti });
}

interface Revoked {
  readonly client: Client;
  readonly user: UserId | null;
  readonly grant: string | null;
  readonly jti: string | null;
}

async function record(door: OauthDoor, request: Request, { client, user, grant, jti }: Revoked): Promise<void> {
  await recordTokenEvent(door.kernel, {
    tenant: request.tenant.id,
    application: client.id,
    user,
    fact: { type: 'oauth.token.revoked.v1', data: { jti, grant, reason: 'requested' } },
    trace: traceOf(request),
  });
}
