import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setUserPassword } from '../../../commands/users/change-user.ts';
import { authorizeUrl, Browser, hidden, newPkce, signInTo, tokensFor } from './browser.ts';
import { CALLBACK, type OauthServer, PASSWORD, startOauthServer, type TestClient } from './oauth-server.ts';

describe('the authorization endpoint', () => {
  let server: OauthServer;
  let client: TestClient;

  beforeAll(async () => {
    server = await startOauthServer();
    client = await server.client({ consent: { skipLogin: true } });
    await server.user('kim');
  });
  afterAll(async () => await server.close());

  /** Where a request leads at once. */
  async function lead(query: Record<string, string | undefined>, of = client, browser = new Browser(server)) {
    const response = await browser.send(authorizeUrl(of, { query }));
    return new URL(response.headers.get('location') ?? '', server.url);
  }

  const refusal = (callback: URL) => ({
    at: callback.origin + callback.pathname,
    error: callback.searchParams.get('error'),
    text: callback.searchParams.get('error_description'),
    state: callback.searchParams.get('state'),
  });

  const atCallback = (error: string, text: unknown) => ({ at: CALLBACK, error, text, state: 'the-state' });

  it('[P1.17-4] tells PKCE errors at the callback in the published words', async () => {
    const { challenge } = newPkce();
    const method = await lead({ code_challenge: challenge, code_challenge_method: 'S512' });
    expect(refusal(method)).toEqual(atCallback('invalid_request', 'Unsupported PKCE Challenge Method'));
    const plain = await lead({ code_challenge: challenge, code_challenge_method: 'plain' });
    expect(refusal(plain)).toEqual(
      atCallback('invalid_request', expect.stringMatching(/^This application does not support "plain"/)),
    );
    const strict = await server.client({ oidc: { pkce: { mandatory: true } } });
    expect(refusal(await lead({}, strict))).toEqual(
      atCallback('invalid_request', expect.stringMatching(/^PKCE is mandatory for this application/)),
    );
  });

  it('[SEC-E6] refuses an empty challenge, and a public client without one', async () => {
    const empty = await lead({ code_challenge: '', code_challenge_method: 'S256' });
    expect(refusal(empty).error).toBe('invalid_request');
    const grantTypes = ['authorization_code', 'refresh_token'];
    const open = await server.client({ oidc: { publicClient: true, grantTypes } });
    expect(refusal(await lead({}, open)).error).toBe('invalid_request');
  });

  it('[P1.17-4] shows the error page for an address that is not registered', async () => {
    const shown = await lead({ redirect_uri: 'https://evil.example/' });
    expect(shown.pathname).toBe('/authenticationendpoint/oauth2_error.do');
    expect(shown.searchParams.get('oauthErrorMsg')).toBe('callback.not.match');
    const page = await new Browser(server).open(shown);
    expect(page.html).toContain('not registered');
    expect(page.html).not.toContain('evil.example');
  });

  it('knows no other response type than code', async () => {
    for (const type of ['token', 'id_token', 'code token', 'none']) {
      expect(refusal(await lead({ response_type: type })).error).toBe('unsupported_response_type');
    }
    expect(refusal(await lead({ response_type: undefined })).error).toBe('invalid_request');
  });

  it('says that it takes no request objects', async () => {
    expect(refusal(await lead({ request: 'e30.e30.' })).error).toBe('request_not_supported');
    expect(refusal(await lead({ request_uri: 'https://x.example' })).error).toBe('request_uri_not_supported');
  });

  it('refuses names, passwords and secrets in the address', async () => {
    for (const name of ['username', 'password', 'client_secret']) {
      expect(refusal(await lead({ [name]: 'x' })).error).toBe('invalid_request');
    }
  });

  it('[P1.17-4] refuses a grant type that the application does not have', async () => {
    const machine = await server.client({ oidc: { grantTypes: ['client_credentials'] } });
    expect(refusal(await lead({}, machine))).toEqual(
      atCallback('unauthorized_client', 'not.authorized.to.use.requested.grant.type'),
    );
  });

  it('asks nobody with prompt none: login_required without a session, consent_required without consent', async () => {
    expect(refusal(await lead({ prompt: 'none' })).error).toBe('login_required');
    expect(refusal(await lead({ prompt: 'none login' })).error).toBe('invalid_request');
    const browser = new Browser(server);
    await signInTo(browser, client, { userName: 'kim' });
    const asking = await server.client();
    expect(refusal(await lead({ prompt: 'none' }, asking, browser)).error).toBe('consent_required');
  });

  it('asks for the password again with prompt login, select_account and an old session', async () => {
    const browser = new Browser(server);
    await signInTo(browser, client, { userName: 'kim' });
    for (const query of [{ prompt: 'login' }, { prompt: 'select_account' }]) {
      expect((await lead(query, client, browser)).pathname).toBe('/authenticationendpoint/login.do');
    }
    expect((await lead({ max_age: '60' }, client, browser)).searchParams.get('code')).not.toBeNull();
    server.clock.nowMs = Date.now() + 61_000;
    expect((await lead({ max_age: '60' }, client, browser)).pathname).toBe('/authenticationendpoint/login.do');
    server.clock.nowMs = null;
  });

  it('[SEC-A4] asks for the new password in a browser that was signed in with the former one', async () => {
    const userId = await server.user('robin');
    const browser = new Browser(server);
    await signInTo(browser, client, { userName: 'robin' });
    expect((await lead({}, client, browser)).searchParams.get('code')).not.toBeNull();
    await server.run(setUserPassword, { userId, password: 'A different password 1' });
    expect((await lead({}, client, browser)).pathname).toBe('/authenticationendpoint/login.do');
  });

  it('asks for consent again with prompt consent', async () => {
    const browser = new Browser(server);
    await signInTo(browser, client, { userName: 'kim' });
    const asked = await lead({ prompt: 'consent' }, client, browser);
    expect(asked.pathname).toBe('/authenticationendpoint/oauth2_consent.do');
  });

  it('tells the application that the user denied', async () => {
    const asking = await server.client();
    const denied = await signInTo(new Browser(server), asking, { userName: 'kim', consent: 'deny' });
    expect(refusal(denied)).toEqual(atCallback('access_denied', 'User denied the consent'));
  });

  it('posts the answer as a form where the application asks for it', async () => {
    const browser = new Browser(server);
    await signInTo(browser, client, { userName: 'kim' });
    const page = await browser.open(authorizeUrl(client, { query: { response_mode: 'form_post' } }));
    expect(page.status).toBe(200);
    expect(page.html).toContain(`method="post" action="${CALLBACK}"`);
    expect(hidden(page.html, 'state')).toBe('the-state');
    expect(hidden(page.html, 'code')).not.toBe('');
    expect(page.headers.get('content-security-policy')).toContain("form-action 'self' https://app.example");
    const script = await browser.send('/authenticationendpoint/form-post.js');
    expect(await script.text()).toContain('submit()');
  });

  it('takes the request as a form, too', async () => {
    const browser = new Browser(server);
    const { searchParams } = new URL(authorizeUrl(client), server.url);
    const response = await browser.send('/oauth2/authorize', searchParams);
    expect(response.headers.get('location')).toContain('/authenticationendpoint/login.do?');
  });

  it('names itself in every answer (RFC 9207)', async () => {
    const callback = await signInTo(new Browser(server), client, { userName: 'kim' });
    expect(callback.searchParams.get('iss')).toBe(`${server.url}/oauth2/token`);
  });

  it('hands the login hint to the form and keeps it nowhere', async () => {
    const page = await new Browser(server).open(authorizeUrl(client, { query: { login_hint: 'kim"><b>' } }));
    expect(page.html).toContain('value="kim&quot;&gt;&lt;b&gt;"');
  });

  it('takes the session of another user than the hint names for none', async () => {
    await server.user('pat');
    const browser = new Browser(server);
    const mine = (await tokensFor(browser, client, { userName: 'kim' })).body.id_token;
    const others = (await tokensFor(new Browser(server), client, { userName: 'pat' })).body.id_token;
    const asked = async (id_token_hint: string) =>
      refusal(await lead({ prompt: 'none', id_token_hint }, client, browser));
    expect((await asked(mine)).error).toBeNull();
    expect((await asked(others)).error).toBe('login_required');
    expect((await asked(`${mine}x`)).error).toBe('login_required');
  });

  it('signs in to the server’s own applications at their place below its address', async () => {
    await server.organization('own.example');
    const own = { id: '' as never, clientId: 'MY_ACCOUNT', secret: null };
    const redirect_uri = `${server.url}/t/own.example/myaccount`;
    const login = { userName: 'owner', prefix: '/t/own.example', pkce: newPkce(), query: { redirect_uri } };
    const callback = await signInTo(new Browser(server), own, login);
    expect(callback.pathname).toBe('/t/own.example/myaccount');
    expect(callback.searchParams.get('code')).not.toBeNull();
  });

  it('reaches a callback with letters beyond ASCII', async () => {
    const callback = 'https://app.example/r\u00fcckkehr';
    const abroad = await server.client({ consent: { skipLogin: true }, oidc: { callbackUrls: [callback] } });
    const reached = await signInTo(new Browser(server), abroad, { userName: 'kim', query: { redirect_uri: callback } });
    expect(reached.pathname).toBe('/r%C3%BCckkehr');
  });

  it('tells why a login failed only where the server is set to tell', async () => {
    const talkative = await startOauthServer({ showAuthFailureReason: true });
    const speaking = await talkative.client();
    const browser = new Browser(talkative);
    const page = await browser.open(authorizeUrl(speaking));
    const sessionDataKey = hidden(page.html, 'sessionDataKey');
    const failed = await browser.open('/commonauth', { username: 'nobody', password: PASSWORD, sessionDataKey });
    expect(Object.fromEntries(failed.url.searchParams)).toMatchObject({ errorCode: '17001', failedUsername: 'nobody' });
    const wrong = await browser.open('/commonauth', { username: 'admin', password: 'wrong', sessionDataKey });
    expect(wrong.url.searchParams.get('errorCode')).toBe('17002');
    await talkative.close();
  });
});
