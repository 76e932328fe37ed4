/** The read models stand still; whoever is shut out is shut out at once all the same. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  authorizeUrl,
  type Browser,
  codeFor,
  hidden,
  introspect,
  newPkce,
  redeem,
  refresh,
} from '../protocol/oauth2/browser.ts';
import type { TestClient } from '../protocol/oauth2/oauth-server.ts';
import { basic, startTestServer, type TestServer } from '../support/server.ts';
import { addressOnly, ask, browserAt, mustAsk, newClient, newUser } from '../support/server-client.ts';

const PASSWORD = 'Correct-horse-9';
const KIM = { userName: 'kim', password: PASSWORD };

interface SignedIn {
  readonly user: string;
  readonly client: TestClient;
  readonly browser: Browser;
  readonly tokens: { readonly access_token: string; readonly refresh_token: string };
  /** Not redeemed yet. */
  readonly code: { readonly code: string; readonly verifier: string };
}

let server: TestServer;
let kim: SignedIn;

beforeEach(async () => {
  server = await startTestServer();
  kim = await signedIn();
  expect(await works(kim)).toEqual(WORKING);
  kim = await signedIn(kim);
  await server.projector.stop();
});
afterEach(async () => await server.stop());

async function signedIn(known?: SignedIn): Promise<SignedIn> {
  const client = known?.client ?? (await newClient(server, { name: 'Shop' }));
  const user = known?.user ?? (await newUser(server, KIM));
  const browser = browserAt(server);
  const first = newPkce();
  const { body: tokens } = await redeem(
    addressOnly(server),
    client,
    await codeFor(browser, client, { ...KIM, consent: 'approveAlways', pkce: first }),
    { verifier: first.verifier },
  );
  const second = newPkce();
  const code = await codeFor(browser, client, { ...KIM, pkce: second });
  return { user, client, browser, tokens, code: { code, verifier: second.verifier } };
}

const WAYS = ['password', 'session', 'code', 'userinfo', 'introspection', 'refresh', 'basic'] as const;
type Way = (typeof WAYS)[number];
const WORKING = Object.fromEntries(WAYS.map((way) => [way, true]));
const SHUT = Object.fromEntries(WAYS.map((way) => [way, false]));

const authenticates = async (authorization: string): Promise<boolean> =>
  (await ask(server, { path: '/api/commands', authorization })).status === 200;

const attempts: Readonly<Record<Way, (signed: SignedIn) => Promise<boolean>>> = {
  password: async ({ client }) => {
    const browser = browserAt(server);
    const page = await browser.open(authorizeUrl(client, { pkce: newPkce() }));
    const form = { username: KIM.userName, password: PASSWORD, sessionDataKey: hidden(page.html, 'sessionDataKey') };
    const next = await browser.open('/commonauth', form);
    return next.url.searchParams.has('code') || next.url.pathname.endsWith('/oauth2_consent.do');
  },
  session: async ({ client, browser }) => {
    const page = await browser.open(authorizeUrl(client, { pkce: newPkce(), query: { prompt: 'none' } }));
    return page.url.searchParams.has('code');
  },
  code: async ({ client, code }) =>
    (await redeem(addressOnly(server), client, code.code, { verifier: code.verifier })).status === 200,
  userinfo: async ({ tokens }) => {
    const authorization = `Bearer ${tokens.access_token}`;
    return (await ask(server, { path: '/oauth2/userinfo', authorization })).status === 200;
  },
  introspection: async ({ client, tokens }) =>
    (await introspect(addressOnly(server), client, tokens.access_token)).body.active === true,
  refresh: async ({ client, tokens }) =>
    (await refresh(addressOnly(server), client, tokens.refresh_token)).status === 200,
  basic: async () => await authenticates(basic(KIM.userName, PASSWORD)),
};

async function works(signed: SignedIn): Promise<Readonly<Record<string, boolean>>> {
  const outcomes: [Way, boolean][] = [];
  for (const way of WAYS) outcomes.push([way, await attempts[way](signed)]);
  return Object.fromEntries(outcomes);
}

const patch = async (operation: object): Promise<unknown> =>
  await mustAsk(server, {
    method: 'PATCH',
    path: `/scim2/Users/${kim.user}`,
    type: 'application/scim+json',
    body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: [operation] },
  });

const command = async (type: string, body: object): Promise<unknown> =>
  await mustAsk(server, { method: 'POST', path: `/api/commands/${type}`, body });

describe('while no read model gets newer', () => {
  it.each([
    ['locked by SCIM', () => patch({ op: 'replace', path: 'urn:scim:wso2:schema:accountLocked', value: true })],
    ['disabled by SCIM', () => patch({ op: 'replace', path: 'urn:scim:wso2:schema:accountDisabled', value: true })],
    ['locked by a command', () => command('LockUser', { userId: kim.user })],
    ['disabled by a command', () => command('DisableUser', { userId: kim.user })],
    ['erased', () => command('EraseUser', { userId: kim.user })],
    ['deleted', () => mustAsk(server, { method: 'DELETE', path: `/scim2/Users/${kim.user}` })],
  ])('[SEC-A12] a user who is %s is refused at once on every path', async (_, shutOut) => {
    await shutOut();
    expect(await works(kim)).toEqual(SHUT);
  });

  it('[SEC-A12] a new password ends the old one, the session and the tokens at once', async () => {
    await command('SetUserPassword', { userId: kim.user, password: 'Another-horse-9' });
    expect(await works(kim)).toEqual(SHUT);
    expect(await authenticates(basic(KIM.userName, 'Another-horse-9'))).toBe(true);
  });

  it('[SEC-A12] a disabled application is refused at once, and its user is not', async () => {
    const path = `/api/server/v1/applications/${kim.client.id}`;
    await mustAsk(server, { method: 'PATCH', path, body: { applicationEnabled: false } });
    expect(await attempts.refresh(kim)).toBe(false);
    expect(await attempts.code(kim)).toBe(false);
    expect(await attempts.userinfo(kim)).toBe(false);
    expect(await attempts.basic(kim)).toBe(true);
  });

  it('[SEC-A12] [SEC-A11] a right that is taken is honoured by nobody: who asks by it is told to wait', async () => {
    const ownRole = await command('CreateRole', { name: 'Late' });
    expect(ownRole).toMatchObject({ status: 200 });
    const told = await ask(server, { path: '/api/commands', authorization: basic(KIM.userName, PASSWORD) });
    expect(told.status).toBe(503);
    expect(Number(told.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('[SEC-A12] reads that must see the last write are told to wait instead of being answered from the past', async () => {
    await command('LockUser', { userId: kim.user });
    const { authorization } = server.admin;
    const told = await ask(server, { path: '/api/read/users', authorization });
    expect(told.status).toBe(503);
    expect(Number(told.headers['retry-after'])).toBeGreaterThan(0);
  });
});
