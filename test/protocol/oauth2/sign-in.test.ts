import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorizeUrl, Browser, hidden, introspect, newPkce, redeem, refresh, signInTo, tokensFor } from './browser.ts';
import { CALLBACK, type OauthServer, PASSWORD, startOauthServer, type TestClient } from './oauth-server.ts';

describe('signing in to an application', () => {
  let server: OauthServer;
  let client: TestClient;

  beforeAll(async () => {
    server = await startOauthServer();
    client = await server.client();
    await server.user('kim', { attributes: { 'name.givenName': 'Kim', emails: ['kim@example.com'] } });
  });
  afterAll(async () => await server.close());

  it('[P1.17-2] works for a script that follows redirects and reads the two hidden inputs', async () => {
    const browser = new Browser(server);
    const pkce = newPkce();
    const first = await browser.send(authorizeUrl(client, { pkce }));
    expect(first.status).toBe(302);
    const login = new URL(first.headers.get('location') ?? '');
    expect(login.pathname).toBe('/authenticationendpoint/login.do');
    expect(Object.fromEntries(login.searchParams)).toMatchObject({
      relyingParty: client.clientId,
      type: 'oidc',
      authenticators: 'BasicAuthenticator:LOCAL',
    });

    const page = await browser.open(login);
    const sessionDataKey = hidden(page.html, 'sessionDataKey');
    expect(sessionDataKey).toBe(login.searchParams.get('sessionDataKey'));
    const posted = await browser.send('/commonauth', { username: 'kim', password: PASSWORD, sessionDataKey });
    expect(posted.status).toBe(302);
    expect(posted.headers.get('location')).toBe(`${server.url}/oauth2/authorize?sessionDataKey=${sessionDataKey}`);
    expect(browser.cookie('commonAuthId')).toBeDefined();

    const consent = await browser.open(posted.headers.get('location') ?? '');
    expect(consent.url.pathname).toBe('/authenticationendpoint/oauth2_consent.do');
    const sessionDataKeyConsent = hidden(consent.html, 'sessionDataKeyConsent');
    const answered = await browser.send('/oauth2/authorize', { consent: 'approve', sessionDataKeyConsent });
    expect(answered.status).toBe(302);
    const callback = new URL(answered.headers.get('location') ?? '');
    expect(callback.origin + callback.pathname).toBe(CALLBACK);
    expect(callback.searchParams.get('state')).toBe('the-state');

    const code = callback.searchParams.get('code') ?? '';
    const tokens = await redeem(server, client, code, { verifier: pkce.verifier });
    expect(tokens.status).toBe(200);
    expect(tokens.body).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: 'openid profile email' });
    expect(tokens.headers.get('cache-control')).toBe('no-store');
    const active = await introspect(server, client, tokens.body.access_token);
    expect(active.body).toMatchObject({ active: true, username: 'kim', client_id: client.clientId });
    const renewed = await refresh(server, client, tokens.body.refresh_token);
    expect(renewed.status).toBe(200);
    expect((await introspect(server, client, tokens.body.access_token)).body).toEqual({ active: false });
  });

  it('answers at once where the user is signed in and consented always', async () => {
    const browser = new Browser(server);
    await signInTo(browser, client, { userName: 'kim', consent: 'approveAlways' });
    const callback = await browser.open(authorizeUrl(client, { query: { prompt: 'none' } }));
    expect(callback.url.origin + callback.url.pathname).toBe(CALLBACK);
    expect(callback.url.searchParams.get('code')).not.toBeNull();
  });

  it('gives the claims of the granted scopes at userinfo', async () => {
    const { body } = await tokensFor(new Browser(server), client, { userName: 'kim' });
    const response = await fetch(`${server.url}/oauth2/userinfo`, {
      headers: { authorization: `Bearer ${body.access_token}` },
    });
    expect(await response.json()).toMatchObject({ username: 'kim', given_name: 'Kim', email: 'kim@example.com' });
  });
});
