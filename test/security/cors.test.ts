import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.ts';

const ORIGIN = 'https://app.example.com';
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  const body = JSON.stringify({
    name: 'Browser application',
    inboundProtocolConfiguration: {
      oidc: {
        clientId: 'browser-application',
        grantTypes: ['authorization_code'],
        callbackURLs: [`${ORIGIN}/callback`],
        allowedOrigins: [ORIGIN],
        publicClient: true,
      },
    },
  });
  const { authorization } = server.admin;
  const headers = { authorization, 'content-type': 'application/json' };
  const created = await fetch(`${server.url}/api/server/v1/applications`, { method: 'POST', headers, body });
  expect(created.status).toBe(201);
  // Reads own writes, so the origin is known to the read model from here on.
  await fetch(`${server.url}/api/server/v1/applications`, { headers });
});
afterAll(() => server.stop());

const preflight = (origin: string, path = '/oauth2/userinfo') =>
  fetch(`${server.url}${path}`, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' },
  });

describe('[SEC-G4] pages of other origins', () => {
  it.each(['/oauth2/userinfo', '/oauth2/token', '/oauth2/revoke'])('may ask for %s before they send', async (path) => {
    const { headers, status } = await preflight(ORIGIN, path);
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(headers.get('access-control-allow-credentials')).toBe('true');
    expect(headers.get('vary')).toContain('Origin');
  });

  it.each([
    'null',
    'https://app.example.com.evil.example',
    'https://evil.example',
    'http://app.example.com',
    'https://APP.example.com',
    'https://app.example.com:8443',
  ])('are not let in from %s', async (origin) => {
    const { headers } = await preflight(origin);
    expect(headers.get('access-control-allow-origin')).toBeNull();
    expect(headers.get('access-control-allow-credentials')).toBeNull();
  });

  it('are not let in when their application belongs to another tenant', async () => {
    const { authorization } = server.admin;
    const body = JSON.stringify({
      domain: 'abc.com',
      owners: [
        {
          username: 'kim',
          password: 'Correct horse 9 battery',
          email: 'kim@abc.com',
          provisioningMethod: 'inline-password',
        },
      ],
    });
    const headers = { authorization, 'content-type': 'application/json' };
    const created = await fetch(`${server.url}/api/server/v1/tenants`, { method: 'POST', headers, body });
    expect(created.status).toBe(201);
    const answer = await preflight(ORIGIN, '/t/abc.com/oauth2/userinfo');
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('do not reach the management interface', async () => {
    const answer = await preflight(ORIGIN, '/scim2/Users');
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });
});
