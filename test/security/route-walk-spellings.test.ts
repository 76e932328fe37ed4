/** Ways to write a path or a method that a proxy and a server may read differently. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.ts';
import { ask, mustAsk, newUser } from '../support/server-client.ts';
import {
  type Credentials,
  DOMAIN,
  headOf,
  PASSWORD,
  pathOf,
  prepareCredentials,
  scopedRoutes,
} from './route-walk-credentials.ts';

let server: TestServer;
let credentials: Credentials;

beforeAll(async () => {
  server = await startTestServer();
  credentials = await prepareCredentials(server);
});

afterAll(async () => await server.stop());

const SPELLINGS: readonly ((path: string) => string)[] = [
  (path) => `/${path}`,
  (path) => path.replace(/\/(?=[^/]+$)/, '//'),
  (path) => `/.${path}`,
  (path) => path.replace(/\/(?=[^/]+$)/, '/./'),
  (path) => path.replace(/\/(?=[^/]+$)/, '/x/../'),
  (path) => path.replace(/\/(?=[^/]+$)/, '/..;/'),
  (path) => path.replace(/\/(?=[^/]+$)/, '/;a=b/'),
  (path) => path.replace(/\/(?=[^/]+$)/, '/%2e/'),
  (path) => path.replace(/\/(?=[^/]+$)/, '/%2e%2e/'),
  (path) => path.replace(/\/(?=[^/]+$)/, '%2f'),
  (path) => path.replace(/\/(?=[^/]+$)/, '%5c'),
  (path) => path.replace(/.$/, (last) => `%${last.charCodeAt(0).toString(16)}`),
  (path) => path.toUpperCase(),
  (path) => `${path}/`,
  (path) => `${path}.`,
  (path) => `${path};v=1`,
  (path) => `${path};/`,
  (path) => `${path}%00`,
  (path) => `${path}%20`,
  (path) => `${path}.json`,
  (path) => `/t/carbon.super${path}`,
  (path) => `/t/CARBON.SUPER${path}`,
  (path) => `/t/${DOMAIN}/..${path}`,
  (path) => `/t/${DOMAIN}/%2e%2e${path}`,
  (path) => `/t/${DOMAIN}/t/carbon.super${path}`,
  (path) => `/scim2/Schemas/..${path}`,
  (path) => `/oauth2/token/..;${path}`,
];

describe('another spelling of a path', () => {
  it('[SEC-C2] is answered as the plain path is, or with 404 or 405, and opens nothing', async () => {
    const wrong: string[] = [];
    const before = await headOf(server);
    for (const route of scopedRoutes(server)) {
      for (const spell of SPELLINGS) {
        const path = spell(pathOf(route));
        const { status } = await ask(server, {
          method: route.method,
          path,
          authorization: credentials.endUserToken,
          ...(route.body === 'none' ? {} : { body: {} }),
        });
        if (![400, 401, 403, 404, 405].includes(status)) wrong.push(`${route.method} ${path} was answered ${status}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(await headOf(server)).toBe(before);
  });

  it('[SEC-C2] is not made to another method by a header or a parameter', async () => {
    const id = await newUser(server, { userName: 'lee', password: PASSWORD, emails: ['lee@example.com'] });
    const headers = ['x-http-method-override', 'x-http-method', 'x-method-override'];
    for (const header of headers) {
      const path = `/scim2/Users/${id}?_method=DELETE`;
      expect((await mustAsk(server, { path, headers: { [header]: 'DELETE' } })).status).toBe(200);
      const posted = { method: 'POST', path, headers: { [header]: 'DELETE' }, body: {} } as const;
      expect((await ask(server, { ...posted, authorization: server.admin.authorization })).status).toBe(405);
    }
    expect((await mustAsk(server, { path: `/scim2/Users/${id}` })).json.userName).toBe('lee');
  });

  it('[SEC-C2] is not chosen by headers that name a path, a host or an address', async () => {
    const headers = {
      'x-original-url': '/scim2/Schemas',
      'x-rewrite-url': '/scim2/Schemas',
      'x-forwarded-prefix': '/scim2/Schemas',
      'x-forwarded-host': 'evil.example',
      forwarded: 'host=evil.example',
    };
    const told = await ask(server, { path: '/scim2/Users', headers });
    expect(told.status).toBe(401);
    const listed = await mustAsk(server, { path: '/scim2/Users', headers });
    expect(listed.text).not.toContain('evil.example');
  });
});
