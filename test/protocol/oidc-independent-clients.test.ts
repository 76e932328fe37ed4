/** Clients that others wrote, against this server: what they refuse, an application would refuse. */
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser, hidden, signInTo } from './oauth2/browser.ts';
import { CALLBACK, type OauthServer, PASSWORD, startOauthServer, type TestClient } from './oauth2/oauth-server.ts';

const ORGANIZATION = 'tenant.example';

describe.each([
  ['the super organization', '', 'ES256'],
  ['a root organization', `/t/${ORGANIZATION}`, 'RS256'],
] as const)('clients of others in %s', (_, prefix, alg) => {
  let server: OauthServer;
  let client: TestClient;
  let issuer: URL;

  beforeAll(async () => {
    server = await startOauthServer();
    const tenant = prefix === '' ? undefined : await server.organization(ORGANIZATION);
    const within = tenant === undefined ? {} : { tenant };
    client = await server.client({ ...within, oidc: { idToken: { alg } } });
    await server.user('kim', within);
    issuer = new URL(`${server.url}${prefix}/oauth2/token`);
  });
  afterAll(async () => await server.close());

  /** What a person does between the application's redirect and its callback. */
  async function throughTheBrowser(browser: Browser, address: URL): Promise<URL> {
    const login = await browser.open(address);
    const sessionDataKey = hidden(login.html, 'sessionDataKey');
    const consent = await browser.open(`${prefix}/commonauth`, { username: 'kim', password: PASSWORD, sessionDataKey });
    const sessionDataKeyConsent = hidden(consent.html, 'sessionDataKeyConsent');
    const form = { consent: 'approve', sessionDataKeyConsent };
    return (await browser.open(`${prefix}/oauth2/authorize`, form)).url;
  }

  it('openid-client signs in with PKCE, nonce and max_age, refreshes, introspects, revokes and signs out', async () => {
    const config = await openid.discovery(issuer, client.clientId, client.secret ?? '', undefined, {
      execute: [openid.allowInsecureRequests],
    });
    const pkceCodeVerifier = openid.randomPKCECodeVerifier();
    const [expectedState, expectedNonce] = [openid.randomState(), openid.randomNonce()];
    const address = openid.buildAuthorizationUrl(config, {
      redirect_uri: CALLBACK,
      scope: 'openid profile',
      code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: expectedState,
      nonce: expectedNonce,
      max_age: '300',
    });
    const browser = new Browser(server);
    const callback = await throughTheBrowser(browser, address);
    const checks = { pkceCodeVerifier, expectedState, expectedNonce, maxAge: 300, idTokenExpected: true };
    const tokens = await openid.authorizationCodeGrant(config, callback, checks);
    const claims = tokens.claims();
    expect(claims).toMatchObject({ iss: issuer.href, aud: client.clientId, amr: ['pwd'] });
    expect(await openid.fetchUserInfo(config, tokens.access_token, claims?.sub ?? '')).toMatchObject({
      username: 'kim',
    });

    const renewed = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '');
    expect(renewed.claims()?.sub).toBe(claims?.sub);
    expect((await openid.tokenIntrospection(config, renewed.access_token)).active).toBe(true);
    await openid.tokenRevocation(config, renewed.refresh_token ?? '');
    expect((await openid.tokenIntrospection(config, renewed.access_token)).active).toBe(false);

    const end = openid.buildEndSessionUrl(config, {
      id_token_hint: renewed.id_token ?? '',
      post_logout_redirect_uri: CALLBACK,
      state: 'bye',
    });
    const asked = await browser.open(end);
    const sessionDataKey = hidden(asked.html, 'sessionDataKey');
    const done = await browser.open(`${prefix}/oidc/logout`, { consent: 'approve', sessionDataKey });
    expect(done.url.href).toBe(`${CALLBACK}?state=bye`);
    expect(browser.cookie('commonAuthId')).toBeUndefined();
  });

  it('openid-client gets a token for the application itself', async () => {
    const config = await openid.discovery(issuer, client.clientId, client.secret ?? '', undefined, {
      execute: [openid.allowInsecureRequests],
    });
    const tokens = await openid.clientCredentialsGrant(config, { scope: 'device_1' });
    expect(tokens).toMatchObject({ expires_in: 3600, scope: 'device_1' });
  });

  it('oauth4webapi verifies the whole answer, signatures included', async () => {
    const insecure = { [oauth.allowInsecureRequests]: true } as const;
    const discovered = await oauth.discoveryRequest(issuer, insecure);
    const as = await oauth.processDiscoveryResponse(issuer, discovered);
    expect(as.id_token_signing_alg_values_supported).toContain(alg);
    const own: oauth.Client = { client_id: client.clientId, id_token_signed_response_alg: alg };
    const authentication = oauth.ClientSecretBasic(client.secret ?? '');
    const verifier = oauth.generateRandomCodeVerifier();
    const nonce = oauth.generateRandomNonce();
    const address = new URL(as.authorization_endpoint ?? '');
    const query = {
      client_id: client.clientId,
      redirect_uri: CALLBACK,
      response_type: 'code',
      scope: 'openid email',
      state: 'the-state',
      nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    };
    for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
    const callback = await throughTheBrowser(new Browser(server), address);
    const parameters = oauth.validateAuthResponse(as, own, callback, 'the-state');
    const answered = await oauth.authorizationCodeGrantRequest(
      as,
      own,
      authentication,
      parameters,
      CALLBACK,
      verifier,
      insecure,
    );
    const tokens = await oauth.processAuthorizationCodeResponse(as, own, answered, {
      expectedNonce: nonce,
      requireIdToken: true,
    });
    await oauth.validateApplicationLevelSignature(as, answered, insecure);
    const resource = new Request('https://api.example/', {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    const access = await oauth.validateJwtAccessToken(as, resource, client.clientId, insecure);
    expect(access).toMatchObject({ client_id: client.clientId, scope: 'openid email', aut: 'APPLICATION_USER' });

    const revoked = await oauth.revocationRequest(as, own, authentication, tokens.access_token, insecure);
    await oauth.processRevocationResponse(revoked);
    const asked = await oauth.introspectionRequest(as, own, authentication, tokens.access_token, insecure);
    expect((await oauth.processIntrospectionResponse(as, own, asked)).active).toBe(false);
  });

  it('a public client gets along without a secret', async () => {
    const grantTypes = ['authorization_code', 'refresh_token'];
    const tenant = prefix === '' ? {} : { tenant: (await server.application(client.id)).tenant as never };
    const open = await server.client({ ...tenant, oidc: { publicClient: true, grantTypes } });
    const config = await openid.discovery(issuer, open.clientId, undefined, openid.None(), {
      execute: [openid.allowInsecureRequests],
    });
    const pkceCodeVerifier = openid.randomPKCECodeVerifier();
    const address = openid.buildAuthorizationUrl(config, {
      redirect_uri: CALLBACK,
      scope: 'openid',
      code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
    });
    const callback = await throughTheBrowser(new Browser(server), address);
    const tokens = await openid.authorizationCodeGrant(config, callback, { pkceCodeVerifier });
    const renewed = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '');
    expect(renewed.refresh_token).not.toBe(tokens.refresh_token);
    expect(await signInTo(new Browser(server), open, { userName: 'kim', prefix })).toBeInstanceOf(URL);
  });
});
