import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorizeUrl } from '../protocol/oauth2/browser.ts';
import type { TestClient } from '../protocol/oauth2/oauth-server.ts';
import { basic, startTestServer, type TestServer } from '../support/server.ts';
import { ask, browserAt, newClient } from '../support/server-client.ts';

const GRANTS_NOT_BUILT = [
  'password',
  'implicit',
  'urn:ietf:params:oauth:grant-type:device_code',
  'urn:ietf:params:oauth:grant-type:token-exchange',
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
  'urn:ietf:params:oauth:grant-type:saml2-bearer',
  'urn:openid:params:grant-type:ciba',
  'organization_switch',
  'account_switch',
  'kerberos',
  '__proto__',
  'toString',
];

const ENDPOINTS_NOT_BUILT: readonly (readonly [method: string, path: string])[] = [
  ['POST', '/oauth2/par'],
  ['POST', '/oauth2/device_authorize'],
  ['POST', '/oauth2/ciba'],
  ['GET', '/oidc/checksession'],
  ['POST', '/api/openidconnect/connect/register'],
  ['POST', '/api/identity/oauth2/dcr/v1.1/register'],
  ['POST', '/oauth2/register'],
  ['GET', '/samlsso'],
  ['POST', '/samlsso'],
  ['GET', '/passivests'],
  ['POST', '/api/identity/recovery/v0.9/recover-password'],
  ['POST', '/api/users/v2/recovery/password/init'],
  ['POST', '/api/identity/user/v1.0/me'],
  ['GET', '/console'],
  ['GET', '/carbon'],
  ['GET', '/metrics'],
  ['GET', '/debug/pprof'],
  ['GET', '/.git/HEAD'],
  ['GET', '/.env'],
  ['GET', '/oauth2/token/.well-known/../../../etc/passwd'],
  ['GET', '/.well-known/webfinger'],
  ['GET', '/oauth2/authorize.jag'],
];

const RESPONSE_TYPES = [
  'token',
  'id_token',
  'id_token token',
  'code token',
  'code id_token',
  'none',
  'device',
  '__proto__',
];
const RESPONSE_MODES = ['fragment', 'query.jwt', 'form_post.jwt', 'jwt', 'web_message', 'constructor'];

describe('what is not built', () => {
  let server: TestServer;
  let client: TestClient;

  beforeAll(async () => {
    server = await startTestServer();
    client = await newClient(server, { name: 'Everything', oidc: {} });
  });
  afterAll(async () => await server.stop());

  const ofClient = () => basic(client.clientId, client.secret ?? '');

  it.each(GRANTS_NOT_BUILT)('[SEC-C9] is no grant: %s', async (grant) => {
    const body = new URLSearchParams({
      grant_type: grant,
      username: 'admin',
      password: server.admin.password,
      scope: 'openid',
      device_code: 'x',
      assertion: 'x',
      subject_token: 'x',
    }).toString();
    const told = await ask(server, {
      method: 'POST',
      path: '/oauth2/token',
      authorization: ofClient(),
      type: 'application/x-www-form-urlencoded',
      body,
    });
    expect([told.status, told.json.error]).toEqual([400, 'unsupported_grant_type']);
    expect(told.json.access_token).toBeUndefined();
  });

  it.each(ENDPOINTS_NOT_BUILT)('[SEC-C9] is not there: %s %s', async (method, path) => {
    const authorization = server.admin.authorization;
    for (const prefix of ['', '/t/carbon.super']) {
      const told = await ask(server, { method, path: prefix + path, authorization });
      expect([404, 400], `${method} ${prefix}${path}: ${told.status} ${told.text}`).toContain(told.status);
    }
  });

  it.each(RESPONSE_TYPES)('[SEC-C9] is no response type: %s', async (type) => {
    const { url } = await browserAt(server).open(authorizeUrl(client, { query: { response_type: type } }));
    expect(url.searchParams.get('error')).toBe('unsupported_response_type');
    expect(url.hash).toBe('');
    expect(url.searchParams.get('code')).toBeNull();
  });

  it.each(RESPONSE_MODES)('[SEC-C9] is no response mode: %s', async (mode) => {
    const { url } = await browserAt(server).open(authorizeUrl(client, { query: { response_mode: mode } }));
    expect(url.searchParams.get('error')).toBe('invalid_request');
    expect(url.hash).toBe('');
  });

  it.each([
    ['request', 'request_not_supported'],
    ['request_uri', 'request_uri_not_supported'],
    ['registration', 'registration_not_supported'],
  ])('[SEC-C9] is no way to pass a request: %s', async (name, code) => {
    const query = { [name]: 'https://attacker.example/request' };
    const { url } = await browserAt(server).open(authorizeUrl(client, { query }));
    expect(url.searchParams.get('error')).toBe(code);
  });

  it('[SEC-C9] is not advertised, and what is advertised is there', async () => {
    const told = await ask(server, { path: '/oauth2/token/.well-known/openid-configuration' });
    const document: Readonly<Record<string, unknown>> = told.json;
    expect(document['grant_types_supported']).toEqual(['authorization_code', 'refresh_token', 'client_credentials']);
    expect(document['response_types_supported']).toEqual(['code']);
    expect(document['response_modes_supported']).toEqual(['query', 'form_post']);
    const endpoints = Object.entries(document).filter(([name]) => /_endpoint$|_uri$/.test(name));
    expect(endpoints.map(([name]) => name).sort()).toEqual([
      'authorization_endpoint',
      'end_session_endpoint',
      'introspection_endpoint',
      'jwks_uri',
      'revocation_endpoint',
      'token_endpoint',
      'userinfo_endpoint',
    ]);
    const known = new Set(server.routes.map(({ path }) => path));
    for (const [name, address] of endpoints) expect(known, name).toContain(new URL(String(address)).pathname);
    for (const name of [
      'request_parameter_supported',
      'request_uri_parameter_supported',
      'claims_parameter_supported',
    ]) {
      expect(document[name]).toBe(false);
    }
  });

  it.each(['PATCH', 'PUT', 'DELETE', 'TRACE', 'PROPFIND'])('[SEC-C9] is no method of a page: %s', async (method) => {
    for (const path of ['/oauth2/token', '/commonauth', '/oauth2/authorize']) {
      const told = await ask(server, { method, path });
      expect([404, 400, 405]).toContain(told.status);
    }
  });
});

describe('a grant that its application does not have', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(async () => await server.stop());

  it('[SEC-C9] is refused, at the token endpoint and at the authorization endpoint', async () => {
    const machine = await newClient(server, { name: 'Machine', oidc: { grantTypes: ['client_credentials'] } });
    const pages = await newClient(server, { name: 'Pages', oidc: { grantTypes: ['authorization_code'] } });
    const { url } = await browserAt(server).open(authorizeUrl(machine));
    expect(url.searchParams.get('code')).toBeNull();
    expect(url.pathname.endsWith('/login.do')).toBe(false);

    for (const [client, form] of [
      [machine, { grant_type: 'authorization_code', code: 'x', redirect_uri: 'https://app.example/callback' }],
      [pages, { grant_type: 'client_credentials' }],
      [pages, { grant_type: 'refresh_token', refresh_token: 'x' }],
    ] as const) {
      const told = await ask(server, {
        method: 'POST',
        path: '/oauth2/token',
        authorization: basic(client.clientId, client.secret ?? ''),
        type: 'application/x-www-form-urlencoded',
        body: new URLSearchParams({ ...form }).toString(),
      });
      expect([told.status, told.json.error]).toEqual([400, 'unauthorized_client']);
    }
  });

  it('[SEC-C9] [SEC-M6] serves neither metrics nor anything to debug with, and opens no port for them when they are off', async () => {
    const silent = await startTestServer({ environment: { MUNIMENT_METRICS: 'off' } });
    try {
      for (const path of [
        '/metrics',
        '/debug',
        '/debug/vars',
        '/json',
        '/json/version',
        '/health/metrics',
        '/status',
      ]) {
        const told = await ask(silent, { path, authorization: silent.admin.authorization });
        expect(told.status, path).toBe(404);
      }
      const { hostname } = new URL(silent.url);
      for (const port of [9229]) expect(await refusesConnections(hostname, port)).toBe(true);
    } finally {
      await silent.stop();
    }
  });

  it('[SEC-M6] tells who asks for its health which parts are well, and nothing of them', async () => {
    const live = await ask(server, { path: '/health/live' });
    expect(live.json).toEqual({ status: 'up' });
    const { json } = await ask(server, { path: '/health/ready' });
    expect(Object.keys(json)).toEqual(['status', 'checks']);
    expect(Object.keys(json.checks)).toContain('vault');
    expect(new Set(Object.values(json.checks))).toEqual(new Set(['up']));
  });
});

function refusesConnections(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => resolve(true));
  });
}
