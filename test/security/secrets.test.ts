/** What must never be written down, looked for in all that is: files, log lines, metrics, events, names of streams. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecordedEvent } from '../../infra/event-store/event-store.ts';
import { createTelemetry } from '../../infra/telemetry/create-telemetry.ts';
import type { Telemetry } from '../../infra/telemetry/telemetry.ts';
import { codeFor, newPkce, redeem } from '../protocol/oauth2/browser.ts';
import { CALLBACK, type TestClient } from '../protocol/oauth2/oauth-server.ts';
import { basic, startTestServer, type TestServer } from '../support/server.ts';
import { type Ask, addressOnly, ask, browserAt, mustAsk, newClient, ownToken } from '../support/server-client.ts';
import { filesHolding, liveThrough, type Subject, TRUSTING } from './erasure-subject.ts';

const FORM = 'application/x-www-form-urlencoded';
const GIVEN_SECRET = 'client-secret-k3j5h2g8f0q7';

let server: TestServer;
let telemetry: Telemetry;
const lines: string[] = [];
let subject: Subject;
let secrets: Readonly<Record<string, string>>;

beforeAll(async () => {
  const write = (line: string) => void lines.push(line);
  telemetry = await createTelemetry({ logLevel: 'info', metrics: true, traces: false, write });
  server = await startTestServer({ telemetry, environment: TRUSTING });
  subject = await liveThrough(server);
  secrets = { ...(await handedOut()), admin: server.admin.password };
  await showThem(Object.values(secrets));
});

afterAll(async () => await server.stop());

/** One of every secret that the server is given or gives out. */
async function handedOut(): Promise<Readonly<Record<string, string>>> {
  const { planted, client } = subject;
  const browser = browserAt(server);
  const opaque = await newClient(server, { name: 'Opaque', oidc: { accessToken: { type: 'Default' } } });
  const login = { userName: planted.username, password: planted.newpassword, consent: 'approveAlways' } as const;
  const unused = await codeFor(browser, client, { ...login, pkce: newPkce() });
  const pkce = newPkce();
  const code = await codeFor(browser, client, { ...login, pkce });
  const { body } = await redeem(addressOnly(server), client, code, { verifier: pkce.verifier });
  const other = await newClient(server, { name: 'Given' });
  await giveSecret(other);
  return {
    'first password': planted.password,
    'second password': planted.newpassword,
    'generated client secret': client.secret ?? '',
    'given client secret': GIVEN_SECRET,
    'unused code': unused,
    'used code': code,
    verifier: pkce.verifier,
    'access token': body.access_token,
    'access token signature': String(body.access_token).split('.')[2] ?? '',
    'opaque access token': await ownToken(server, opaque),
    'refresh token': body.refresh_token,
    'refresh token seal': String(body.refresh_token).split('.').at(-1) ?? '',
    'id token signature': String(body.id_token).split('.')[2] ?? '',
    'session cookie': browser.cookie('commonAuthId')?.value ?? '',
    'binding of the browser': browser.cookies.find(({ name }) => name !== 'commonAuthId')?.value ?? '',
  };
}

async function giveSecret(client: TestClient): Promise<void> {
  const body = {
    clientId: client.clientId,
    clientSecret: GIVEN_SECRET,
    grantTypes: ['client_credentials'],
    callbackURLs: [CALLBACK],
  };
  await mustAsk(server, {
    method: 'PUT',
    path: `/api/server/v1/applications/${client.id}/inbound-protocols/oidc`,
    body,
  });
}

/** In wrong places, where a careless server would write them down: addresses, headers, names, odd bodies. */
async function showThem(values: readonly string[]): Promise<void> {
  const { planted } = subject;
  for (const value of [...values, planted.given, planted.mail, planted.ip]) {
    const text = encodeURIComponent(value);
    const headers = {
      'user-agent': value,
      'x-forwarded-for': planted.ip,
      traceparent: value,
      'idempotency-key': value,
    };
    const questions: readonly Ask[] = [
      { path: `/oauth2/userinfo?access_token=${text}` },
      { path: `/nowhere/${text.slice(0, 500)}` },
      { path: `/t/${text.slice(0, 500)}/scim2/Users` },
      { path: '/scim2/Users', authorization: `Bearer ${value}` },
      { path: '/scim2/Users', authorization: basic(value, value) },
      { path: `/oauth2/authorize?client_id=${text}&state=${text}&scope=${text}` },
      { method: 'POST', path: '/oauth2/token', type: FORM, body: `grant_type=refresh_token&refresh_token=${text}` },
      { method: 'POST', path: '/oauth2/token', type: FORM, body: `grant_type=password&password=${text}` },
      { method: 'POST', path: '/commonauth', type: FORM, body: `username=${text}&password=${text}` },
      { method: 'POST', path: '/scim2/Users', body: `{"userName":"${value}"` },
    ];
    for (const question of questions) expect((await ask(server, { ...question, headers })).status).toBeLessThan(500);
  }
}

async function allEvents(): Promise<readonly RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const event of server.kernel.store.readAll({ after: 'start' })) events.push(event);
  return events;
}

/** Names of the values that the text holds. */
const heldBy = (text: string, words: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(words)
    .filter(([, value]) => text.includes(value))
    .map(([what]) => what);

const metricsText = async (): Promise<string> => await telemetry.metrics();

describe('a secret', () => {
  it('is long enough here to be found only where it was written', () => {
    for (const [what, value] of Object.entries(secrets)) expect(value.length, what).toBeGreaterThan(12);
  });

  it('[SEC-K4] is in no file in clear: not in the log, the vault, the transient store or the read models', async () => {
    expect(await filesHolding(server.directory, secrets)).toEqual([]);
  });

  it('[SEC-K4] is in no event', async () => {
    const text = (await allEvents()).map((event) => JSON.stringify([event.stream, event.data, event.meta])).join('\n');
    expect(heldBy(text, secrets)).toEqual([]);
  });

  it('[SEC-K4] is in no log line and no metric', async () => {
    expect(heldBy(lines.join('\n'), secrets)).toEqual([]);
    expect(heldBy(await metricsText(), secrets)).toEqual([]);
  });

  it('[SEC-K4] is in no history, feed or description of the server', async () => {
    const { id } = subject;
    for (const path of [`/api/history/users/${id}`, '/api/feed?limit=1000', '/api/openapi.json', '/scim2/Users']) {
      const { text } = await mustAsk(server, { path });
      expect(heldBy(text, secrets), path).toEqual([]);
    }
  });
});

describe('a personal value', () => {
  it('[SEC-K5] is in no name of a stream, no type and no metadata of an event', async () => {
    const text = (await allEvents()).map(({ stream, type, meta }) => JSON.stringify([stream, type, meta])).join('\n');
    expect(heldBy(text, subject.planted)).toEqual([]);
    expect(heldBy(text, { admin: '"admin"', peer: '127.0.0.1' })).toEqual([]);
  });

  it('[SEC-K5] is in no log line and no metric', async () => {
    const metrics = await metricsText();
    expect(metrics).toContain('muniment_http_request_seconds');
    expect(heldBy(metrics, subject.planted)).toEqual([]);
    expect(heldBy(lines.join('\n'), { ...subject.planted, peer: '127.0.0.1' })).toEqual([]);
  });

  it('[SEC-K5] makes no metric of its own: routes are labels, addresses are not', async () => {
    const routes = new Set([...(await metricsText()).matchAll(/route="([^"]*)"/g)].map(([, route]) => route));
    const known = new Set(['none', ...server.routes.map(({ path }) => path)]);
    expect([...routes].filter((route) => route === undefined || !known.has(route))).toEqual([]);
  });

  it('[SEC-K3] [SEC-K4] [SEC-K5] is in no log line and no answer when the stores fail under the requests', async () => {
    const { planted, client } = subject;
    await server.kernel.store.close();
    const { authorization } = server.admin;
    const headers = { 'user-agent': planted.agent, 'x-forwarded-for': planted.ip };
    const refreshing = { grant_type: 'refresh_token', refresh_token: subject.tokens.refresh };
    const questions: readonly Ask[] = [
      { method: 'POST', path: '/scim2/Users', body: { userName: planted.display, password: planted.password } },
      { path: '/scim2/Users', authorization: basic(planted.username, planted.newpassword) },
      {
        method: 'POST',
        path: '/oauth2/token',
        type: FORM,
        body: new URLSearchParams(refreshing).toString(),
        authorization: basic(client.clientId, client.secret ?? ''),
      },
      { path: `/api/history/users/${subject.id}` },
    ];
    const before = lines.length;
    const answers = [];
    for (const question of questions) answers.push(await ask(server, { authorization, ...question, headers }));
    expect(answers.filter(({ status }) => status >= 500).length).toBeGreaterThan(0);
    expect(lines.length).toBeGreaterThan(before);
    const told = answers.map(({ text }) => text).join('\n');
    for (const text of [told, lines.join('\n')]) {
      expect(heldBy(text, secrets)).toEqual([]);
      expect(heldBy(text, { ...planted, peer: '127.0.0.1' })).toEqual([]);
    }
    expect(told).not.toMatch(/\bat .+:\d+:\d+|node_modules|\.ts\b|SQL|closed/i);
  });
});
