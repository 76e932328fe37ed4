/** What the scenarios need, made over the public APIs: two applications, their API rights, one person, a SCIM token. */

import { Connection } from '../load/connection.ts';
import { requestToken } from '../load/login.ts';
import type { ClientCredentials, Endpoints, Seed } from './target.ts';

export const SCIM_SCOPES =
  'internal_user_mgt_create internal_user_mgt_view internal_user_mgt_list internal_user_mgt_update internal_user_mgt_delete';
const REDIRECT_URI = 'https://application.example/callback';
const USER = { userName: 'bench.person', password: 'Correct-Horse-Battery-9' };

interface SeedRequest {
  readonly baseUrl: URL;
  readonly password: string;
  readonly endpoints: Endpoints;
}

type SeedWithoutMakers = Omit<Seed, 'introspectable' | 'refreshToken' | 'userToken'>;

export async function seedMuniment({ baseUrl, password, endpoints }: SeedRequest): Promise<SeedWithoutMakers> {
  const call = caller(baseUrl, `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`);
  const apis = await apiIds(call);
  const es256 = await application(call, 'ES256', apis);
  const rs256 = await application(call, 'RS256', apis);
  await call('POST', '/scim2/Users', {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    ...USER,
    name: { givenName: 'Kim', familyName: 'Bench' },
    emails: [{ value: 'kim@bench.example', primary: true }],
  });
  const connection = new Connection(baseUrl);
  const fields = { grant_type: 'client_credentials', scope: SCIM_SCOPES };
  const { access_token: scimToken } = await requestToken(connection, { path: endpoints.token, client: es256, fields });
  connection.close();
  return { es256, rs256, redirectUri: REDIRECT_URI, tokenParameters: { scope: SCIM_SCOPES }, user: USER, scimToken };
}

type Call = (
  method: string,
  path: string,
  body?: object,
) => Promise<{ readonly location: string; readonly body: unknown }>;

function caller(baseUrl: URL, authorization: string): Call {
  return async (method, path, body) => {
    const headers = { Authorization: authorization, 'Content-Type': 'application/json', Accept: 'application/json' };
    const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
    const response = await fetch(new URL(path, baseUrl), init);
    const text = await response.text();
    if (!response.ok) throw new Error(`seeding: ${method} ${path} answered ${response.status} ${text.slice(0, 300)}`);
    return { location: response.headers.get('location') ?? '', body: text === '' ? null : JSON.parse(text) };
  };
}

interface Api {
  readonly id: string;
  readonly scopes: string;
}

async function apiIds(call: Call): Promise<readonly Api[]> {
  const { body } = await call('GET', '/api/server/v1/api-resources?limit=100');
  const { apiResources } = body as { apiResources: readonly { id: string; identifier: string }[] };
  const idOf = (identifier: string): string => {
    const found = apiResources.find((candidate) => candidate.identifier === identifier);
    if (found === undefined) throw new Error(`seeding: the server lists no API ${identifier}`);
    return found.id;
  };
  return [
    { id: idOf('/scim2/Users'), scopes: SCIM_SCOPES },
    { id: idOf('/oauth2/introspect'), scopes: 'internal_oauth2_introspect' },
  ];
}

async function application(call: Call, alg: 'ES256' | 'RS256', apis: readonly Api[]): Promise<ClientCredentials> {
  const { location } = await call('POST', '/api/server/v1/applications', {
    name: `bench ${alg}`,
    advancedConfigurations: { skipLoginConsent: true, skipLogoutConsent: true },
    claimConfiguration: {
      requestedClaims: [
        { claim: { uri: 'http://wso2.org/claims/givenname' }, mandatory: false },
        { claim: { uri: 'http://wso2.org/claims/lastname' }, mandatory: false },
      ],
    },
    inboundProtocolConfiguration: {
      oidc: {
        grantTypes: ['client_credentials', 'authorization_code', 'refresh_token'],
        callbackURLs: [REDIRECT_URI],
        publicClient: false,
        accessToken: { type: 'JWT', userAccessTokenExpiryInSeconds: 3600, applicationAccessTokenExpiryInSeconds: 3600 },
        refreshToken: { expiryInSeconds: 86400, renewRefreshToken: true },
        idToken: { expiryInSeconds: 3600, idTokenSignedResponseAlg: alg },
      },
    },
  });
  const id = location.slice(location.lastIndexOf('/') + 1);
  const path = `/api/server/v1/applications/${id}`;
  for (const { id: api, scopes } of apis) {
    await call('POST', `${path}/authorized-apis`, { id: api, policyIdentifier: 'RBAC', scopes: scopes.split(' ') });
  }
  const { body } = await call('GET', `${path}/inbound-protocols/oidc`);
  return body as ClientCredentials;
}
