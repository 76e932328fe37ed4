import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { Browser, newPkce, post, signInTo } from './browser.ts';
import type { OauthServer, TestClient } from './oauth-server.ts';

const MY_ACCOUNT: TestClient = { id: '' as never, clientId: 'MY_ACCOUNT', secret: null };

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => await server.stop());

it('signs the first administrator in to My Account, with a token that the administrator sees to be active', async () => {
  const { url, admin } = server;
  const pkce = newPkce();
  const redirect_uri = `${url}/myaccount`;
  const query = { redirect_uri, scope: 'openid profile internal_login' };
  const login = { userName: admin.userName, password: admin.password, pkce, query };
  const callback = await signInTo(new Browser(server as unknown as OauthServer), MY_ACCOUNT, login);
  const form = {
    grant_type: 'authorization_code',
    code: callback.searchParams.get('code') ?? '',
    redirect_uri,
    code_verifier: pkce.verifier,
  };
  const { status, body, headers } = await post({ url } as OauthServer, '/oauth2/token', form, { client: MY_ACCOUNT });
  expect({ status, scope: body.scope }).toEqual({ status: 200, scope: 'openid profile internal_login' });
  expect(headers.get('muniment-position')).not.toBeNull();
  const headersOfAdmin = { authorization: admin.authorization };
  const seen = await post(
    { url } as OauthServer,
    '/oauth2/introspect',
    { token: body.access_token },
    { headers: headersOfAdmin },
  );
  expect(seen.body).toMatchObject({ active: true, username: admin.userName, client_id: 'MY_ACCOUNT' });
});
