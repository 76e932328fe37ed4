import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorizeUrl, Browser, hidden } from './browser.ts';
import { type OauthServer, PASSWORD, startOauthServer, type TestClient } from './oauth-server.ts';

describe('the pages that people see', () => {
  let server: OauthServer;
  let client: TestClient;

  beforeAll(async () => {
    server = await startOauthServer();
    client = await server.client({ name: 'Ledger' });
    await server.user('kim');
  });
  afterAll(async () => await server.close());

  it('label every field, name the language and have one heading', async () => {
    const { html } = await new Browser(server).open(authorizeUrl(client));
    for (const id of ['username', 'password', 'chkRemember']) {
      expect(html).toContain(`<label${id === 'chkRemember' ? ' class="check"' : ''} for="${id}">`);
      expect(html).toContain(`id="${id}"`);
    }
    expect(html).toMatch(/<html lang="en"/);
    expect(html.match(/<h1>/g)).toHaveLength(1);
    expect(html).toContain('autocomplete="current-password"');
    expect(html).toMatch(/name="viewport" content="width=device-width, initial-scale=1"/);
  });

  it('tell a failed login in a summary that the fields point at', async () => {
    const browser = new Browser(server);
    const sessionDataKey = hidden((await browser.open(authorizeUrl(client))).html, 'sessionDataKey');
    const { html } = await browser.open('/commonauth', { username: 'kim', password: 'wrong', sessionDataKey });
    expect(html).toContain('id="failure" class="failure" role="alert"');
    expect(html.match(/aria-describedby="failure"/g)).toHaveLength(2);
    expect(html).not.toContain('kim');
  });

  it('say which application asks for what', async () => {
    const browser = new Browser(server);
    const sessionDataKey = hidden((await browser.open(authorizeUrl(client))).html, 'sessionDataKey');
    const { html } = await browser.open('/commonauth', { username: 'kim', password: PASSWORD, sessionDataKey });
    expect(html).toContain('Ledger asks for access to your account.');
    expect(html).toContain('see your e-mail address');
    for (const answer of ['approve', 'approveAlways', 'deny'])
      expect(html).toContain(`name="consent" value="${answer}"`);
  });

  it('put no words from an address on the error page', async () => {
    const query = new URLSearchParams({
      oauthErrorCode: 'Call 555-0100 now',
      oauthErrorMsg: 'Your account is <b>blocked',
    });
    const { status, html } = await new Browser(server).open(`/authenticationendpoint/oauth2_error.do?${query}`);
    expect(status).toBe(400);
    expect(html).not.toMatch(/555-0100|blocked/);
  });

  it('share one style sheet that browsers keep', async () => {
    const first = await fetch(`${server.url}/authenticationendpoint/portal.css`);
    expect(first.headers.get('content-type')).toBe('text/css; charset=utf-8');
    expect(first.headers.get('cache-control')).toContain('max-age');
    expect(await first.text()).toContain('prefers-color-scheme: dark');
    const headers = { 'if-none-match': first.headers.get('etag') ?? '' };
    expect((await fetch(`${server.url}/authenticationendpoint/portal.css`, { headers })).status).toBe(304);
  });
});
