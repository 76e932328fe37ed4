import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorizeUrl, tokensFor } from '../protocol/oauth2/browser.ts';
import { CALLBACK, type TestClient } from '../protocol/oauth2/oauth-server.ts';
import { basic, startTestServer, type TestServer } from '../support/server.ts';
import { type Ask, ask, browserAt, mustAsk, newClient, newUser, type Told } from '../support/server-client.ts';
import { ANSWER_MS_MAX, near, RUNS, SEED, TEST_MS_MAX } from './fuzz-inputs.ts';

const PASSWORD = 'Correct-horse-9';

/** What node's own client lets into a header. */
const inHeader = (text: string): string => text.replaceAll(/[^\t\x20-\x7e]/g, '?').slice(0, 8_000);

describe('any input at all', () => {
  let server: TestServer;
  let client: TestClient;
  let tokens: { readonly access_token: string; readonly refresh_token: string; readonly id_token: string };
  let cursor: string;
  let user: string;
  let cookie: string;

  beforeAll(async () => {
    server = await startTestServer();
    const oidc = { accessToken: { type: 'JWT' }, callbackURLs: [CALLBACK, 'http://127.0.0.1/cb', 'app.kim:/cb'] };
    client = await newClient(server, { name: 'Fuzzed', scopes: ['internal_oauth2_introspect'], oidc });
    user = await newUser(server, { userName: 'kim', password: PASSWORD, emails: ['kim@example.com'] });
    await newUser(server, { userName: 'pat', password: PASSWORD });
    const browser = browserAt(server);
    tokens = (await tokensFor(browser, client, { userName: 'kim', password: PASSWORD })).body;
    cookie = browser.cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    cursor = (await mustAsk(server, { path: '/api/read/users?limit=1' })).json.next;
  });
  afterAll(async () => await server.stop());

  async function answered(question: Ask): Promise<Told> {
    const startedMs = performance.now();
    const told = await ask(server, question);
    expect(told.status === 501 || told.status < 500, `${told.status} ${told.text}`).toBe(true);
    expect(performance.now() - startedMs).toBeLessThan(ANSWER_MS_MAX);
    return told;
  }

  const run = <Input>(inputs: fc.Arbitrary<Input>, judge: (input: Input) => Promise<void>): Promise<void> =>
    fc.assert(fc.asyncProperty(inputs, judge), { numRuns: RUNS, seed: SEED, endOnFailure: RUNS > 1_000 });

  const form = (path: string, fields: Readonly<Record<string, string>>, secret = true): Ask => ({
    method: 'POST',
    path,
    type: 'application/x-www-form-urlencoded',
    body: new URLSearchParams(fields).toString(),
    ...(secret ? { authorization: basic(client.clientId, client.secret ?? '') } : {}),
  });

  const asAdmin = (path: string, over: Partial<Ask> = {}): Ask => ({
    path,
    authorization: server.admin.authorization,
    ...over,
  });

  it('[SEC-M7] in place of an access token is never active', { timeout: TEST_MS_MAX }, async () => {
    await run(near(tokens.access_token, tokens.id_token), async (token) => {
      if (token === tokens.access_token) return;
      const told = await answered(form('/oauth2/introspect', { token }));
      if (told.status === 200) expect(told.json).toEqual({ active: false });
      const asked = await answered({ path: '/api/commands', authorization: `Bearer ${inHeader(token)}` });
      if (inHeader(token) !== tokens.access_token) expect(asked.status).toBe(401);
      const hint = `/oidc/logout?${new URLSearchParams({ id_token_hint: token.slice(0, 4_000) })}`;
      expect((await answered({ path: hint })).status).toBeLessThan(500);
    });
    const { json } = await answered(form('/oauth2/introspect', { token: tokens.access_token }));
    expect(json.active, 'the true one still is').toBe(true);
  });

  it('[SEC-M7] in place of a refresh token gets nothing, and ends nothing', { timeout: TEST_MS_MAX }, async () => {
    await run(near(tokens.refresh_token), async (token) => {
      if (token === tokens.refresh_token) return;
      const told = await answered(form('/oauth2/token', { grant_type: 'refresh_token', refresh_token: token }));
      expect(told.status).toBe(400);
      const revoked = await answered(form('/oauth2/revoke', { token }));
      expect([200, 400]).toContain(revoked.status);
    });
    const { json } = await answered(form('/oauth2/introspect', { token: tokens.access_token }));
    expect(json.active).toBe(true);
  });

  it('[SEC-M7] in place of a code, a verifier or a grant type gets nothing', { timeout: TEST_MS_MAX }, async () => {
    const text = near('authorization_code', 'refresh_token', 'x'.repeat(43));
    await run(fc.tuple(text, text, text), async ([grant_type, code, code_verifier]) => {
      const told = await answered(form('/oauth2/token', { grant_type, code, code_verifier, redirect_uri: CALLBACK }));
      expect([400, 401]).toContain(told.status);
    });
  });

  it('[SEC-M7] in place of a cursor or a position opens nothing', { timeout: TEST_MS_MAX }, async () => {
    await run(near(cursor, '0000000000000001/0000000000000001'), async (text) => {
      if (text === cursor) return;
      const after = encodeURIComponent(text.toWellFormed());
      for (const path of [`/api/read/users?limit=1&after=${after}`, `/api/read/users?limit=1&before=${after}`]) {
        expect((await answered(asAdmin(path.slice(0, 12_000)))).status).toBe(400);
      }
      const feed = await answered(asAdmin(`/api/feed?after=${after}`.slice(0, 12_000)));
      expect([200, 400, 410]).toContain(feed.status);
      await answered(asAdmin(`/api/read/users/${user}?asOf=${after}`.slice(0, 12_000)));
      await answered(asAdmin('/api/read/users?limit=1', { headers: { 'muniment-position': inHeader(text) } }));
    });
  });

  it('[SEC-M7] in place of JSON is refused or understood', { timeout: TEST_MS_MAX }, async () => {
    const samples = [
      '{"userName":"jo","emails":[{"value":"jo@example.com","type":"work"}],"active":true}',
      `{"userId":"${user}","set":{"name.givenName":"Jo"},"unset":["nickName"]}`,
      '{"name":"App","inboundProtocolConfiguration":{"oidc":{"grantTypes":["client_credentials"]}}}',
    ];
    const paths = [
      '/scim2/Users',
      '/api/commands/ChangeUserAttributes',
      '/api/server/v1/applications',
      '/api/commands/CreateUser',
    ];
    await run(fc.tuple(near(...samples), fc.constantFrom(...paths)), async ([body, path]) => {
      await answered(asAdmin(path, { method: 'POST', body }));
    });
  });

  it('[SEC-M7] in place of bytes of UTF-8 is refused or understood', { timeout: TEST_MS_MAX }, async () => {
    await run(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      await answered(asAdmin('/scim2/Users', { method: 'POST', body: Buffer.from(bytes) }));
      const type = 'application/x-www-form-urlencoded';
      await answered({ method: 'POST', path: '/oauth2/token', type, body: Buffer.from(bytes) });
      await answered({ method: 'POST', path: '/commonauth', type, body: Buffer.from(bytes) });
    });
  });

  it('[SEC-M7] in place of a cookie signs nobody in', { timeout: TEST_MS_MAX }, async () => {
    await run(near(cookie, 'commonAuthId=', 'muniment-flow=; commonAuthId=x; =; ;'), async (text) => {
      const sent = inHeader(text);
      const session = /commonAuthId=([^;]*)/.exec(cookie)?.[1] ?? '';
      if (sent.includes(session)) return;
      const path = authorizeUrl(client, { query: { prompt: 'none' } });
      const told = await answered({ path, headers: { cookie: sent } });
      expect(String(told.headers.location)).toContain('error=login_required');
    });
  });

  it('[SEC-M7] in place of a form’s text is refused or understood', { timeout: TEST_MS_MAX }, async () => {
    const samples = [
      'username=kim&password=wrong&sessionDataKey=00000000-0000-4000-8000-000000000000',
      'consent=approve&sessionDataKeyConsent=00000000-0000-4000-8000-000000000000',
      'grant_type=client_credentials&client_id=x&client_secret=y&scope=a+b',
    ];
    const paths = [
      '/commonauth',
      '/oauth2/authorize',
      '/oauth2/token',
      '/oauth2/revoke',
      '/oauth2/introspect',
      '/oidc/logout',
    ];
    await run(fc.tuple(near(...samples), fc.constantFrom(...paths)), async ([body, path]) => {
      const told = await answered({ method: 'POST', path, type: 'application/x-www-form-urlencoded', body });
      expect(told.json?.access_token).toBeUndefined();
    });
  });

  it('[SEC-M7] in place of a redirect address is never where anybody is sent', { timeout: TEST_MS_MAX }, async () => {
    const registered = /^(https:\/\/app\.example\/callback\?|http:\/\/127\.0\.0\.1(:\d{1,5})?\/cb\?|app\.kim:\/cb\?)/;
    await run(near(CALLBACK, 'http://127.0.0.1:49152/cb', 'app.kim:/cb'), async (redirect_uri) => {
      const path = authorizeUrl(client, { query: { redirect_uri: redirect_uri.toWellFormed(), prompt: 'none' } });
      const told = await answered({ path: path.slice(0, 15_000) });
      const location = told.headers.location;
      if (location === undefined) return;
      expect(location.startsWith(`${server.url}/authenticationendpoint/`) || registered.test(location), location).toBe(
        true,
      );
    });
  });

  it('[SEC-M7] in place of a SCIM filter, order or path is refused or understood', {
    timeout: TEST_MS_MAX,
  }, async () => {
    const samples = [
      'userName eq "kim" and not (emails[type eq "work" and value co "@"] or name.givenName sw "a")',
      'urn:ietf:params:scim:schemas:core:2.0:User:userName eq "kim"',
      'meta.created gt "2026-01-01T00:00:00Z" and active eq true',
    ];
    await run(near(...samples), async (filter) => {
      const query = new URLSearchParams({ filter, sortBy: filter.slice(0, 40), attributes: filter.slice(0, 60) });
      await answered(asAdmin(`/scim2/Users?${query}`.slice(0, 14_000)));
      await answered(asAdmin(`/api/read/users?${new URLSearchParams({ filter })}`.slice(0, 14_000)));
      const schemas = ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'];
      await answered(asAdmin('/scim2/Users/.search', { method: 'POST', body: { schemas, filter } }));
    });
  });

  it('[SEC-M7] in place of a SCIM patch is refused or understood', { timeout: TEST_MS_MAX }, async () => {
    const paths = near(
      'emails[type eq "work"].value',
      'name.givenName',
      'urn:ietf:params:scim:schemas:core:2.0:User:nickName',
    );
    const operation = fc.record({
      op: fc.oneof(fc.constantFrom('add', 'remove', 'replace', 'Add', 'move'), fc.string({ maxLength: 5 })),
      path: paths,
      value: fc.oneof(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom('kim', 'x'.repeat(3_000))),
    });
    const operations = fc.array(operation, { minLength: 1, maxLength: 4 });
    await run(operations, async (Operations) => {
      const body = { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations };
      await answered(asAdmin(`/scim2/Users/${user}`, { method: 'PATCH', body, type: 'application/scim+json' }));
    });
    const { json } = await mustAsk(server, { path: `/scim2/Users/${user}` });
    expect(json.userName).toBe('kim');
  });

  it('[SEC-M7] leaves the server well', async () => {
    expect((await answered({ path: '/health/ready' })).status).toBe(200);
  });
});
