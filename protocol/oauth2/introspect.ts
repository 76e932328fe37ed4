/** Token introspection (RFC 7662). What is not alive, or none of the caller's business, is simply not active. */

import type { Judged } from '../../commands/admission.ts';
import { admit } from '../../commands/admit.ts';
import type { Client } from '../../commands/applications/client-directory.ts';
import { may } from '../../commands/permissions.ts';
import { type AccessToken, verifyAccessToken } from '../../commands/tokens/access-token.ts';
import { findGrant, openRefreshToken } from '../../commands/tokens/grant.ts';
import { subjectOf } from '../../commands/tokens/id-token.ts';
import type { AppId, UserId } from '../../domain/ids.ts';
import { issuerOf } from '../http/authenticate.ts';
import type { Request, Response } from '../http/route.ts';
import { basicCredential, type ClientAuthentication } from './client-authentication.ts';
import { applicationIdOf, type OauthDoor, traceOf } from './oauth-door.ts';
import { answering, OAuthError, unstored } from './oauth-error.ts';
import { formParameters, type Parameters } from './parameters.ts';

const INTROSPECT_SCOPE = 'internal_oauth2_introspect';

/** Null: may see every token of the tenant. */
type Audience = Client | null;

export const introspectionEndpoint =
  (door: OauthDoor, authentication: ClientAuthentication) =>
  async (request: Request): Promise<Response> =>
    await answering(async () => {
      const parameters = formParameters(request);
      const audience = await introspector(door, authentication, { request, parameters });
      const token = parameters.get('token');
      if (token === undefined) return unstored({ error: 'Invalid input' }, 400);
      const found = token.startsWith('r1.')
        ? await refreshTokenFacts(door, request, token)
        : await accessTokenFacts(door, request, token);
      return unstored(found !== null && concerns(found, audience) ? found.facts : { active: false });
    });

interface Asking {
  readonly request: Request;
  readonly parameters: Parameters;
}

async function introspector(
  door: OauthDoor,
  authentication: ClientAuthentication,
  { request, parameters }: Asking,
): Promise<Audience> {
  const { authorization } = request.headers;
  if (await namesUser(door, request)) {
    const { tenant } = request;
    const caller = await door.authenticator.authenticate({ tenant, authorization, trace: traceOf(request) });
    if (caller !== null && may(caller, [INTROSPECT_SCOPE])) return null;
    throw new OAuthError('invalid_client', 'Client credentials are invalid.');
  }
  const client = await authentication.authenticate(request, parameters);
  // RFC 7662 §2.1: a public client proves nothing by its name.
  if (client.application.oidc?.publicClient !== false) {
    throw new OAuthError('invalid_client', 'Client credentials are invalid.');
  }
  const admitted = await admit(door.kernel, { tenant: request.tenant.id, application: client.id });
  if (!admitted.ok) throw new OAuthError('invalid_client', 'Client credentials are invalid.');
  const everything = [...client.application.apis.values()].some(({ scopes }) => scopes.has(INTROSPECT_SCOPE));
  return everything ? null : client;
}

/** A bearer token, or a Basic credential whose name is no client's. */
async function namesUser(door: OauthDoor, { headers: { authorization }, tenant }: Request): Promise<boolean> {
  if (authorization === undefined) return false;
  if (/^bearer /i.test(authorization)) return true;
  const credential = basicCredential(authorization);
  return credential !== null && (await door.clients.find(tenant.id, credential.clientId)) === null;
}

interface TokenFacts {
  readonly application: AppId;
  readonly audience: readonly string[];
  readonly facts: object;
}

/** A client sees its own tokens and those meant for it (RFC 7662 §4: not those of others). */
function concerns({ application, audience }: TokenFacts, asking: Audience): boolean {
  if (asking === null || asking.id === application) return true;
  return audience.includes(asking.application.oidc?.clientId ?? '');
}

async function accessTokenFacts(door: OauthDoor, request: Request, token: string): Promise<TokenFacts | null> {
  const { tenant } = request;
  const issuer = issuerOf(tenant);
  const applicationOf = applicationIdOf(door);
  const verified = await verifyAccessToken(door, {
    tenant: tenant.id,
    issuer,
    token,
    applicationOf,
  });
  if (verified === null) return null;
  const { claims, application } = verified;
  const { aud } = claims;
  const audience = Array.isArray(aud) ? (aud as string[]) : [String(aud)];
  return { application, audience, facts: factsOf(verified) };
}

function factsOf({ claims, form, judged, scopes, clientId }: AccessToken): object {
  return {
    active: true,
    nbf: claims['nbf'],
    scope: scopes.join(' '),
    ...(judged.user === null ? {} : { username: judged.user.userName }),
    token_type: 'Bearer',
    client_id: clientId,
    iat: claims['iat'],
    exp: claims['exp'],
    aut: claims['aut'],
    aud: claims['aud'],
    org_id: claims['org_id'],
    org_name: claims['org_name'],
    org_handle: claims['org_handle'],
    ...(form === 'JWT' ? { jti: claims['jti'], sub: claims['sub'], iss: claims['iss'] } : {}),
  };
}

async function refreshTokenFacts(door: OauthDoor, request: Request, token: string): Promise<TokenFacts | null> {
  const { kernel } = door;
  const tenant = request.tenant.id;
  const opened = await openRefreshToken(kernel, tenant, token);
  const grant = opened.ok ? await findGrant(kernel, tenant, opened.value.grant) : null;
  if (!opened.ok || grant === null || grant.value.generation !== opened.value.generation) return null;
  if (grant.value.refreshUntilMs <= kernel.clock()) return null;

  const application = grant.value.application as AppId;
  const user = grant.value.user as UserId;
  const { session, standing } = grant.value;
  const admitted = await admit(kernel, {
    tenant,
    application,
    user,
    ...(session === null ? {} : { session }),
    sessionRule: 'as-configured',
    grantType: 'refresh_token',
    since: standing,
  });
  if (!admitted.ok) return null;
  const facts = refreshFacts(admitted.value.judged, { ...grant.value, user });
  return { application, audience: [], facts };
}

interface Refreshable {
  readonly scopes: readonly string[];
  readonly refreshUntilMs: number;
  readonly user: UserId;
}

function refreshFacts({ application, user: person }: Judged, grant: Refreshable): object {
  if (application === null || person === null) throw new Error('a grant was admitted without its parties');
  return {
    active: true,
    scope: grant.scopes.join(' '),
    username: person.userName,
    sub: subjectOf(application, person, grant.user),
    token_type: 'Refresh',
    client_id: application.oidc?.clientId,
    exp: Math.floor(grant.refreshUntilMs / 1000),
    aut: 'APPLICATION_USER',
  };
}
