import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemApis, systemScopes } from '../../domain/applications/api-resources.ts';
import type { Browser } from '../protocol/oauth2/browser.ts';
import { codeFor, introspect, redeem, refresh } from '../protocol/oauth2/browser.ts';
import type { TestClient } from '../protocol/oauth2/oauth-server.ts';
import { basic, startTestServer, type TestServer } from '../support/server.ts';
import {
  addressOnly,
  ask,
  browserAt,
  newClient,
  newTenant,
  newUser,
  ownToken,
  type Told,
} from '../support/server-client.ts';

const HELD = 'internal_user_mgt_view';
/** Milliseconds; generous, as all that is looked for is work that grows with the square of what was sent. */
const BOUND_MS = 2_000;

/** What a client may try to be given more than it was authorized for. */
const GREEDY: readonly (readonly [what: string, scope: string])[] = [
  ['a star', '*'],
  ['a star beside its own', `* ${HELD}`],
  ['a star at the end of a prefix', 'internal_* internal_user_mgt_*'],
  ['nothing', ''],
  ['blanks alone', '     '],
  ['its own scope many times', `${HELD} `.repeat(500)],
  ['other letter case', HELD.toUpperCase()],
  ['other separators', `${HELD},internal_user_mgt_delete`],
  ['line ends and tabs as separators', `${HELD}\r\ninternal_user_mgt_delete\tinternal_user_mgt_create`],
  ['scopes of every other resource', [...systemScopes].join(' ')],
  ['the right of its tenant’s administrators', 'internal_modify_tenants internal_list_tenants everything'],
  ['names of the language', '__proto__ constructor toString hasOwnProperty'],
];

describe('the scopes of a token', () => {
  let server: TestServer;
  let client: TestClient;

  beforeAll(async () => {
    server = await startTestServer();
    client = await newClient(server, { name: 'Narrow', scopes: [HELD] });
    await newUser(server, { userName: 'plain', password: 'Correct-horse-9' });
  });
  afterAll(async () => await server.stop());

  const tokenWith = (scope: string, over: Partial<TestClient> = {}): Promise<Told> => {
    const { clientId, secret } = { ...client, ...over };
    return ask(server, {
      method: 'POST',
      path: '/oauth2/token',
      authorization: basic(clientId, secret ?? ''),
      type: 'application/x-www-form-urlencoded',
      body: new URLSearchParams({ grant_type: 'client_credentials', scope }).toString(),
    });
  };

  const scopesOf = (text: string): readonly string[] => text.split(' ').filter((scope) => scope !== '');

  it.each(GREEDY)('[SEC-C13] do not get wider by %s', async (_, scope) => {
    const told = await tokenWith(scope);
    expect(told.status).toBe(200);
    const granted = scopesOf(told.json.scope);
    expect(granted.filter((one) => one !== HELD)).toEqual([]);
    expect(granted.length).toBeLessThanOrEqual(1);
    const { body } = await introspect(addressOnly(server), client, told.json.access_token);
    expect(scopesOf(body.scope ?? '')).toEqual(granted);

    const deleted = await ask(server, {
      method: 'DELETE',
      path: `/scim2/Users/${crypto.randomUUID()}`,
      authorization: `Bearer ${told.json.access_token}`,
    });
    expect(deleted.status).toBe(403);
  });

  it('[SEC-C13] are decided in bounded time, however many are asked for', async () => {
    const many = Array.from({ length: 10_000 }, (_, index) => `s${index}`).join(' ');
    const free = `${HELD} ${Array.from({ length: 1_500 }, (_, index) => `x${index}`).join(' ')}`;
    const startedMs = performance.now();
    const refused = await tokenWith(many);
    const answered = await tokenWith(free);
    const authorize = await ask(server, {
      path: `/oauth2/authorize?${new URLSearchParams({ client_id: client.clientId, response_type: 'code', scope: many })}`,
    });
    expect(performance.now() - startedMs).toBeLessThan(BOUND_MS);
    expect(refused.status).toBe(400);
    expect(refused.json.error).toBe('invalid_request');
    expect(answered.json.scope).toBe(HELD);
    expect([302, 400, 414, 431]).toContain(authorize.status);
  });

  it('[SEC-C13] of another organization’s resources are worth nothing outside it', async () => {
    const tenant = await newTenant(server, 'narrow.example');
    const machine = await newClient(server, { name: 'Theirs', scopes: [HELD], ...tenant });
    const token = await ownToken(server, machine, [HELD], tenant.prefix);
    const at = (path: string) => ask(server, { path, authorization: `Bearer ${token}` });
    expect((await at(`${tenant.prefix}/scim2/Users/${crypto.randomUUID()}`)).status).toBe(404);
    expect((await at(`/scim2/Users/${crypto.randomUUID()}`)).status).toBe(401);
  });

  it('[SEC-C13] of a user are those of his roles, and a refresh does not widen them', async () => {
    const everything = systemApis.flatMap(({ scopes }) => scopes);
    const broad = await newClient(server, { name: 'Broad', scopes: [] });
    for (const { id, scopes } of new Map(systemApis.map((api) => [api.id, api])).values()) {
      const told = await ask(server, {
        method: 'POST',
        path: `/api/server/v1/applications/${broad.id}/authorized-apis`,
        authorization: server.admin.authorization,
        body: { id, policyIdentifier: 'RBAC', scopes },
      });
      expect(told.status).toBe(200);
    }
    const browser: Browser = browserAt(server);
    const code = await codeFor(browser, broad, {
      userName: 'plain',
      password: 'Correct-horse-9',
      query: { scope: `openid * ${everything.join(' ')}` },
    });
    const first = await redeem(addressOnly(server), broad, code);
    expect(scopesOf(first.body.scope)).toEqual(['openid']);

    const widened = await ask(server, {
      method: 'POST',
      path: '/oauth2/token',
      authorization: basic(broad.clientId, broad.secret ?? ''),
      type: 'application/x-www-form-urlencoded',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: first.body.refresh_token,
        scope: `openid ${HELD}`,
      }).toString(),
    });
    expect([widened.status, widened.json.error]).toEqual([400, 'invalid_scope']);
    const again = await refresh(addressOnly(server), broad, first.body.refresh_token);
    expect(scopesOf(again.body.scope)).toEqual(['openid']);
  });
});
