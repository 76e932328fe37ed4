import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { comparePositions } from '../../infra/event-store/position.ts';
import { createSteadyClock, JUMP_BELIEVED_MS, JUMP_MS_MIN } from '../../infra/transient-store/embedded/steady-clock.ts';
import { authorizeUrl, codeFor, hidden, introspect, redeem, refresh, tokensFor } from '../protocol/oauth2/browser.ts';
import type { TestClient } from '../protocol/oauth2/oauth-server.ts';
import { basic, startTestServer, type TestServer } from '../support/server.ts';
import { addressOnly, ask, browserAt, newClient, newUser, ownToken } from '../support/server-client.ts';

const YEAR_MS = 365 * 24 * 3_600_000;
const PASSWORD = 'Correct-horse-9';
const kim = { userName: 'kim', password: PASSWORD } as const;

describe('a server whose clock is set wrong', () => {
  let server: TestServer;
  let client: TestClient;
  let start: number;

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    start = Date.now();
    server = await startTestServer();
    const accessToken = { type: 'JWT' };
    client = await newClient(server, { name: 'Clock', scopes: ['internal_user_mgt_list'], oidc: { accessToken } });
    await newUser(server, kim);
  });
  afterEach(async () => {
    await server.stop();
    vi.useRealTimers();
  });

  const setClock = (ms: number) => vi.setSystemTime(ms);
  const at = () => addressOnly(server);
  const isActive = async (token: string): Promise<boolean> => (await introspect(at(), client, token)).body.active;

  async function positions(): Promise<readonly { commit: bigint; prepare: bigint }[]> {
    const list: { commit: bigint; prepare: bigint }[] = [];
    for await (const { position } of server.kernel.store.readAll({ after: 'start' })) list.push(position);
    return list;
  }

  it.each([
    ['back', -YEAR_MS],
    ['forward', YEAR_MS],
  ])('[SEC-L11] writes on in order when it is set %s by a year, and after it was set right', async (_, byMs) => {
    const before = (await positions()).length;
    const names = ['first', 'second', 'third'];
    for (const [index, offset] of [byMs, byMs + 1_000, 0].entries()) {
      setClock(start + offset);
      await newUser(server, { userName: names[index] ?? '', password: PASSWORD });
    }
    const all = await positions();
    expect(all.length).toBeGreaterThan(before + names.length - 1);
    const disordered = all.filter((position, index) => {
      const former = all[index - 1];
      return former !== undefined && comparePositions(former, position) > 0;
    });
    expect(disordered).toEqual([]);
    const { authorization } = server.admin;
    const list = await ask(server, { path: '/api/read/users?sort=userName&limit=50', authorization });
    expect(list.status).toBe(200);
    for (const name of names) expect(list.text).toContain(`"${name}"`);
    expect((await ask(server, { path: '/health/ready' })).status).toBe(200);
  });

  it('[SEC-L11] takes nothing that was made while it stood a year ahead', async () => {
    setClock(start + YEAR_MS);
    const browser = browserAt(server);
    const tokens = (await tokensFor(browser, client, kim)).body;
    const code = await codeFor(browser, client, { ...kim, query: { prompt: 'login' } });
    expect(await isActive(tokens.access_token)).toBe(true);

    setClock(start);
    expect(await isActive(tokens.access_token)).toBe(false);
    expect((await redeem(at(), client, code)).body.error).toBe('invalid_grant');
    expect((await refresh(at(), client, tokens.refresh_token)).body.error).toBe('invalid_grant');
    const { url } = await browser.open(authorizeUrl(client, { query: { prompt: 'none' } }));
    expect(url.searchParams.get('error')).toBe('login_required');
    expect((await tokensFor(browserAt(server), client, kim)).status, 'and signs in anew').toBe(200);
  });

  it('[SEC-L11] keeps dead what it used up or revoked, also when it is swept while the clock is a year ahead', async () => {
    const browser = browserAt(server);
    const code = await codeFor(browser, client, kim);
    const first = (await redeem(at(), client, code)).body;
    const second = (await refresh(at(), client, first.refresh_token)).body;
    const own = await ownToken(server, client, ['internal_user_mgt_list']);
    const revoked = await ask(server, {
      method: 'POST',
      path: '/oauth2/revoke',
      authorization: basic(client.clientId, client.secret ?? ''),
      type: 'application/x-www-form-urlencoded',
      body: new URLSearchParams({ token: own }).toString(),
    });
    expect([revoked.status, await isActive(own)]).toEqual([200, false]);

    setClock(start + YEAR_MS);
    await server.kernel.transient.sweep();
    for (const token of [own, first.access_token, second.access_token]) expect(await isActive(token)).toBe(false);
    setClock(start + 1_000);
    expect(await isActive(own), 'revoked').toBe(false);
    expect(await isActive(first.access_token), 'of a former generation').toBe(false);
    expect((await redeem(at(), client, code)).body.error).toBe('invalid_grant');
  });

  it('[SEC-L11] ends what is old by the clock that is too far ahead, and answers all the same', async () => {
    const browser = browserAt(server);
    const tokens = (await tokensFor(browser, client, kim)).body;
    const { html } = await browser.open(authorizeUrl(client, { query: { prompt: 'login' } }));
    const sessionDataKey = hidden(html, 'sessionDataKey');
    setClock(start + YEAR_MS);
    expect(await isActive(tokens.access_token)).toBe(false);
    expect((await refresh(at(), client, tokens.refresh_token)).body.error).toBe('invalid_grant');
    const form = { username: 'kim', password: PASSWORD, sessionDataKey };
    const { url } = await browser.open('/commonauth', form);
    expect(url.pathname.endsWith('/oauth2_error.do')).toBe(true);
  });
});

describe('the clock of the sweep', () => {
  function clocks() {
    const state = { wall: 1_000_000, passed: 0 };
    const steady = createSteadyClock({ wall: () => state.wall, passed: () => state.passed });
    const pass = (ms: number) => {
      state.wall += ms;
      state.passed += ms;
    };
    return { state, steady, pass };
  }

  it('[SEC-L11] goes with the time, with small corrections, and back at once', () => {
    const { state, steady, pass } = clocks();
    pass(3_600_000);
    state.wall += JUMP_MS_MIN;
    expect(steady()).toBe(state.wall);
    state.wall -= YEAR_MS;
    expect(steady()).toBe(state.wall);
  });

  it('[SEC-L11] does not follow a jump ahead until it has lasted for a day', () => {
    const { state, steady, pass } = clocks();
    const before = state.wall;
    state.wall += YEAR_MS;
    expect(steady()).toBe(before);
    pass(JUMP_BELIEVED_MS - 1);
    expect(steady()).toBe(before + JUMP_BELIEVED_MS - 1);
    pass(1);
    expect(steady()).toBe(state.wall);
  });

  it('[SEC-L11] begins its day anew when the clock was right in between', () => {
    const { state, steady, pass } = clocks();
    state.wall += YEAR_MS;
    steady();
    pass(JUMP_BELIEVED_MS / 2);
    state.wall -= YEAR_MS;
    expect(steady()).toBe(state.wall);
    state.wall += YEAR_MS;
    steady();
    pass(JUMP_BELIEVED_MS / 2);
    expect(steady()).toBe(state.wall - YEAR_MS);
  });
});
