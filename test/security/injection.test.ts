import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../infra/telemetry/logger.ts';
import { noTelemetry } from '../../infra/telemetry/no-telemetry.ts';
import { formTarget } from '../../protocol/oauth2/redirect-uri.ts';
import { consentPage } from '../../protocol/pages/consent-page.ts';
import { errorPage } from '../../protocol/pages/error-page.ts';
import { formPostPage } from '../../protocol/pages/form-post-page.ts';
import { loginPage } from '../../protocol/pages/login-page.ts';
import { logoutConsentPage } from '../../protocol/pages/logout-page.ts';
import { authorizeUrl, type Browser, hidden, type Page } from '../protocol/oauth2/browser.ts';
import type { TestClient } from '../protocol/oauth2/oauth-server.ts';
import { basic, startTestServer, type TestServer } from '../support/server.ts';
import { ask, browserAt, mustAsk, newClient, newUser } from '../support/server-client.ts';

const PASSWORD = 'Correct-horse-9';
/** Each would end an element, an attribute or a script if it were written as it is. */
const MARKUP = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' autofocus onfocus='alert(1)",
  '</title><svg/onload=alert(1)>',
  '&lt;script&gt; &#60;b&#62; {application} $& $1 {{7*7}}',
  '\u202e<b>\u2028<i>\ufeff',
];
const CALLBACK = 'https://app.example/callback';
const LOGIN = { failed: true, formTarget: 'https://app.example' } as const;

/** Elements and attributes that only an injection could bring in. */
function expectHarmless({ html, headers, status }: Pick<Page, 'html' | 'headers' | 'status'>): void {
  expect(status).toBeLessThan(500);
  expect(html).not.toMatch(
    /<(script|svg|img|iframe|b|i|style|base|object|embed|link(?! rel="stylesheet" href="[./a-z]*portal.css"))\b(?! src="[./a-z]*form-post.js" defer>)/i,
  );
  expect(html.replaceAll(/"[^"]*"/g, '""')).not.toMatch(/<[^>]*\son\w+\s*=/i);
  expect(html).not.toMatch(/(href|src|action)="\s*(javascript|data):/i);
  const policy = headers.get('content-security-policy') ?? '';
  expect(policy).toMatch(/^default-src 'none'; style-src 'self'(; script-src 'self')?; form-action 'self'/);
  expect(policy).toContain("frame-ancestors 'none'; base-uri 'none'");
  expect(policy).not.toContain('unsafe');
  expect(policy).not.toContain('*');
  expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
}

describe('markup in names', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(async () => await server.stop());

  const clientNamed = (name: string): Promise<TestClient> => newClient(server, { name });

  async function signIn(browser: Browser, page: Page, userName: string): Promise<Page> {
    const sessionDataKey = hidden(page.html, 'sessionDataKey');
    return await browser.open('/commonauth', { username: userName, password: PASSWORD, sessionDataKey });
  }

  it.each(MARKUP)('[SEC-I5] is text on the pages of sign-in, consent, answer and sign-out: %j', async (markup) => {
    const client = await clientNamed(`App ${MARKUP.indexOf(markup)}`);
    const userName = `kim ${MARKUP.indexOf(markup)} ${markup.replaceAll(/[\p{C}/]/gu, '')}`.trim();
    await newUser(server, { userName, password: PASSWORD, name: { givenName: markup, familyName: markup } });
    const browser = browserAt(server);
    const query = { login_hint: markup, response_mode: 'form_post', state: markup, nonce: markup };
    const login = await browser.open(authorizeUrl(client, { query }));
    expectHarmless(login);
    expect(login.html).toContain('value="');
    const failed = await browser.open('/commonauth', {
      username: markup,
      password: 'wrong',
      sessionDataKey: hidden(login.html, 'sessionDataKey'),
    });
    expectHarmless(failed);

    const consent = await signIn(browser, failed, userName);
    expectHarmless(consent);
    const answer = await browser.open('/oauth2/authorize', {
      consent: 'approve',
      sessionDataKeyConsent: hidden(consent.html, 'sessionDataKeyConsent'),
    });
    expectHarmless(answer);
    expect(answer.html).toContain(`action="${CALLBACK}"`);
    const logout = await browser.open('/oidc/logout');
    expectHarmless(logout);
    const done = await browser.open('/oidc/logout', {
      consent: 'approve',
      sessionDataKey: hidden(logout.html, 'sessionDataKey'),
    });
    expectHarmless(done);
  });

  it.each(MARKUP)('[SEC-I5] is not shown at all on pages that take their text from an address: %j', async (markup) => {
    const browser = browserAt(server);
    const pages = [
      ['oauth2_error.do', { oauthErrorCode: markup, oauthErrorMsg: markup }],
      ['oauth2_error.do', { oauthErrorCode: 'server_error', oauthErrorMsg: markup, error_description: markup }],
      ['logout.do', { sp: markup, message: markup }],
      ['login.do', { sessionDataKey: markup, sp: markup, failedUsername: markup, authFailureMsg: markup }],
      ['oauth2_consent.do', { sessionDataKeyConsent: markup, application: markup, scope: markup }],
      ['oauth2_logout_consent.do', { sessionDataKey: markup }],
    ] as const;
    for (const [page, query] of pages) {
      const shown = await browser.open(`/authenticationendpoint/${page}?${new URLSearchParams(query)}`);
      expectHarmless(shown);
      expect(shown.html).not.toContain(markup);
      expect(shown.html).not.toContain('alert(');
    }
  });

  it('[SEC-I5] in the query of a real login page changes neither its application nor its form', async () => {
    const client = await clientNamed('Honest');
    const browser = browserAt(server);
    const { url } = await browser.open(authorizeUrl(client));
    url.searchParams.set('sp', 'Your Bank');
    url.searchParams.set('authFailureMsg', '<script>alert(1)</script>');
    url.searchParams.set('authFailure', 'true');
    url.searchParams.append('failedUsername', '"><script>alert(1)</script>');
    const page = await browser.open(url);
    expectHarmless(page);
    expect(page.html).toContain('Honest');
    expect(page.html).not.toContain('Your Bank');
    expect(page.html).toContain('action="../commonauth"');
  });

  it.each(MARKUP)('[SEC-I5] is refused in the name of an application: %j', async (markup) => {
    const { authorization } = server.admin;
    const path = '/api/server/v1/applications';
    const rest = await ask(server, { method: 'POST', path, authorization, body: { name: markup } });
    const command = { method: 'POST', path: '/api/commands/CreateApplication', authorization, body: { name: markup } };
    expect(rest.status).toBe(400);
    const told = await ask(server, command);
    expect([told.status, told.json.reason]).toEqual([422, 'application-name-invalid']);
  });

  it.each(MARKUP)(
    '[SEC-I5] would be text on every page also in a name that came into the log another way: %j',
    (markup) => {
      const scopes = [markup, 'openid'];
      const pages = [
        loginPage({ ...LOGIN, sessionDataKey: markup, application: markup, userName: markup, errorCode: markup }),
        consentPage({ sessionDataKeyConsent: markup, application: markup, scopes, formTarget: 'https://app.example' }),
        logoutConsentPage(markup, null),
        formPostPage(CALLBACK, { state: markup, [markup]: markup }, 'https://app.example'),
        errorPage(markup, markup),
      ];
      for (const { body, headers, status } of pages) {
        expectHarmless({ html: String(body), headers: new Headers(headers as Record<string, string>), status });
        if (/[<>"']/.test(markup)) expect(String(body)).not.toContain(markup);
      }
    },
  );

  it('[SEC-I5] in an organization’s name changes no page of it', async () => {
    const owner = {
      username: 'kim',
      password: PASSWORD,
      email: 'kim@x.example',
      provisioningMethod: 'inline-password',
    };
    const body = { domain: 'markup.example', name: '<script>alert(1)</script>', owners: [owner] };
    await mustAsk(server, { method: 'POST', path: '/api/server/v1/tenants', body });
    const tenant = { prefix: '/t/markup.example', authorization: basic('kim', PASSWORD) };
    const client = await newClient(server, { name: 'Theirs', ...tenant });
    const page = await browserAt(server).open(authorizeUrl(client, { prefix: tenant.prefix }));
    expectHarmless(page);
    expect(page.html).not.toContain('alert(');
  });

  it('[SEC-I5] comes back from the interfaces as JSON that no browser takes for a page', async () => {
    const path = `/scim2/Users?filter=${encodeURIComponent('userName eq "<script>alert(1)</script>"')}`;
    for (const address of [
      path,
      '/api/read/users?filter=<script>',
      '/api/commands/<script>',
      '/<script>alert(1)</script>',
    ]) {
      const told = await ask(server, { path: encodeURI(address), authorization: server.admin.authorization });
      expect(told.headers['content-type']).toMatch(/json/);
      expect(told.headers['x-content-type-options']).toBe('nosniff');
    }
  });

  it('[SEC-I5] in a registered address ends no directive of a page’s policy', () => {
    expect(formTarget('https://app.example:8443/callback')).toBe('https://app.example:8443');
    for (const odd of [
      'https://x;sandbox/cb',
      'https://x,default-src/cb',
      "https://x'unsafe-inline'/cb",
      'app.kim:/cb',
    ]) {
      expect(formTarget(odd)).toMatch(/^[a-z.]+:$/);
    }
  });
});

describe('line breaks', () => {
  let server: TestServer;
  let client: TestClient;
  const lines: string[] = [];

  beforeAll(async () => {
    const log = createLogger({ level: 'info', write: (line) => void lines.push(line) });
    server = await startTestServer({ telemetry: { ...noTelemetry, log } });
    client = await newClient(server, { name: 'Plain' });
  });
  afterAll(async () => await server.stop());

  const BREAKS = [
    '\r\nSet-Cookie: commonAuthId=stolen',
    '\nLocation: https://evil.example',
    '\r\n\r\n<html>',
    '\u0085x',
    '\u2028x',
  ];

  it.each(BREAKS)('[SEC-I4] in what is sent back to the application stay in their parameter: %j', async (text) => {
    const query = { state: text, response_mode: 'query', prompt: 'none' };
    const told = await ask(server, { path: authorizeUrl(client, { query }) });
    expect(told.status).toBe(302);
    const location = String(told.headers.location);
    expect(location).toMatch(/^[\x21-\x7e]+$/);
    expect(new URL(location).searchParams.get('state')).toBe(text);
    expect(told.headers['set-cookie']).toBeUndefined();
    expect(told.text).toBe('');
  });

  it.each(BREAKS)('[SEC-I4] in a name reach no header of a redirect: %j', async (text) => {
    const named = await ask(server, {
      method: 'POST',
      path: '/api/server/v1/applications',
      authorization: server.admin.authorization,
      body: {
        name: `Broken ${text}`,
        inboundProtocolConfiguration: { oidc: { grantTypes: ['authorization_code'], callbackURLs: [CALLBACK] } },
      },
    });
    expect([201, 400]).toContain(named.status);
    if (named.status === 400) return;
    const id = String(named.headers.location).split('/').at(-1);
    const path = `/api/server/v1/applications/${id}/inbound-protocols/oidc`;
    const oidc = await mustAsk(server, { path });
    const told = await ask(server, { path: authorizeUrl({ clientId: oidc.json.clientId }) });
    expect(told.status).toBe(302);
    expect(String(told.headers.location)).toMatch(/^[\x21-\x7e]+$/);
    for (const cookie of told.headers['set-cookie'] ?? []) expect(cookie).not.toContain('commonAuthId');
  });

  it.each(BREAKS)('[SEC-I4] in a user name or a tenant’s domain are refused: %j', async (text) => {
    const authorization = server.admin.authorization;
    const user = { userName: `kim${text}`, password: PASSWORD };
    const type = 'application/scim+json';
    const made = await ask(server, { method: 'POST', path: '/scim2/Users', authorization, type, body: user });
    const owner = { username: 'kim', password: PASSWORD, email: 'k@x.example', provisioningMethod: 'inline-password' };
    const body = { domain: `x${text}.example`, owners: [owner] };
    const tenant = await ask(server, { method: 'POST', path: '/api/server/v1/tenants', authorization, body });
    expect(tenant.status).toBe(400);
    expect(made.status).toBe(text.includes('\u2028') ? 201 : 400);
  });

  it('[SEC-I4] in a redirect address are never registered nor followed', async () => {
    for (const text of ['\r\nX: y', '\n', '\t', '%0d%0aX: y', ' ']) {
      const redirect_uri = `${CALLBACK}${text}`;
      const { url } = await browserAt(server).open(authorizeUrl(client, { query: { redirect_uri } }));
      expect(url.searchParams.get('oauthErrorMsg')).toBe('callback.not.match');
    }
  });

  it('[SEC-I4] in a raw header end the connection or start no second answer', async () => {
    const raw = [
      'GET /oauth2/jwks HTTP/1.1\r\nHost: x\r\nactivityid: a\rSet-Cookie: x=y\r\nConnection: close\r\n\r\n',
      'GET /oauth2/jwks HTTP/1.1\r\nHost: x\r\nactivityid: a\n\nSet-Cookie: x=y\r\nConnection: close\r\n\r\n',
      'GET /oauth2/jwks?x=%0d%0aSet-Cookie:%20a=b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      'GET /t/%0d%0aSet-Cookie:%20a=b/oauth2/jwks HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    ];
    for (const request of raw) {
      const answer = await answerTo(server, request);
      expect(answer.toLowerCase()).not.toContain('set-cookie');
      expect(answer.split('HTTP/1.1 ').length).toBeLessThanOrEqual(2);
    }
  });

  it('[SEC-I4] begin no line of the log, whatever is logged', () => {
    const { log } = { log: createLogger({ level: 'info', write: (line) => void lines.push(line) }) };
    const forged = 'x\r\n{"level":"error","event":"forged"}\u2028\n';
    const before = lines.length;
    log.info('thing.done', { name: forged });
    log.error(`event ${forged}`, { action: forged, error: new Error(forged) });
    expect(lines.length - before).toBe(2);
    for (const line of lines) {
      expect(line.trimEnd()).not.toMatch(/[\r\n]/);
      expect(JSON.parse(line)).not.toMatchObject({ event: 'forged' });
    }
  });
});

function answerTo({ url }: TestServer, request: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.end(request));
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}
