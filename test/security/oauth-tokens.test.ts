import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TenantId } from '../../domain/ids.ts';
import { Browser, codeFor, introspect, newPkce, post, redeem, refresh, tokensFor } from '../protocol/oauth2/browser.ts';
import { type OauthServer, startOauthServer, type TestClient } from '../protocol/oauth2/oauth-server.ts';

const PARALLEL = 50;
const OTHER = '/t/other.example';

describe('codes and tokens under attack', () => {
  let server: OauthServer;
  let client: TestClient;
  let stranger: TestClient;
  let opaque: TestClient;
  let foreign: TestClient;
  let browser: Browser;
  let other: TenantId;

  beforeAll(async () => {
    server = await startOauthServer();
    other = await server.organization('other.example');
    const consent = { skipLogin: true };
    client = await server.client({ consent });
    stranger = await server.client({ consent });
    opaque = await server.client({ consent, oidc: { accessToken: { type: 'Default' } } });
    foreign = await server.client({ consent, tenant: other });
    await server.user('kim');
    await server.user('kim', { tenant: other });
    browser = new Browser(server);
  });
  afterAll(async () => await server.close());

  const tokens = async (of = client) => (await tokensFor(browser, of, { userName: 'kim' })).body;
  const isActive = async (token: string, of = client) => (await introspect(server, of, token)).body.active;

  async function userinfo(token: string, prefix = ''): Promise<number> {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${server.url}${prefix}/oauth2/userinfo`, { headers })).status;
  }

  it('[SEC-E2] gives tokens for a code at most once in fifty parallel attempts, and revokes them', async () => {
    const { verifier, challenge } = newPkce();
    const code = await codeFor(browser, client, { userName: 'kim', pkce: { verifier, challenge } });
    const attempts = Array.from({ length: PARALLEL }, () => redeem(server, client, code, { verifier }));
    const answers = await Promise.all(attempts);
    const got = answers.filter(({ status }) => status === 200);
    expect(got.length).toBeLessThanOrEqual(1);
    for (const { body } of got) {
      expect(await isActive(body.access_token)).toBe(false);
      expect((await refresh(server, client, body.refresh_token)).status).toBe(400);
    }
  });

  it('[SEC-E2] revokes what the first use of a code got when it is used again', async () => {
    const pkce = newPkce();
    const code = await codeFor(browser, client, { userName: 'kim', pkce });
    const first = await redeem(server, client, code, pkce);
    expect(await isActive(first.body.access_token)).toBe(true);
    const second = await redeem(server, client, code, pkce);
    expect(second.body.error).toBe('invalid_grant');
    expect(await isActive(first.body.access_token)).toBe(false);
    expect((await refresh(server, client, first.body.refresh_token)).status).toBe(400);
  });

  it('[SEC-E4] lets at most one of fifty parallel refreshes through, and ends the family', async () => {
    const { refresh_token: token } = await tokens();
    const answers = await Promise.all(Array.from({ length: PARALLEL }, () => refresh(server, client, token)));
    const got = answers.filter(({ status }) => status === 200);
    expect(got.length).toBeLessThanOrEqual(1);
    for (const { body } of got) expect((await refresh(server, client, body.refresh_token)).status).toBe(400);
  });

  it('[SEC-E5] refuses codes and refresh tokens of another client, and leaves the owner his refresh token', async () => {
    const pkce = newPkce();
    const code = await codeFor(browser, client, { userName: 'kim', pkce });
    expect((await redeem(server, stranger, code, pkce)).body.error).toBe('invalid_grant');
    expect((await redeem(server, client, code, pkce)).body.error).toBe('invalid_grant');

    const { refresh_token: token } = await tokens();
    expect((await refresh(server, stranger, token)).body.error).toBe('invalid_grant');
    expect((await refresh(server, client, token)).status).toBe(200);
  });

  it('[SEC-E6] refuses a verifier for a code without challenge, and a challenge sent as its own verifier', async () => {
    const bare = await codeFor(browser, client, { userName: 'kim' });
    expect((await redeem(server, client, bare, { verifier: newPkce().verifier })).body.error).toBe('invalid_grant');
    const pkce = newPkce();
    const code = await codeFor(browser, client, { userName: 'kim', pkce });
    expect((await redeem(server, client, code, { verifier: pkce.challenge })).body.error).toBe('invalid_grant');
  });

  it('[SEC-E1] takes no kind of secret for another', async () => {
    const granted = await tokens();
    const code = await codeFor(browser, client, { userName: 'kim' });
    for (const wrong of [granted.id_token, granted.refresh_token, code]) expect(await userinfo(wrong)).not.toBe(200);
    for (const wrong of [granted.access_token, granted.id_token, code]) {
      expect((await refresh(server, client, wrong)).body.error).toBe('invalid_grant');
    }
    for (const wrong of [granted.access_token, granted.id_token, granted.refresh_token]) {
      expect((await redeem(server, client, wrong)).body.error).toBe('invalid_grant');
    }
    expect(await isActive(granted.id_token)).toBe(false);
  });

  it('[SEC-E7] refuses an opaque token in any other spelling', async () => {
    const { access_token: token, refresh_token: renewal } = await tokens(opaque);
    expect(await isActive(token, opaque)).toBe(true);
    const swapped = (text: string) =>
      [...text]
        .map((letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()))
        .join('');
    const spellings = (text: string) =>
      [
        text.slice(0, -1),
        `${text}A`,
        `${text}=`,
        `${text}\0`,
        ` ${text}`,
        swapped(text),
        text.replaceAll(/[-_]/g, '+'),
      ].filter((spelling) => spelling !== text);
    for (const spelling of spellings(token)) expect(await isActive(spelling, opaque)).toBe(false);
    for (const spelling of spellings(renewal)) {
      expect((await refresh(server, opaque, spelling)).body.error).toBe('invalid_grant');
    }
    expect(await isActive(token, opaque)).toBe(true);
  });

  it('[SEC-E12] tells a client nothing of another’s tokens, and lets it revoke none', async () => {
    const granted = await tokens();
    for (const token of [granted.access_token, granted.refresh_token]) {
      expect((await introspect(server, stranger, token)).body).toEqual({ active: false });
      expect((await post(server, '/oauth2/revoke', { token }, { client: stranger })).status).toBe(200);
    }
    expect(await isActive(granted.access_token)).toBe(true);
    expect((await refresh(server, client, granted.refresh_token)).status).toBe(200);
  });

  it('[SEC-B2] [SEC-B3] accepts nothing of one organization in another', async () => {
    const granted = await tokens();
    const pkce = newPkce();
    const code = await codeFor(browser, client, { userName: 'kim', pkce });
    expect(await userinfo(granted.access_token, OTHER)).toBe(401);
    expect((await introspect(server, foreign, granted.access_token, OTHER)).body).toEqual({ active: false });
    expect((await refresh(server, foreign, granted.refresh_token, OTHER)).body.error).toBe('invalid_grant');
    expect((await redeem(server, foreign, code, { ...pkce, prefix: OTHER })).body.error).toBe('invalid_grant');
    const own = { grant_type: 'client_credentials' };
    expect((await post(server, '/oauth2/token', own, { client, prefix: OTHER })).body.error).toBe('invalid_client');
    // Its own are untouched by all that.
    expect(await userinfo(granted.access_token)).toBe(200);
  });

  it('[SEC-B2] writes the configured issuer whatever the headers say', async () => {
    const headers = {
      'x-forwarded-host': 'other.example',
      forwarded: 'host=other.example',
      'x-forwarded-proto': 'https',
    };
    const { body } = await post(server, '/oauth2/token', { grant_type: 'client_credentials' }, { client, headers });
    const claims = JSON.parse(Buffer.from(body.access_token.split('.')[1], 'base64url').toString('utf8'));
    expect(claims.iss).toBe(`${server.url}/oauth2/token`);
  });

  describe('a forged access token', () => {
    const encoded = (value: object | string) =>
      Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

    async function parts() {
      const { access_token: token } = await tokens();
      const [header = '', payload = '', signature = ''] = token.split('.');
      const open = (text: string) => JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
      return { token, header: open(header), claims: open(payload), payload, signature };
    }

    const mine = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const mineRsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const signed = (header: object, claims: object, key = mine.privateKey) => {
      const input = `${encoded(header)}.${encoded(claims)}`;
      return `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
    };

    it('[SEC-E9] is refused in every known shape', async () => {
      const { token, header, claims, payload, signature } = await parts();
      const { keys } = (await (await fetch(`${server.url}/oauth2/jwks`)).json()) as { keys: { kid: string }[] };
      const published = keys.find(({ kid }) => kid === header.kid);
      const hmac = (key: string) => {
        const input = `${encoded({ ...header, alg: 'HS256' })}.${payload}`;
        return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
      };
      const jwk = mine.publicKey.export({ format: 'jwk' });
      const forged = {
        none: `${encoded({ ...header, alg: 'none' })}.${payload}.`,
        'None with signature': `${encoded({ ...header, alg: 'None' })}.${payload}.${signature}`,
        'HMAC with the public key': hmac(JSON.stringify(published)),
        'another key under the known id': signed(header, claims),
        'RSA signature as ES256': signed(header, claims, mineRsa.privateKey),
        'key in the header': signed({ ...header, jwk }, claims),
        'key by address': signed({ ...header, jku: 'https://evil.example/jwks', x5u: 'https://evil.example' }, claims),
        'key id as path': signed({ ...header, kid: '../../../../dev/null' }, claims),
        'key id as SQL': signed({ ...header, kid: "' OR 1=1 --" }, claims),
        'unknown critical header': `${encoded({ ...header, crit: ['x'], x: 1 })}.${payload}.${signature}`,
        'unencoded payload': `${encoded({ ...header, b64: false, crit: ['b64'] })}.${payload}.${signature}`,
        'other claims': `${encoded(header)}.${encoded({ ...claims, sub: 'admin' })}.${signature}`,
        'later expiry': `${encoded(header)}.${encoded({ ...claims, exp: claims.exp + 1 })}.${signature}`,
        'other spelling of the signature': `${token}=`,
        'last bits of the signature': `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`,
        'no signature': token.slice(0, token.lastIndexOf('.') + 1),
        'a token in a token': signed(header, { ...claims, nested: token }),
        'no object': `${encoded(header)}.${encoded('"claims"')}.${signature}`,
        'fourteen thousand characters': `${encoded(header)}.${encoded({ ...claims, x: 'x'.repeat(10_000) })}.${signature}`,
      };
      for (const [shape, forgery] of Object.entries(forged)) {
        expect([shape, await isActive(forgery)]).toEqual([shape, false]);
      }
      expect(await isActive(token)).toBe(true);
    });

    it('[SEC-E9] is refused when it has expired, and before its time', async () => {
      const { token, claims } = await parts();
      server.clock.nowMs = claims.exp * 1000 + 1;
      expect(await isActive(token)).toBe(false);
      server.clock.nowMs = claims.nbf * 1000 - 120_000;
      expect(await isActive(token)).toBe(false);
      server.clock.nowMs = null;
      expect(await isActive(token)).toBe(true);
    });
  });
});

it('[SEC-E3] [SEC-E4] remembers used codes and refresh tokens over a restart', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'muniment-'));
  const deploymentKey = randomBytes(32);
  const before = await startOauthServer({ directory, deploymentKey });
  const client = await before.client({ consent: { skipLogin: true } });
  await before.user('kim');
  const pkce = newPkce();
  const used = await codeFor(new Browser(before), client, { userName: 'kim', pkce });
  const first = await redeem(before, client, used, pkce);
  const second = await refresh(before, client, first.body.refresh_token);
  const fresh = (await tokensFor(new Browser(before), client, { userName: 'kim' })).body.refresh_token;
  await before.close('keep');

  const after = await startOauthServer({ directory, deploymentKey });
  expect((await refresh(after, client, fresh)).status).toBe(200);
  expect((await redeem(after, client, used, pkce)).body.error).toBe('invalid_grant');
  // The second use of the code ended what the first one got.
  expect((await refresh(after, client, second.body.refresh_token)).body.error).toBe('invalid_grant');
  await after.close();
});
