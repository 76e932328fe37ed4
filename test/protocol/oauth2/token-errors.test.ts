import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endSession } from '../../../commands/sessions/session.ts';
import { lockUser, unlockUser } from '../../../commands/users/change-user.ts';
import { GRANT_TYPES } from '../../../domain/applications/application-events.ts';
import { SUPER_ORG_ID } from '../../../domain/ids.ts';
import { Browser, codeFor, introspect, newPkce, post, redeem, refresh, tokensFor } from './browser.ts';
import { CALLBACK, type OauthServer, startOauthServer, type TestClient } from './oauth-server.ts';

const SECOND = 1_000;

describe('the token endpoint', () => {
  let server: OauthServer;
  let client: TestClient;
  let strict: TestClient;
  let browser: Browser;

  beforeAll(async () => {
    server = await startOauthServer();
    client = await server.client({ consent: { skipLogin: true } });
    strict = await server.client({ consent: { skipLogin: true }, oidc: { pkce: { mandatory: true } } });
    await server.user('kim');
    browser = new Browser(server);
  });
  afterAll(async () => await server.close());

  const code = async (pkce = newPkce(), of = client) => await codeFor(browser, of, { userName: 'kim', pkce });
  const refused = (error: string, error_description: string) => ({ status: 400, body: { error, error_description } });

  it('[P1.17-3] kills the code with a failed PKCE redemption', async () => {
    const pkce = newPkce();
    const given = await code(pkce);
    const wrong = await redeem(server, client, given, { verifier: newPkce().verifier });
    expect(wrong).toMatchObject(refused('invalid_grant', 'PKCE validation failed'));
    const right = await redeem(server, client, given, { verifier: pkce.verifier });
    expect(right).toMatchObject(refused('invalid_grant', 'Inactive authorization code received from token request'));
  });

  it('[P1.17-3] [SEC-E4] refuses a rotated refresh token and ends its family', async () => {
    const first = await tokensFor(browser, client, { userName: 'kim' });
    const second = await refresh(server, client, first.body.refresh_token);
    expect(second.status).toBe(200);
    const reused = await refresh(server, client, first.body.refresh_token);
    expect(reused).toMatchObject(refused('invalid_grant', 'Persisted access token data not found'));
    expect((await introspect(server, client, second.body.access_token)).body).toEqual({ active: false });
    expect(await refresh(server, client, second.body.refresh_token)).toMatchObject({ status: 400 });
  });

  it('[P1.17-3] answers that revoked tokens are inactive', async () => {
    const { body } = await tokensFor(browser, client, { userName: 'kim' });
    const revoked = await post(server, '/oauth2/revoke', { token: body.refresh_token }, { client });
    expect(revoked).toMatchObject({ status: 200, body: null });
    expect((await introspect(server, client, body.access_token)).body).toEqual({ active: false });

    const own = await post(server, '/oauth2/token', { grant_type: 'client_credentials' }, { client });
    expect((await introspect(server, client, own.body.access_token)).body.active).toBe(true);
    await post(server, '/oauth2/revoke', { token: own.body.access_token }, { client });
    expect((await introspect(server, client, own.body.access_token)).body).toEqual({ active: false });
  });

  it('[P1.17-4] tells what is wrong with a code in the published words', async () => {
    const unknown = await redeem(server, client, 'no-such-code');
    expect(unknown).toMatchObject(refused('invalid_grant', 'Invalid authorization code received from token request'));

    const elsewhere = await redeem(server, client, await code(), { redirectUri: `${CALLBACK}/other` });
    expect(elsewhere).toMatchObject(refused('invalid_grant', 'Callback url mismatch'));

    const bare = await redeem(server, client, await code());
    expect(bare.body.error_description).toMatch(/^Empty PKCE code_verifier sent\. /);
    const mandatory = await redeem(server, strict, await code(newPkce(), strict));
    expect(mandatory.body.error_description).toMatch(/^No PKCE code verifier found\. /);
  });

  it('[P1.17-4] [SEC-A8] refuses a code one second after its five minutes', async () => {
    const pkce = newPkce();
    const given = await code(pkce);
    server.clock.nowMs = Date.now() + 301 * SECOND;
    const late = await redeem(server, client, given, { verifier: pkce.verifier });
    server.clock.nowMs = null;
    expect(late).toMatchObject(
      refused('invalid_grant', 'Expired or Revoked authorization code received from token request'),
    );
  });

  it('[P1.17-4] [SEC-A8] tells an expired refresh token from an unknown one', async () => {
    const { body } = await tokensFor(browser, client, { userName: 'kim' });
    server.clock.nowMs = Date.now() + 86_401 * SECOND;
    const late = await refresh(server, client, body.refresh_token);
    server.clock.nowMs = null;
    expect(late).toMatchObject(refused('invalid_grant', 'Refresh token is expired.'));
    const unknown = await refresh(server, client, 'r1.no-such-token');
    expect(unknown).toMatchObject(refused('invalid_grant', 'Persisted access token data not found'));
  });

  it('keeps tokens alive when their session was merely idle, and ends its grants when it is ended', async () => {
    const idler = new Browser(server);
    const user = await server.user('robin');
    const { body } = await tokensFor(idler, client, { userName: 'robin' });
    const id = idler.cookie('commonAuthId')?.value.split('.')[0] ?? '';
    server.clock.nowMs = Date.now() + 16 * 60 * SECOND;
    expect((await introspect(server, client, body.access_token)).body.active).toBe(true);
    server.clock.nowMs = null;

    const grants = { type: 'grant', tenant: SUPER_ORG_ID, tag: `session:${id}`, limit: 10 } as const;
    expect(await server.kernel.transient.byTag(grants)).toHaveLength(1);
    const trace = { correlationId: server.kernel.uuid() };
    await endSession(server.kernel, { tenant: SUPER_ORG_ID, session: { id, user }, reason: 'terminated', trace });
    expect(await server.kernel.transient.byTag(grants)).toEqual([]);
    expect((await introspect(server, client, body.access_token)).body).toEqual({ active: false });
  });

  it('lets tokens live on after the session where the application says so', async () => {
    const lasting = await server.client({
      consent: { skipLogin: true },
      oidc: { accessToken: { revokeWithSession: false } },
    });
    const leaver = new Browser(server);
    const user = await server.user('lee');
    const { body } = await tokensFor(leaver, lasting, { userName: 'lee' });
    const id = leaver.cookie('commonAuthId')?.value.split('.')[0] ?? '';
    const trace = { correlationId: server.kernel.uuid() };
    await endSession(server.kernel, { tenant: SUPER_ORG_ID, session: { id, user }, reason: 'logout', trace });
    expect((await introspect(server, lasting, body.access_token)).body.active).toBe(true);
    expect((await refresh(server, lasting, body.refresh_token)).status).toBe(200);
  });

  it('[P1.17-4] says that the refresh token’s state is wrong when the user was locked', async () => {
    const leaver = new Browser(server);
    const { body } = await tokensFor(leaver, client, { userName: 'kim' });
    const user = (await introspect(server, client, body.access_token)).body.sub;
    await server.run(lockUser, { userId: user });
    expect(await refresh(server, client, body.refresh_token)).toMatchObject(
      refused('invalid_grant', 'Invalid refresh token state'),
    );
    await server.run(unlockUser, { userId: user });
    expect(await refresh(server, client, body.refresh_token)).toMatchObject({ status: 400 });
  });

  it('[P1.17-4] refuses clients that do not prove themselves with 401 and a challenge', async () => {
    const form = { grant_type: 'client_credentials' };
    for (const credential of ['', 'nobody:secret', `${client.clientId}:wrong`]) {
      const headers: Record<string, string> =
        credential === '' ? {} : { authorization: `Basic ${Buffer.from(credential).toString('base64')}` };
      const { status, headers: answered, body } = await post(server, '/oauth2/token', form, { headers });
      expect(status).toBe(401);
      expect(body.error).toBe('invalid_client');
      expect(answered.get('www-authenticate')).toMatch(/^Basic/);
      expect(answered.get('cache-control')).toBe('no-store');
    }
  });

  it('[SEC-K2] answers for an unknown client as for a wrong secret', async () => {
    const form = { grant_type: 'client_credentials', client_secret: 'x' };
    const unknown = await post(server, '/oauth2/token', { ...form, client_id: 'nobody' });
    const wrong = await post(server, '/oauth2/token', { ...form, client_id: client.clientId });
    expect(unknown.body).toEqual(wrong.body);
    expect(unknown.status).toBe(wrong.status);
  });

  it('refuses two ways of client authentication at once', async () => {
    const form = { grant_type: 'client_credentials', client_id: client.clientId, client_secret: client.secret ?? '' };
    const both = await post(server, '/oauth2/token', form, { client });
    expect(both).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    expect(await post(server, '/oauth2/token', form)).toMatchObject({ status: 200 });
  });

  it('refuses a repeated parameter, a missing grant type and one that does not exist', async () => {
    const twice = new URLSearchParams([
      ['grant_type', 'client_credentials'],
      ['grant_type', 'refresh_token'],
    ]);
    const repeated = await post(server, '/oauth2/token', twice, { client });
    expect(repeated).toMatchObject(refused('invalid_request', 'Invalid request with repeated parameters.'));
    const missing = await post(server, '/oauth2/token', { scope: 'openid' }, { client });
    expect(missing).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    const unknown = await post(server, '/oauth2/token', { grant_type: 'iwa:ntlm' }, { client });
    expect(unknown).toMatchObject({ status: 400, body: { error: 'unsupported_grant_type' } });
  });

  it('refuses a grant type that the application does not have, and knows no other than those it names', async () => {
    const only = await server.client({ oidc: { grantTypes: ['client_credentials'], callbackUrls: [] } });
    for (const grantType of GRANT_TYPES) {
      const { status, body } = await post(
        server,
        '/oauth2/token',
        { grant_type: grantType, code: 'x' },
        { client: only },
      );
      if (grantType === 'client_credentials') expect(status).toBe(200);
      else expect({ status, error: body.error }).toEqual({ status: 400, error: 'unauthorized_client' });
    }
  });

  it('drops openid silently and gives no refresh token to an application that acts for itself', async () => {
    const form = { grant_type: 'client_credentials', scope: 'openid device_7 no-such-scope' };
    const { body } = await post(server, '/oauth2/token', form, { client });
    expect(body).toMatchObject({ scope: 'device_7', token_type: 'Bearer', expires_in: 3600 });
    expect(body).not.toHaveProperty('refresh_token');
    expect(body).not.toHaveProperty('id_token');
    const { body: facts } = await introspect(server, client, body.access_token);
    expect(facts).toMatchObject({ active: true, sub: client.clientId, aut: 'APPLICATION' });
    expect(facts).not.toHaveProperty('username');
  });

  it('narrows at refresh where asked, never widens, and keeps the grant as it was', async () => {
    const { body } = await tokensFor(browser, client, { userName: 'kim' });
    const form = { grant_type: 'refresh_token', refresh_token: body.refresh_token };
    const wider = await post(server, '/oauth2/token', { ...form, scope: 'openid address' }, { client });
    expect(wider).toMatchObject({ status: 400, body: { error: 'invalid_scope' } });
    const narrow = await post(server, '/oauth2/token', { ...form, scope: 'openid' }, { client });
    expect(narrow.body.scope).toBe('openid');
    const whole = await refresh(server, client, narrow.body.refresh_token);
    expect(whole.body.scope).toBe('openid profile email');
  });

  it('keeps the refresh token of a confidential client that does not rotate, and rotates a public one all the same', async () => {
    const oidc = { refreshToken: { rotate: false } };
    const kept = await server.client({ consent: { skipLogin: true }, oidc });
    const first = await tokensFor(browser, kept, { userName: 'kim' });
    const second = await refresh(server, kept, first.body.refresh_token);
    expect(second.body.refresh_token).toBe(first.body.refresh_token);

    const publicOidc = { ...oidc, publicClient: true, grantTypes: ['authorization_code', 'refresh_token'] };
    const open = await server.client({ consent: { skipLogin: true }, oidc: publicOidc });
    const third = await tokensFor(browser, open, { userName: 'kim' });
    const fourth = await refresh(server, open, third.body.refresh_token);
    expect(fourth.status).toBe(200);
    expect(fourth.body.refresh_token).not.toBe(third.body.refresh_token);
  });

  it('issues opaque tokens to an application that wants them, alive until revoked', async () => {
    const opaque = await server.client({ consent: { skipLogin: true }, oidc: { accessToken: { type: 'Default' } } });
    const { body } = await tokensFor(browser, opaque, { userName: 'kim' });
    expect(body.access_token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const { body: facts } = await introspect(server, opaque, body.access_token);
    expect(facts).toMatchObject({ active: true, username: 'kim', client_id: opaque.clientId });
    expect(facts).not.toHaveProperty('jti');
    await post(server, '/oauth2/revoke', { token: body.access_token }, { client: opaque });
    expect((await introspect(server, opaque, body.access_token)).body).toEqual({ active: false });
  });

  it('lets only the registered origins of the client read its answers', async () => {
    const form = { grant_type: 'client_credentials' };
    const own = await post(server, '/oauth2/token', form, { client, headers: { origin: 'https://app.example' } });
    expect(own.headers.get('access-control-allow-origin')).toBe('https://app.example');
    for (const origin of ['null', 'https://app.example.evil', 'https://evil-app.example']) {
      const { headers } = await post(server, '/oauth2/token', form, { client, headers: { origin } });
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
  });
});

describe('introspection', () => {
  let server: OauthServer;
  let client: TestClient;

  beforeAll(async () => {
    server = await startOauthServer();
    client = await server.client();
  });
  afterAll(async () => await server.close());

  it('refuses a request without a token in the published words', async () => {
    const { status, body } = await introspect(server, client, '');
    expect({ status, body }).toEqual({ status: 400, body: { error: 'Invalid input' } });
  });

  it('serves a user with the right to it, by HTTP Basic', async () => {
    const { body } = await post(server, '/oauth2/token', { grant_type: 'client_credentials' }, { client });
    const headers = { authorization: `Basic ${Buffer.from('admin:A-password-for-tests-1').toString('base64')}` };
    const seen = await post(server, '/oauth2/introspect', { token: body.access_token }, { headers });
    expect(seen.body).toMatchObject({ active: true, client_id: client.clientId });
    const wrong = { authorization: `Basic ${Buffer.from('admin:wrong').toString('base64')}` };
    const refused = await post(server, '/oauth2/introspect', { token: body.access_token }, { headers: wrong });
    expect(refused).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  });
});
