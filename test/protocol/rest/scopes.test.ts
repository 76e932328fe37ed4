/** OpenID Connect scopes over the management API, and what they put into tokens. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asAdmin, type ManagementClient } from '../../support/management-client.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { browserAt, newClient } from '../../support/server-client.ts';
import { tokensFor } from '../oauth2/browser.ts';
import { PASSWORD, type TestClient } from '../oauth2/oauth-server.ts';
import { type ClaimClient, claimClient, dialect, localClaim, uriOf } from './claim-client.ts';

const SCOPES = '/api/server/v1/oidc/scopes';
const OIDC = 'http://wso2.org/oidc/claim';

let server: TestServer;
let admin: ManagementClient;
let claims: ClaimClient;
let client: TestClient;

beforeAll(async () => {
  server = await startTestServer();
  admin = asAdmin(server);
  claims = claimClient(admin);
  client = await newClient(server, { name: 'Scopes' });
  await claims.define('badge', { dataType: 'integer' });
  await claims.map('badge');
  await claims.define('spoken', { multiValued: true });
  await claims.map('spoken');
  for (const name of ['badge', 'spoken']) {
    const body = { claimURI: name, mappedLocalClaimURI: uriOf(name) };
    expect((await admin.send('POST', `${dialect(OIDC)}/claims`, body)).status).toBe(201);
  }
  const core = {
    password: PASSWORD,
    name: { givenName: 'Kim', familyName: 'Berry' },
    phoneNumbers: [{ type: 'mobile', value: '+49 1' }],
  };
  const made = await claims.createUser('kim', { badge: 7, spoken: ['ko', 'en'] }, core);
  expect(made.status, made.text).toBe(201);
});
afterAll(async () => await server.stop());

async function shown(scope: string) {
  const { body } = await tokensFor(browserAt(server), client, { userName: 'kim', query: { scope } });
  const idToken = JSON.parse(Buffer.from(String(body.id_token).split('.')[1] ?? '', 'base64url').toString());
  const response = await fetch(`${server.url}/oauth2/userinfo`, {
    headers: { authorization: `Bearer ${body.access_token}` },
  });
  return { scope: body.scope, idToken, userinfo: (await response.json()) as Record<string, unknown> };
}

const discovery = async (): Promise<{ scopes_supported: string[]; claims_supported: string[] }> =>
  (await admin.get('/oauth2/token/.well-known/openid-configuration')).json;

describe('a scope that an administrator makes', () => {
  it('is in discovery with its claims, and carries them into id token and userinfo', async () => {
    const scope = { name: 'work', displayName: 'Work', description: 'At work', claims: ['badge', 'spoken', 'mobile'] };
    const made = await admin.send('POST', SCOPES, scope);
    expect([made.status, made.headers.get('location')]).toEqual([201, `${server.url}${SCOPES}/work`]);
    expect((await admin.get(`${SCOPES}/work`)).json).toEqual(scope);
    const document = await discovery();
    expect(document.scopes_supported).toContain('work');
    expect(document.claims_supported).toEqual(expect.arrayContaining(['badge', 'spoken']));

    const carried = { badge: 7, spoken: ['ko', 'en'], mobile: '+49 1' };
    const { idToken, userinfo, scope: granted } = await shown('openid work');
    expect(granted).toBe('openid work');
    expect(idToken).toMatchObject(carried);
    expect(userinfo).toMatchObject(carried);
    expect(userinfo).not.toHaveProperty('given_name');
  });

  it('is granted to nobody once it is removed', async () => {
    await admin.send('POST', SCOPES, { name: 'brief', displayName: 'Brief', claims: ['badge'] });
    expect((await admin.send('DELETE', `${SCOPES}/brief`)).status).toBe(204);
    expect((await shown('openid brief')).scope).toBe('openid');
    expect((await discovery()).scopes_supported).not.toContain('brief');
  });
});

describe('a standard scope', () => {
  it('[O3.3-2] carries a claim that is added to it into id tokens', async () => {
    const profile = (await admin.get(`${SCOPES}/profile`)).json;
    const { name: _, ...rest } = profile;
    const changed = await admin.send('PUT', `${SCOPES}/profile`, { ...rest, claims: [...rest.claims, 'badge'] });
    expect(changed.status).toBe(200);
    const { idToken } = await shown('openid profile');
    expect(idToken).toMatchObject({ badge: 7, given_name: 'Kim', name: 'Kim Berry', username: 'kim' });
  });

  it('carries nothing of a claim that is no longer defined', async () => {
    await claims.define('gone');
    await admin.send('POST', `${dialect(OIDC)}/claims`, { claimURI: 'gone', mappedLocalClaimURI: uriOf('gone') });
    await admin.send('POST', SCOPES, { name: 'past', displayName: 'Past', claims: ['gone'] });
    await admin.send('DELETE', `${dialect(OIDC)}/claims/${Buffer.from('gone').toString('base64url')}`);
    expect((await admin.send('DELETE', localClaim('gone'))).status).toBe(204);
    expect((await discovery()).claims_supported).not.toContain('gone');
    expect((await shown('openid past')).userinfo).not.toHaveProperty('gone');
  });

  it.each(['openid', 'profile', 'email'])('%s cannot be removed', async (name) => {
    expect((await admin.send('DELETE', `${SCOPES}/${name}`)).status).toBe(403);
  });
});

const refused: readonly (readonly [string, string, string, object, number, string])[] = [
  ['is there', 'POST', SCOPES, { name: 'profile', displayName: 'P', claims: [] }, 409, '41004'],
  ['is not there', 'PUT', `${SCOPES}/nowhere`, { displayName: 'P', claims: [] }, 404, '41003'],
  ['is not there, read', 'GET', `${SCOPES}/nowhere`, {}, 404, '41003'],
  ['names no claim', 'POST', SCOPES, { name: 'odd', displayName: 'P', claims: ['nothing'] }, 400, 'OAUTH-60001'],
  ['has no display name', 'POST', SCOPES, { name: 'odd', displayName: ' ', claims: [] }, 400, 'OAUTH-60001'],
  ['has blanks in its name', 'POST', SCOPES, { name: 'an odd one', displayName: 'P', claims: [] }, 400, 'OAUTH-60001'],
  ['has no claims', 'POST', SCOPES, { name: 'odd', displayName: 'P' }, 400, 'UE-10000'],
];

describe('a scope is refused that', () => {
  it.each(refused)('%s', async (_, method, path, body, status, code) => {
    const answer = await admin.send(method, path, method === 'GET' ? undefined : body);
    expect([answer.status, answer.json.code]).toEqual([status, code]);
  });

  it.each(['*', 'internal_user_mgt_delete', 'internal_anything', 'INTERNAL_LOGIN', 'console:roles', 'device_1'])(
    '[SEC-C4] is called %s, as a permission is: who asks for it gets no right',
    async (name) => {
      const made = await admin.send('POST', SCOPES, { name, displayName: 'P', claims: [] });
      expect([made.status, made.json.code]).toEqual([400, 'OAUTH-60001']);
    },
  );

  it('[SEC-E1] puts an attribute in the place of what the token says of itself', async () => {
    const body = { claimURI: 'nonce', mappedLocalClaimURI: uriOf('badge') };
    await admin.send('POST', `${dialect(OIDC)}/claims`, body);
    await admin.send('POST', SCOPES, { name: 'forging', displayName: 'F', claims: ['nonce', 'sub'] });
    const { idToken, userinfo } = await shown('openid forging');
    expect([idToken.nonce, userinfo['nonce']]).toEqual([undefined, undefined]);
    expect(idToken.sub).toBe(userinfo['sub']);
  });
});
