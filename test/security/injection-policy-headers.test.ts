import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pendingFlowLimits } from '../../protocol/oauth2/pending-flows.ts';
import { authorizeUrl } from '../protocol/oauth2/browser.ts';
import type { TestClient } from '../protocol/oauth2/oauth-server.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type Ask, ask, newClient, newUser, type Told } from '../support/server-client.ts';
import { headOf } from './route-walk-credentials.ts';

const AT_ONCE = 50;
const MALFORMED_ADDRESSES = [
  'a',
  '',
  ',',
  ', ,',
  '1.2.3',
  '999.1.1.1',
  '::::',
  '203.0.113.9:80',
  '"203.0.113.9"',
  'x'.repeat(4_000),
];

describe('headers that a policy reads', () => {
  let server: TestServer;
  let client: TestClient;
  let user: string;

  beforeAll(async () => {
    server = await startTestServer({ environment: { MUNIMENT_TRUSTED_PROXIES: '127.0.0.1/32' } });
    client = await newClient(server, { name: 'Policy' });
    user = await newUser(server, { userName: 'kim', password: 'Correct-horse-9' });
  });
  afterAll(async () => await server.stop());

  const asAdmin = (question: Ask): Promise<Told> =>
    ask(server, { authorization: server.admin.authorization, ...question });

  async function locations(count: number, headersOf: (index: number) => Record<string, string>): Promise<string[]> {
    const all: string[] = [];
    for (let first = 0; first < count; first += AT_ONCE) {
      const size = Math.min(AT_ONCE, count - first);
      const asked = Array.from({ length: size }, (_, index) =>
        ask(server, { path: authorizeUrl(client), headers: headersOf(first + index) }),
      );
      all.push(...(await Promise.all(asked)).map(({ headers }) => String(headers.location)));
    }
    return all;
  }

  it('[SEC-D2] that name no address count for the proxy that sent them, so that nobody has a share of his own by them', async () => {
    const junk = (index: number) => MALFORMED_ADDRESSES[index % MALFORMED_ADDRESSES.length] ?? '';
    const spoofed = (index: number) => ({ 'x-forwarded-for': `198.51.100.${index % 250}, ${junk(index)}` });
    const begun = await locations(pendingFlowLimits.perAddressMax, spoofed);
    expect(begun.every((location) => location.includes('/login.do?'))).toBe(true);
    const more = await locations(20, (index) => ({ 'x-forwarded-for': junk(index) }));
    expect(more.every((location) => location.includes('error=temporarily_unavailable'))).toBe(true);

    const others = await locations(3, (index) => ({ 'x-forwarded-for': `203.0.113.${index}` }));
    expect(
      others.every((location) => location.includes('/login.do?')),
      'a real address has its own',
    ).toBe(true);
  });

  it.each(MALFORMED_ADDRESSES)(
    '[SEC-D2] change no decision about a credential: X-Forwarded-For %j',
    async (address) => {
      const headers = { 'x-forwarded-for': address, 'x-real-ip': address, forwarded: `for=${address}` };
      expect((await ask(server, { path: '/api/commands', headers })).status).toBe(401);
      expect((await asAdmin({ path: '/api/commands', headers })).status).toBe(200);
    },
  );

  it.each([
    [{ 'if-match': 'not-a-revision' }],
    [{ 'if-match': '*' }],
    [{ 'if-match': '"99999999999999999999"' }],
    [{ 'idempotency-key': '' }],
    [{ 'idempotency-key': 'x'.repeat(5_000) }],
    [{ 'muniment-position': 'latest' }],
  ])('[SEC-D2] make no change when they cannot be read: %j', async (headers) => {
    const body = { userId: user };
    const before = await headOf(server);
    const told = await asAdmin({ method: 'POST', path: '/api/commands/DisableUser', headers, body });
    expect(told.status, told.text).toBeGreaterThanOrEqual(400);
    expect(told.status).toBeLessThan(500);
    expect(await headOf(server)).toBe(before);
  });

  it.each([
    [{ 'accept-language': 'x'.repeat(2_000) }],
    [{ 'accept-language': ';;q=,,*-' }],
    [{ accept: 'nonsense' }],
    [{ 'user-agent': '' }],
    [{ origin: 'null' }],
    [{ origin: 'not an origin' }],
    [{ prefer: ';;=' }],
    [{ traceparent: '00-zz-zz-00' }],
    [{ cookie: ';;==; =' }],
  ])('[SEC-D2] that only describe the caller open and break nothing: %j', async (headers) => {
    expect((await ask(server, { path: '/api/read/users', headers })).status).toBe(401);
    const allowed = await asAdmin({ path: '/api/read/users?limit=1', headers });
    expect(allowed.status).toBe(200);
    expect(allowed.headers['access-control-allow-origin']).toBeUndefined();
    expect((await ask(server, { path: authorizeUrl(client), headers })).status).toBe(302);
  });

  it.each([
    '',
    'Basic',
    'Basic =',
    'Bearer',
    'Bearer a b',
    'Basic YWRtaW4=',
    'Digest x',
    'bearer\tx',
    'Basic ////',
    'Negotiate',
  ])('[SEC-D2] that hold no readable credential are none: Authorization %j', async (authorization) => {
    expect((await ask(server, { path: '/api/read/users', authorization })).status).toBe(401);
    const form = { method: 'POST', path: '/oauth2/token', type: 'application/x-www-form-urlencoded' };
    const body = `grant_type=client_credentials&client_id=${client.clientId}`;
    expect((await ask(server, { ...form, body, authorization })).status).toBe(401);
  });
});
