import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorizeUrl, type Browser, signInTo, tokensFor } from '../protocol/oauth2/browser.ts';
import type { TestClient } from '../protocol/oauth2/oauth-server.ts';
import { basic, startTestServer, type TestServer } from '../support/server.ts';
import { ask, browserAt, newClient, newUser, type Told } from '../support/server-client.ts';

const PASSWORD = 'Correct-horse-9';

interface Person {
  readonly id: string;
  readonly userName: string;
  readonly password: string;
  readonly browser: Browser;
  /** Basic, and a token with the right to his own account. */
  readonly credentials: readonly string[];
}

describe('what belongs to one user', () => {
  let server: TestServer;
  let client: TestClient;
  let kim: Person;
  let pat: Person;

  beforeAll(async () => {
    server = await startTestServer();
    client = await newClient(server, { name: 'Shared' });
    [kim, pat] = [await person('kim'), await person('pat')];
  });
  afterAll(async () => await server.stop());

  async function person(userName: string): Promise<Person> {
    const id = await newUser(server, { userName, password: PASSWORD });
    const browser = browserAt(server);
    const query = { scope: 'openid internal_login' };
    const login = { userName, password: PASSWORD, consent: 'approveAlways', query } as const;
    const { body } = await tokensFor(browser, client, login);
    const credentials = [basic(userName, PASSWORD), `Bearer ${body.access_token}`];
    return { id, userName, password: PASSWORD, browser, credentials };
  }

  const command = (authorization: string, type: string, body: object): Promise<Told> =>
    ask(server, { method: 'POST', path: `/api/commands/${type}`, authorization, body });

  /** Whether the application gets its code without a question. */
  async function isRemembered({ browser }: Person, scope = 'openid internal_login'): Promise<boolean> {
    const { url } = await browser.open(authorizeUrl(client, { query: { prompt: 'none', scope } }));
    return url.searchParams.get('code') !== null;
  }

  it('[SEC-C8] a consent is withdrawn by its user alone, not by another and not by an administrator', async () => {
    const parties = { user: kim.id, application: client.id };
    for (const authorization of [...pat.credentials, server.admin.authorization]) {
      const told = await command(authorization, 'WithdrawConsent', parties);
      expect([403, 422], told.text).toContain(told.status);
    }
    expect(await isRemembered(kim)).toBe(true);
    const own = await command(kim.credentials[0] ?? '', 'WithdrawConsent', parties);
    expect([own.status, own.json.changed]).toEqual([200, true]);
    expect(await isRemembered(kim)).toBe(false);
    expect(await isRemembered(pat), 'of another user at the same application').toBe(true);
  });

  it('[SEC-C8] a consent is given on the consent page alone: no application gives one to itself', async () => {
    const scopes = ['internal_user_mgt_list', 'internal_application_mgt_update', 'email'];
    for (const subject of [pat, kim]) {
      for (const authorization of [...pat.credentials, server.admin.authorization]) {
        const input = { user: subject.id, application: client.id, scopes };
        expect((await command(authorization, 'GrantConsent', input)).status).toBe(404);
      }
    }
    expect(await isRemembered(pat, 'openid internal_login email')).toBe(false);
  });

  it('[SEC-C8] another’s account, history and consents are not read nor changed with the right to one’s own', async () => {
    const consent = `${kim.id}.${client.id}`;
    for (const authorization of pat.credentials) {
      for (const path of [`/scim2/Users/${kim.id}`, `/api/read/users/${kim.id}`, `/api/history/consents/${consent}`]) {
        expect((await ask(server, { path, authorization })).status, path).toBe(403);
      }
      const userId = kim.id;
      for (const [type, input] of [
        ['SetUserPassword', { userId, password: 'Another-password-9' }],
        ['ChangeUserAttributes', { userId, set: { 'name.givenName': 'Stolen' } }],
        ['LockUser', { userId }],
        ['DeleteUser', { userId }],
        ['EraseUser', { userId }],
      ] as const) {
        expect((await command(authorization, type, input)).status, type).toBe(403);
      }
      const put = { method: 'PUT', path: `/scim2/Users/${kim.id}`, authorization, body: { userName: 'kim' } };
      expect((await ask(server, put)).status).toBe(403);
    }
  });

  it('[SEC-C8] a consent page answers in the browser of its user alone', async () => {
    const asking = await newClient(server, { name: 'Asking' });
    const mine = await kim.browser.open(authorizeUrl(asking));
    const key = /name="sessionDataKeyConsent" value="([^"]+)"/.exec(mine.html)?.[1] ?? '';
    expect(key).not.toBe('');
    const stolen = await pat.browser.open('/oauth2/authorize', { consent: 'approve', sessionDataKeyConsent: key });
    expect(stolen.url.searchParams.get('code')).toBeNull();
    const answered = await signInTo(kim.browser, asking, { userName: 'kim', password: PASSWORD });
    expect(answered.searchParams.get('code')).not.toBeNull();
  });
});
