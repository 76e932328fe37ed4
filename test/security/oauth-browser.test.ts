import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeApplication } from '../../commands/applications/change-application.ts';
import { disableUser, lockUser } from '../../commands/users/change-user.ts';
import { authorizeUrl, Browser, hidden, introspect, newPkce, signInTo, tokensFor } from '../protocol/oauth2/browser.ts';
import {
  CALLBACK,
  type OauthServer,
  PASSWORD,
  startOauthServer,
  type TestClient,
} from '../protocol/oauth2/oauth-server.ts';

const OTHER = '/t/other.example';

describe('the sign-in pages under attack', () => {
  let server: OauthServer;
  let client: TestClient;
  let asking: TestClient;
  let foreign: TestClient;

  beforeAll(async () => {
    server = await startOauthServer();
    const other = await server.organization('other.example');
    client = await server.client({ consent: { skipLogin: true } });
    asking = await server.client();
    foreign = await server.client({ tenant: other, consent: { skipLogin: true } });
    await server.user('kim');
    await server.user('kim', { tenant: other });
  });
  afterAll(async () => await server.close());

  const isError = (url: URL) => url.pathname.endsWith('/oauth2_error.do');

  async function loginForm(browser: Browser, of = client, prefix = ''): Promise<string> {
    return hidden((await browser.open(authorizeUrl(of, { prefix }))).html, 'sessionDataKey');
  }

  const kim = (sessionDataKey: string) => ({ username: 'kim', password: PASSWORD, sessionDataKey });

  async function isSignedIn(browser: Browser, of = client, prefix = ''): Promise<boolean> {
    const { url } = await browser.open(authorizeUrl(of, { prefix, query: { prompt: 'none' } }));
    return url.searchParams.get('error') !== 'login_required';
  }

  it('[SEC-D1] refuses a login key in another browser, without a browser, and a second time', async () => {
    const victim = new Browser(server);
    const key = await loginForm(victim);
    const thief = new Browser(server);
    expect(isError((await thief.open('/commonauth', kim(key))).url)).toBe(true);
    await loginForm(thief);
    expect(isError((await thief.open('/commonauth', kim(key))).url)).toBe(true);
    expect(await isSignedIn(thief)).toBe(false);

    expect((await victim.open('/commonauth', kim(key))).url.searchParams.get('code')).not.toBeNull();
    expect(isError((await victim.open('/commonauth', kim(key))).url)).toBe(true);
    expect(isError((await victim.open(`/oauth2/authorize?sessionDataKey=${key}`)).url)).toBe(true);
  });

  it('[SEC-D1] refuses steps out of order: consent without login, login without password, empty and foreign keys', async () => {
    const browser = new Browser(server);
    const key = await loginForm(browser, asking);
    const early = await browser.open(`/oauth2/authorize?sessionDataKey=${key}`);
    expect(early.url.searchParams.get('code')).toBeNull();
    for (const sessionDataKeyConsent of ['', key, crypto.randomUUID()]) {
      const { url } = await browser.open('/oauth2/authorize', { consent: 'approve', sessionDataKeyConsent });
      expect(isError(url)).toBe(true);
    }
    expect(isError((await browser.open('/commonauth', {})).url)).toBe(true);
    const empty = await browser.open('/commonauth', { sessionDataKey: key });
    expect(empty.url.searchParams.get('authFailure')).toBe('true');
  });

  it('[SEC-D1] keeps two tabs apart and uses each consent once', async () => {
    const browser = new Browser(server);
    const [first, second] = [await loginForm(browser, asking), await loginForm(browser, asking)];
    const one = await browser.open('/commonauth', kim(first));
    const two = await browser.open('/commonauth', kim(second));
    const consent = (html: string) => ({
      consent: 'approve',
      sessionDataKeyConsent: hidden(html, 'sessionDataKeyConsent'),
    });
    const thief = new Browser(server);
    await signInTo(thief, client, { userName: 'kim' });
    expect(isError((await thief.open('/oauth2/authorize', consent(one.html))).url)).toBe(true);
    expect((await browser.open('/oauth2/authorize', consent(one.html))).url.searchParams.get('code')).not.toBeNull();
    expect(isError((await browser.open('/oauth2/authorize', consent(one.html))).url)).toBe(true);
    expect((await browser.open('/oauth2/authorize', consent(two.html))).url.searchParams.get('code')).not.toBeNull();
  });

  it('[SEC-A8] refuses a login form one second after its time', async () => {
    const browser = new Browser(server);
    const key = await loginForm(browser);
    server.clock.nowMs = Date.now() + 15 * 60_000 + 1_000;
    expect(isError((await browser.open('/commonauth', kim(key))).url)).toBe(true);
    server.clock.nowMs = null;
  });

  it('[SEC-D8] gives a fresh session at each sign-in and honours no former one', async () => {
    const browser = new Browser(server);
    const fixed = { name: 'commonAuthId', value: `${crypto.randomUUID()}.${'A'.repeat(43)}`, path: '/', text: '' };
    browser.cookies.push(fixed);
    await signInTo(browser, client, { userName: 'kim' });
    const first = browser.cookie('commonAuthId');
    expect(first?.value).not.toBe(fixed.value);

    await signInTo(browser, client, { userName: 'kim', query: { prompt: 'login' } });
    const second = browser.cookie('commonAuthId');
    expect(second?.value).not.toBe(first?.value);
    const former = new Browser(server);
    former.cookies = first === undefined ? [] : [first];
    expect(await isSignedIn(former)).toBe(false);
    expect(await isSignedIn(browser)).toBe(true);
  });

  it('[SEC-D8] ends the session of one user when another signs in to the same browser', async () => {
    await server.user('pat');
    const browser = new Browser(server);
    const { body } = await tokensFor(browser, client, { userName: 'kim' });
    await signInTo(browser, client, { userName: 'pat', query: { prompt: 'login' } });
    expect((await introspect(server, client, body.access_token)).body).toEqual({ active: false });
  });

  it('[SEC-B3] [SEC-G7] lets the session of one organization count in no other, under any path', async () => {
    const browser = new Browser(server);
    await signInTo(browser, client, { userName: 'kim' });
    expect(await isSignedIn(browser)).toBe(true);
    expect(await isSignedIn(browser, foreign, OTHER)).toBe(false);

    await signInTo(browser, foreign, { userName: 'kim', prefix: OTHER });
    const cookies = browser.cookies.filter(({ name }) => name === 'commonAuthId');
    expect(cookies.map(({ path }) => path).sort()).toEqual(['/', OTHER]);
    expect(await isSignedIn(browser)).toBe(true);
    expect(await isSignedIn(browser, foreign, OTHER)).toBe(true);
  });

  it('[SEC-G7] is not confused by a cookie of the same name that somebody else set', async () => {
    const browser = new Browser(server);
    await signInTo(browser, client, { userName: 'kim' });
    browser.cookies.unshift({ name: 'commonAuthId', value: 'tossed', path: '/oauth2', text: '' });
    expect(await isSignedIn(browser)).toBe(true);
  });

  it('[SEC-G7] sets cookies out of reach of scripts and neighbours where the public address is https', async () => {
    const secure = await startOauthServer({ publicUrl: 'https://id.example' });
    const own = await secure.client({ consent: { skipLogin: true } });
    await secure.user('kim');
    const first = await new Browser(secure).send(authorizeUrl(own));
    const [flow = ''] = first.headers.getSetCookie();
    expect(flow).toMatch(/^__Host-muniment-flow=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/);
    const sessionDataKey = new URL(first.headers.get('location') ?? '').searchParams.get('sessionDataKey') ?? '';
    const posted = await fetch(`${secure.url}/commonauth`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie: flow.split(';')[0] ?? '' },
      body: new URLSearchParams(kim(sessionDataKey)),
    });
    expect(posted.headers.getSetCookie()[0]).toMatch(/^commonAuthId=[^;]+; Path=\/; HttpOnly; SameSite=None; Secure$/);
    await secure.close();
  });

  const foreignTo = (registered: string) => {
    const { host } = new URL(registered);
    return [
      registered.replace('https', 'http'),
      registered.replace(host, `${host}:444`),
      `${registered}/`,
      registered.replace(host, `${host}@evil.example`),
      registered.replace(host, `evil.example\\@${host}`),
      registered.replace(host, `${host}.evil.example`),
      registered.replace(host, `evil-${host}`),
      registered.replace(host, `sub.${host}`),
      registered.replace(host, host.toUpperCase()),
      registered.replace(host, `${host}.`),
      `${registered}%00`,
      `${registered}#x`,
      `${registered}?x`,
      `${registered}/../evil`,
      `${registered}/..;/evil`,
      registered.replace('/callback', '/%63allback'),
      registered.replace('e', 'е'),
      `${registered}*`,
      'javascript:alert(1)',
      'JaVaScRiPt:alert(1)',
      'data:text/html,x',
      '//evil.example',
      '/callback',
      '',
    ];
  };

  it('[SEC-G1] sends nobody to an address that is not registered letter for letter', async () => {
    for (const address of foreignTo(CALLBACK)) {
      const response = await new Browser(server).send(authorizeUrl(client, { query: { redirect_uri: address } }));
      expect([
        address,
        response.headers.get('location')?.startsWith(`${server.url}/authenticationendpoint/oauth2_error.do`),
      ]).toEqual([address, true]);
    }
    const twice = `${authorizeUrl(client)}&redirect_uri=${encodeURIComponent('https://evil.example')}`;
    const response = await new Browser(server).send(twice);
    expect(isError(new URL(response.headers.get('location') ?? ''))).toBe(true);
  });

  it('[SEC-G1] lets only the port of a loopback address differ', async () => {
    const native = await server.client({ oidc: { callbackUrls: ['http://127.0.0.1/done'] } });
    const lead = async (redirect_uri: string) =>
      (await new Browser(server).send(authorizeUrl(native, { query: { redirect_uri } }))).headers.get('location') ?? '';
    expect(await lead('http://127.0.0.1:49152/done')).toContain('/login.do?');
    for (const address of [
      'http://127.0.0.1:1/other',
      'http://127.0.0.2:1/done',
      'https://127.0.0.1:1/done',
      'http://localhost:1/done',
    ]) {
      expect(await lead(address)).toContain('/oauth2_error.do?');
    }
  });

  it('[SEC-G2] [SEC-E16] sends nobody to an unregistered address after a logout', async () => {
    for (const address of foreignTo(CALLBACK).filter((text) => text !== '')) {
      const query = new URLSearchParams({ client_id: client.clientId, post_logout_redirect_uri: address });
      const { url } = await new Browser(server).open(`/oidc/logout?${query}`);
      expect([address, isError(url)]).toEqual([address, true]);
    }
    const nobody = new URLSearchParams({ post_logout_redirect_uri: CALLBACK });
    expect(isError((await new Browser(server).open(`/oidc/logout?${nobody}`)).url)).toBe(true);
  });

  it('[SEC-E16] [SEC-G5] ends a session only with its user’s word or a hint of that very session', async () => {
    const quick = await server.client({ consent: { skipLogin: true, skipLogout: true } });
    const browser = new Browser(server);
    const mine = await tokensFor(browser, quick, { userName: 'kim' });
    const others = await tokensFor(new Browser(server), quick, { userName: 'kim' });
    const forged = `${mine.body.id_token.slice(0, -8)}AAAAAAAA`;
    const logout = (query: Record<string, string>) => `/oidc/logout?${new URLSearchParams(query)}`;

    expect(isError((await browser.open(logout({ id_token_hint: forged }))).url)).toBe(true);
    expect(isError((await browser.open(logout({ id_token_hint: mine.body.access_token }))).url)).toBe(true);
    for (const query of [{ client_id: quick.clientId }, { id_token_hint: others.body.id_token }]) {
      expect((await browser.open(logout(query))).url.pathname).toMatch(/oauth2_logout_consent\.do$/);
    }
    expect(await isSignedIn(browser)).toBe(true);
    // A page of another site cannot answer for the user: it does not have the key.
    expect(isError((await browser.open('/oidc/logout', { consent: 'approve' })).url)).toBe(true);
    expect(await isSignedIn(browser)).toBe(true);

    await browser.open(logout({ id_token_hint: mine.body.id_token }));
    expect(await isSignedIn(browser)).toBe(false);
    expect((await introspect(server, quick, mine.body.access_token)).body).toEqual({ active: false });
    expect((await introspect(server, quick, others.body.access_token)).body.active).toBe(true);
  });

  it('[SEC-G5] changes nothing by GET: no login, no consent, no logout', async () => {
    const browser = new Browser(server);
    const key = await loginForm(browser, asking);
    await browser.open(`/commonauth?${new URLSearchParams(kim(key))}`);
    expect(browser.cookie('commonAuthId')).toBeUndefined();

    const consent = await browser.open('/commonauth', kim(key));
    const sessionDataKeyConsent = hidden(consent.html, 'sessionDataKeyConsent');
    const approved = await browser.open(
      `/oauth2/authorize?${new URLSearchParams({ consent: 'approve', sessionDataKeyConsent })}`,
    );
    expect(approved.url.searchParams.get('code')).toBeNull();

    const asked = await browser.open('/oidc/logout');
    const sessionDataKey = hidden(asked.html, 'sessionDataKey');
    await browser.open(`/oidc/logout?${new URLSearchParams({ consent: 'approve', sessionDataKey })}`);
    expect(await isSignedIn(browser)).toBe(true);
  });

  it('[SEC-G6] [SEC-G8] shows its pages in no frame, from no cache and with no inline code', async () => {
    const browser = new Browser(server);
    const login = await browser.open(authorizeUrl(asking));
    const consent = await browser.open('/commonauth', kim(hidden(login.html, 'sessionDataKey')));
    const logout = await browser.open('/oidc/logout');
    const error = await browser.open(
      '/authenticationendpoint/oauth2_error.do?oauthErrorCode=x&oauthErrorMsg=%3Cscript%3E',
    );
    for (const { headers, html } of [login, consent, logout, error]) {
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe-inline');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(html).not.toMatch(/<script|<style|\son\w+=|style=/);
      expect(Buffer.byteLength(html)).toBeLessThan(50_000);
    }
  });

  it('[SEC-G8] lets nobody keep a token, a code or a claim', async () => {
    const browser = new Browser(server);
    const pkce = newPkce();
    const { headers, body } = await tokensFor(browser, client, { userName: 'kim' });
    const code = await browser.send(authorizeUrl(client, { pkce }));
    const authorization = `Bearer ${body.access_token}`;
    const claims = await fetch(`${server.url}/oauth2/userinfo`, { headers: { authorization } });
    const facts = await introspect(server, client, body.access_token);
    for (const seen of [headers, code.headers, claims.headers, facts.headers]) {
      expect(seen.get('cache-control')).toBe('no-store');
    }
  });

  it('[SEC-K1] answers alike for an unknown user, a wrong password, a locked and a disabled account', async () => {
    await server.run(lockUser, { userId: await server.user('locked') });
    await server.run(disableUser, { userId: await server.user('disabled') });
    const answers: object[] = [];
    for (const [username, password] of [
      ['nobody', PASSWORD],
      ['kim', 'wrong password'],
      ['locked', PASSWORD],
      ['locked', 'wrong password'],
      ['disabled', PASSWORD],
      ['disabled', 'wrong password'],
    ] as const) {
      const browser = new Browser(server);
      const sessionDataKey = await loginForm(browser);
      const response = await browser.send('/commonauth', { username, password, sessionDataKey });
      const page = await browser.open(response.headers.get('location') ?? '');
      answers.push({
        status: response.status,
        location: response.headers.get('location')?.replace(sessionDataKey, 'KEY'),
        cookies: response.headers.getSetCookie(),
        html: page.html.replace(sessionDataKey, 'KEY'),
      });
    }
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(answers[0]).toMatchObject({
      status: 302,
      cookies: [],
      location: expect.stringContaining('authFailure=true'),
    });
  });

  it('[SEC-K2] answers alike for an unknown client and a disabled one', async () => {
    const off = await server.client();
    await server.run(changeApplication, { applicationId: off.id, enabled: false });
    const lead = async (clientId: string) =>
      (await new Browser(server).send(authorizeUrl({ clientId }))).headers.get('location');
    expect(await lead(off.clientId)).toBe(await lead('nobody'));
  });
});
