import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAILURES_RECORDED_MAX } from '../../commands/failed-attempts.ts';
import { noTelemetry } from '../../infra/telemetry/no-telemetry.ts';
import { createPendingFlows, networkOf, pendingFlowLimits } from '../../protocol/oauth2/pending-flows.ts';
import { authorizeUrl, Browser, codeFor, hidden, redeem, signInTo, tokensFor } from '../protocol/oauth2/browser.ts';
import { type OauthServer, PASSWORD, startOauthServer, type TestClient } from '../protocol/oauth2/oauth-server.ts';

const AT_ONCE = 50;
const LONG_AFTER_MS = 40 * 24 * 3_600_000;

/** Runs the work so many times, some of them side by side; what each answered. */
async function times<Value>(count: number, work: (index: number) => Promise<Value>): Promise<readonly Value[]> {
  const answers: Value[] = [];
  for (let first = 0; first < count; first += AT_ONCE) {
    const size = Math.min(AT_ONCE, count - first);
    answers.push(...(await Promise.all(Array.from({ length: size }, (_, index) => work(first + index)))));
  }
  return answers;
}

describe('sign-ins that nobody finishes', () => {
  let server: OauthServer;
  let client: TestClient;

  beforeAll(async () => {
    server = await startOauthServer();
    client = await server.client({ consent: { skipLogin: true } });
    await server.user('kim');
  });
  afterAll(async () => await server.close());

  /** Where an anonymous request to begin is led. */
  async function begin(): Promise<URL> {
    const response = await fetch(server.url + authorizeUrl(client), { redirect: 'manual' });
    await response.arrayBuffer();
    return new URL(response.headers.get('location') ?? '');
  }

  it('[SEC-J3] are held up to a number per address, refused beyond it, and forgotten with their time', async () => {
    const begun = await times(pendingFlowLimits.perAddressMax + 20, begin);
    const pages = begun.filter(({ pathname }) => pathname.endsWith('/login.do'));
    const refused = begun.filter(({ searchParams }) => searchParams.get('error') === 'temporarily_unavailable');
    expect([pages.length, refused.length]).toEqual([pendingFlowLimits.perAddressMax, 20]);
    expect(refused.every(({ searchParams }) => searchParams.get('state') === 'the-state')).toBe(true);

    server.clock.nowMs = Date.now() + 15 * 60_000 + 1_000;
    expect((await begin()).pathname.endsWith('/login.do')).toBe(true);
    expect(await server.kernel.transient.sweep()).toBe(pendingFlowLimits.perAddressMax);
    server.clock.nowMs = null;
  });

  it('[SEC-J3] leave room again when they are finished', async () => {
    server.clock.nowMs = Date.now() + 3_600_000;
    const pending = await times(pendingFlowLimits.perAddressMax - 1, begin);
    expect(pending.every(({ pathname }) => pathname.endsWith('/login.do'))).toBe(true);
    for (let round = 0; round < 3; round += 1) {
      const callback = await signInTo(new Browser(server), client, { userName: 'kim' });
      expect(callback.searchParams.get('code')).not.toBeNull();
    }
    server.clock.nowMs = null;
  });

  it('[SEC-J3] and what they led to are swept away when nobody can use them any more', async () => {
    const start = Date.now() + 24 * 3_600_000;
    server.clock.nowMs = start;
    await server.kernel.transient.sweep();
    const asking = await server.client();
    await tokensFor(new Browser(server), asking, { userName: 'kim', consent: 'approve', remember: true });
    const browser = new Browser(server);
    await browser.open(authorizeUrl(asking));
    await signInTo(browser, client, { userName: 'kim' });
    await browser.open('/oidc/logout');

    server.clock.nowMs = start + LONG_AFTER_MS;
    expect(await server.kernel.transient.sweep()).toBeGreaterThan(5);
    expect(await server.kernel.transient.sweep()).toBe(0);
    server.clock.nowMs = null;
  });

  it('[SEC-J3] keep no more of a request than its published parts, each bounded', async () => {
    server.clock.nowMs = Date.now() + 48 * 3_600_000;
    const browser = new Browser(server);
    const long = 'x'.repeat(4_097);
    for (const query of [{ state: long }, { nonce: long }, { scope: long }]) {
      const { url } = await browser.open(authorizeUrl(client, { query }));
      expect(url.searchParams.get('error')).toBe('invalid_request');
    }
    const { html } = await browser.open(authorizeUrl(client, { query: { more: 'y'.repeat(4_000), ui_locales: 'de' } }));
    const id = hidden(html, 'sessionDataKey');
    const tenant = (await server.application(client.id)).org;
    const flow = await server.kernel.transient.get({ type: 'login-flow', tenant, id });
    expect(JSON.stringify(flow?.value)).not.toContain('yyy');
    server.clock.nowMs = null;
  });

  it('[SEC-J3] by wrong names and passwords fill no log: the first of a minute are recorded, the rest counted', async () => {
    server.clock.nowMs = Date.now() + 60 * 3_600_000;
    const { kernel } = server;
    const count = async (): Promise<number> => {
      let events = 0;
      for await (const { type } of kernel.store.readAll({ after: 'start' })) {
        if (type === 'session.login.failed.v1' || type === 'oauth.client.authentication_failed.v1') events += 1;
      }
      return events;
    };
    const before = await count();
    const headers = { authorization: `Basic ${Buffer.from(`nobody:${'x'.repeat(1_025)}`).toString('base64')}` };
    const body = () => new URLSearchParams({ client_id: client.clientId, client_secret: 'wrong' });
    const statuses = await times(3 * FAILURES_RECORDED_MAX, async (index) => {
      const isSignIn = index % 2 === 0;
      const response = isSignIn
        ? await fetch(`${server.url}/probe`, { headers })
        : await fetch(`${server.url}/oauth2/token`, { method: 'POST', body: body() });
      await response.arrayBuffer();
      return response.status;
    });
    expect(new Set(statuses), 'each is refused alike').toEqual(new Set([401]));
    expect((await count()) - before).toBe(2 * FAILURES_RECORDED_MAX);

    server.clock.nowMs += 61_000;
    await fetch(`${server.url}/probe`, { headers });
    expect((await count()) - before, 'a minute later they are recorded again').toBe(2 * FAILURES_RECORDED_MAX + 1);
    server.clock.nowMs = null;
  });

  it('[SEC-J3] lead to codes that are kept for minutes when nobody redeems them, and for a day when somebody did', async () => {
    const start = Date.now() + 72 * 3_600_000;
    server.clock.nowMs = start;
    await server.kernel.transient.sweep();
    const browser = new Browser(server);
    const login = { userName: 'kim', password: PASSWORD, remember: true } as const;
    const used = await codeFor(browser, client, login);
    expect((await redeem(server, client, used)).status).toBe(200);
    const unused = await codeFor(browser, client, login);
    await times(10, () => codeFor(browser, client, login));

    server.clock.nowMs = start + 6 * 60_000;
    expect((await redeem(server, client, unused)).body.error_description).toContain('Expired');
    server.clock.nowMs = start + 16 * 60_000;
    expect(await server.kernel.transient.sweep()).toBeGreaterThanOrEqual(10);
    server.clock.nowMs = start + 23 * 3_600_000;
    await server.kernel.transient.sweep();
    const again = await redeem(server, client, used);
    expect(again.body.error_description, 'its second use is still known').toContain('Inactive');
    server.clock.nowMs = null;
  });
});

describe('the count of what is under way', () => {
  const limits = { perAddressMax: 3, perTenantMax: 5, allMax: 8 };
  const flow = (id: number, ip: string, tenant: string, expiresAtMs = 100) => ({
    id: `${id}`,
    ip,
    tenant,
    expiresAtMs,
  });

  it('[SEC-J3] is kept per address, per organization and in all', () => {
    const pending = createPendingFlows(noTelemetry, limits);
    const begun = [
      flow(1, '192.0.2.1', 'a'),
      flow(2, '192.0.2.1', 'b'),
      flow(3, '192.0.2.1', 'a'),
      flow(4, '192.0.2.1', 'c'), // a fourth of its address
      flow(5, '192.0.2.2', 'a'),
      flow(6, '192.0.2.2', 'a'),
      flow(7, '192.0.2.3', 'a'),
      flow(8, '192.0.2.4', 'a'), // a sixth of its organization
      flow(9, '192.0.2.4', 'b'),
      flow(10, '192.0.2.5', 'c'),
      flow(11, '192.0.2.6', 'd'), // a ninth in all
    ].map((one) => pending.begin(one, 0));
    expect(begun).toEqual([true, true, true, false, true, true, true, false, true, true, false]);
    pending.end('1');
    pending.end('1');
    expect(pending.begin(flow(12, '192.0.2.1', 'a'), 0)).toBe(true);
    expect(pending.begin(flow(13, '192.0.2.1', 'a'), 0)).toBe(false);
    expect(pending.begin(flow(14, '192.0.2.1', 'a', 200), 100), 'all before are over').toBe(true);
  });

  it('[SEC-J3] [SEC-L11] is not stuck when the clock was a year ahead and is set back', () => {
    const pending = createPendingFlows(noTelemetry, limits);
    const year = 365 * 24 * 3_600_000;
    for (const id of [1, 2, 3]) pending.begin(flow(id, '192.0.2.1', 'a', year + 100), year);
    expect(pending.begin(flow(4, '192.0.2.1', 'a', year + 101), year + 1)).toBe(false);
    expect(pending.begin(flow(5, '192.0.2.1', 'a', 101), 1)).toBe(true);
  });

  it('[SEC-J3] takes a network of IPv6 for one address, and IPv4 addresses apart', () => {
    const same = ['2001:db8:1:2::1', '2001:DB8:1:2:ffff::9', '2001:0db8:0001:0002:1:2:3:4', '2001:db8:1:2::1%eth0'];
    expect(new Set(same.map(networkOf))).toEqual(new Set(['2001:db8:1:2']));
    expect(networkOf('2001:db8:1:3::1')).not.toBe(networkOf('2001:db8:1:2::1'));
    expect(networkOf('::1')).toBe('0:0:0:0');
    expect([networkOf('192.0.2.7'), networkOf('::ffff:192.0.2.7')]).toEqual(['192.0.2.7', '192.0.2.7']);
    expect(networkOf('')).toBe('');
  });
});
