import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { retireSigningKey, rotateSigningKey } from '../../commands/keys/rotate-signing-key.ts';
import { SUPER_ORG_ID } from '../../domain/ids.ts';
import { activeKey, signingKeys } from '../../domain/keys/signing-keys.ts';
import { Browser, hidden, post, tokensFor } from './oauth2/browser.ts';
import { CALLBACK, type OauthServer, ORIGIN, startOauthServer, type TestClient } from './oauth2/oauth-server.ts';

const DISCOVERY = '/oauth2/token/.well-known/openid-configuration';

interface Key {
  readonly kid: string;
  readonly alg: string;
}

describe('what clients read before they begin', () => {
  let server: OauthServer;
  let client: TestClient;

  beforeAll(async () => {
    server = await startOauthServer();
    await server.organization('tenant.example');
    client = await server.client({ consent: { skipLogin: true } });
    await server.user('kim');
  });
  afterAll(async () => await server.close());

  const read = async (path: string) => (await fetch(server.url + path)).json() as Promise<Record<string, unknown>>;
  const keys = async () => (await read('/oauth2/jwks'))['keys'] as readonly Key[];

  it('is the same under both published addresses, and under no other', async () => {
    const document = await read(DISCOVERY);
    expect(await read('/oauth2/oidcdiscovery/.well-known/openid-configuration')).toEqual(document);
    expect(await read(`/t/carbon.super${DISCOVERY}`)).toEqual(document);
    expect((await fetch(`${server.url}/oauth2/other/.well-known/openid-configuration`)).status).toBe(400);
  });

  it('names issuer and endpoints of the organization that the path names', async () => {
    expect(await read(DISCOVERY)).toMatchObject({
      issuer: `${server.url}/oauth2/token`,
      authorization_endpoint: `${server.url}/oauth2/authorize`,
    });
    expect(await read(`/t/tenant.example${DISCOVERY}`)).toMatchObject({
      issuer: `${server.url}/t/tenant.example/oauth2/token`,
      end_session_endpoint: `${server.url}/t/tenant.example/oidc/logout`,
    });
  });

  it('names only addresses that answer', async () => {
    for (const [name, address] of Object.entries(await read(DISCOVERY))) {
      if (!name.endsWith('_endpoint') && name !== 'jwks_uri') continue;
      const answers = await Promise.all(
        ['GET', 'POST'].map((method) => fetch(String(address), { method, redirect: 'manual' })),
      );
      expect([name, answers.every(({ status }) => status === 404)]).toEqual([name, false]);
    }
  });

  it('shows a rotated key beside the former until that is retired', async () => {
    const { state } = await server.kernel.aggregates.load(signingKeys, SUPER_ORG_ID);
    const former = activeKey(state, 'ES256')?.kid ?? '';
    expect((await keys()).map(({ kid }) => kid)).toContain(former);
    await server.run(rotateSigningKey, { organizationId: SUPER_ORG_ID, alg: 'ES256' });
    const both = (await keys()).filter(({ alg }) => alg === 'ES256').map(({ kid }) => kid);
    expect(both).toHaveLength(2);
    expect(both).toContain(former);
    await server.run(retireSigningKey, { organizationId: SUPER_ORG_ID, kid: former });
    expect((await keys()).map(({ kid }) => kid)).not.toContain(former);
  });

  it('shows no private part of a key, and the algorithm in each key id', async () => {
    for (const key of await keys()) {
      expect(Object.keys(key).filter((name) => ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'].includes(name))).toEqual([]);
      expect(key.kid.endsWith(`_${key.alg}`)).toBe(true);
    }
  });

  it('may be read by any page and kept for a while', async () => {
    for (const path of [DISCOVERY, '/oauth2/jwks']) {
      const { headers } = await fetch(server.url + path, { headers: { origin: 'https://any.example' } });
      expect(headers.get('access-control-allow-origin')).toBe('*');
      expect(headers.get('access-control-allow-credentials')).toBeNull();
      expect(headers.get('cache-control')).toMatch(/^public, max-age=\d+$/);
    }
  });

  describe('userinfo', () => {
    const userinfo = async (init: RequestInit = {}) => await fetch(`${server.url}/oauth2/userinfo`, init);
    const bearing = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

    it('refuses a missing token with 400, a bad one with 401 and one without openid with 403', async () => {
      const missing = await userinfo();
      expect([missing.status, await missing.json()]).toEqual([
        400,
        expect.objectContaining({ error: 'invalid_request' }),
      ]);
      const bad = await userinfo(bearing('bad'));
      expect(bad.status).toBe(401);
      expect(bad.headers.get('www-authenticate')).toMatch(/^Bearer error="invalid_token"/);
      const { body } = await post(server, '/oauth2/token', { grant_type: 'client_credentials' }, { client });
      const own = await userinfo(bearing(body.access_token));
      expect(own.status).toBe(403);
      expect(own.headers.get('www-authenticate')).toMatch(/^Bearer error="insufficient_scope"/);
    });

    it('takes the token from header or form, and never from the address', async () => {
      const { body } = await tokensFor(new Browser(server), client, { userName: 'kim' });
      const form = new URLSearchParams({ access_token: body.access_token });
      const posted = await userinfo({ method: 'POST', body: form });
      expect(await posted.json()).toMatchObject({ username: 'kim' });
      expect((await fetch(`${server.url}/oauth2/userinfo?${form}`)).status).toBe(400);
    });

    it('may be asked and read by the pages of the token’s client alone', async () => {
      const { body } = await tokensFor(new Browser(server), client, { userName: 'kim' });
      const authorization = `Bearer ${body.access_token}`;
      const own = await userinfo({ headers: { authorization, origin: ORIGIN } });
      expect(own.headers.get('access-control-allow-origin')).toBe(ORIGIN);
      const other = await userinfo({ headers: { authorization, origin: 'https://evil.example' } });
      expect(other.headers.get('access-control-allow-origin')).toBeNull();
      const ask = async (origin: string) => await userinfo({ method: 'OPTIONS', headers: { origin } });
      expect((await ask(ORIGIN)).headers.get('access-control-allow-headers')).toContain('Authorization');
      expect((await ask('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
    });
  });

  describe('sign-out', () => {
    it('asks, goes where the application registered, and says when the user stays', async () => {
      const browser = new Browser(server);
      const { body } = await tokensFor(browser, client, { userName: 'kim' });
      const query = { id_token_hint: body.id_token, post_logout_redirect_uri: CALLBACK, state: 'x' };
      const address = `/oidc/logout?${new URLSearchParams(query)}`;
      const key = async () => hidden((await browser.open(address)).html, 'sessionDataKey');
      const stayed = await browser.open('/oidc/logout', { consent: 'deny', sessionDataKey: await key() });
      expect(stayed.url.searchParams.get('error')).toBe('access_denied');
      expect(browser.cookie('commonAuthId')).toBeDefined();
      const left = await browser.open('/oidc/logout', { consent: 'approve', sessionDataKey: await key() });
      expect(left.url.href).toBe(`${CALLBACK}?state=x`);
      expect(browser.cookie('commonAuthId')).toBeUndefined();
    });

    it('accepts an expired id token as a hint', async () => {
      const browser = new Browser(server);
      const { body } = await tokensFor(browser, client, { userName: 'kim', remember: true });
      server.clock.nowMs = Date.now() + 2 * 3_600_000;
      const asked = await browser.open(`/oidc/logout?${new URLSearchParams({ id_token_hint: body.id_token })}`);
      server.clock.nowMs = null;
      expect(asked.url.pathname).toBe('/authenticationendpoint/oauth2_logout_consent.do');
    });

    it('shows that it is done where nobody wants the user back', async () => {
      const done = await new Browser(server).open('/oidc/logout');
      expect(done.url.pathname).toBe('/authenticationendpoint/logout.do');
      expect(done.html).toContain('You are signed out');
    });
  });
});
