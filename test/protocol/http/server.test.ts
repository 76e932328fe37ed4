import { BlockList } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodePosition, type Position } from '../../../infra/event-store/position.ts';
import { HashQueueFull } from '../../../infra/password-hash/password-hasher.ts';
import { noTelemetry } from '../../../infra/telemetry/no-telemetry.ts';
import { acme, echo, type FakeServer, fakeServer, route, superTenant } from './fake-server.ts';

const at = (commit: bigint): Position => ({ commit, prepare: commit });
const logged: { event: string; fields: Readonly<Record<string, unknown>> }[] = [];

const routes = [
  route({ path: '/echo', handle: echo }),
  route({ path: '/users/:id', handle: echo }),
  route({ path: '/super', superOnly: true, handle: echo }),
  route({ path: '/mine', access: { kind: 'authenticated' }, handle: echo }),
  route({ path: '/scoped', access: { kind: 'scopes', scopes: ['read', 'write'] }, handle: echo }),
  route({
    path: '/fault',
    handle: () => {
      throw new Error('secret table name');
    },
  }),
  route({
    path: '/full',
    handle: () => {
      throw new HashQueueFull(7);
    },
  }),
  route({ path: '/invalid-header', handle: () => ({ status: 200, body: null, headers: { 'X-A': 'a\r\nb: c' } }) }),
  route({
    path: '/page',
    handle: () => ({
      status: 200,
      body: '<p>',
      headers: { 'Content-Type': 'text/html', 'Cache-Control': 'max-age=60' },
    }),
  }),
  route({ path: '/bytes', handle: () => ({ status: 200, body: Buffer.from([1, 2]) }) }),
  route({ path: '/none', handle: () => ({ status: 204, body: null }) }),
  route({
    path: '/two-cookies',
    handle: () => ({ status: 200, body: null, headers: { 'Set-Cookie': ['a=1', 'b=2'] } }),
  }),
  route({ method: 'HEAD', path: '/page', handle: () => ({ status: 200, body: '<p>' }) }),
  route({
    method: 'POST',
    path: '/write',
    access: { kind: 'authenticated' },
    body: 'json',
    handle: () => ({ status: 200, body: {}, position: at(7n) }),
  }),
  route({
    path: '/events',
    handle: () => ({
      status: 200,
      headers: { 'content-type': 'text/event-stream' },
      body: null,
      stream: async (raw, signal) => {
        raw.write('data: 1\n\n');
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        raw.write('data: bye\n\n');
      },
    }),
  }),
];

let server: FakeServer;
beforeAll(async () => {
  const log = {
    ...noTelemetry.log,
    error: (event: string, fields: Readonly<Record<string, unknown>>) => void logged.push({ event, fields }),
  };
  server = await fakeServer(routes, { telemetry: { ...noTelemetry, log } });
});
afterAll(() => server.close());

describe('tenants in the path', () => {
  it('is the super organization without a prefix', async () => {
    const { json } = await server.ask('/echo');
    expect(json).toMatchObject({ path: '/echo', tenant: superTenant });
  });

  it('is the named one under /t, and the handler sees the path without it', async () => {
    const { json } = await server.ask('/t/acme.com/users/u1?a=1');
    expect(json).toMatchObject({ path: '/users/u1', tenant: acme, params: { id: 'u1' } });
  });

  it('reports the unprefixed addresses for the super organization under its own name', async () => {
    const { json } = await server.ask('/t/carbon.super/echo');
    expect(json.tenant.baseUrl).toBe('https://id.example.com');
  });

  it('is not found in the form of the route when nobody has that name', async () => {
    const { status, json } = await server.ask('/t/nobody.com/echo');
    expect(status).toBe(404);
    expect(json).toMatchObject({ form: 'fake', reason: 'not-found' });
  });

  it('does not show what belongs to the super organization alone', async () => {
    expect((await server.ask('/t/acme.com/super')).status).toBe(404);
    expect((await server.ask('/t/carbon.super/super')).status).toBe(200);
  });

  it('[SEC-G3] believes no Host and no forwarding header of an unknown peer', async () => {
    const { json } = await server.ask('/echo', {
      headers: {
        host: 'evil.example',
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'http',
        'x-forwarded-for': '203.0.113.9',
        'x-forwarded-prefix': '/evil',
        forwarded: 'for=203.0.113.9;host=evil.example',
      },
    });
    expect(json).toMatchObject({ ip: '127.0.0.1', tenant: superTenant });
    expect(JSON.stringify(json)).not.toContain('evil');
  });

  it('[SEC-G3] takes from a trusted proxy the last address that no proxy of ours added', async () => {
    const trustedProxies = new BlockList();
    trustedProxies.addSubnet('127.0.0.0', 8, 'ipv4');
    trustedProxies.addAddress('10.0.0.1', 'ipv4');
    const behind = await fakeServer(routes, { trustedProxies });
    const ipFor = async (value: string) =>
      (await behind.ask('/echo', { headers: { 'x-forwarded-for': value } })).json.ip;
    expect(await ipFor('1.1.1.1, 203.0.113.9, 10.0.0.1')).toBe('203.0.113.9');
    expect(await ipFor('1.1.1.1, nonsense, 10.0.0.1')).toBe('10.0.0.1');
    await behind.close();
  });
});

describe('spellings of a path', () => {
  it.each([
    '//mine',
    '/./mine',
    '/x/../mine',
    '/x/..;/mine',
    '/mine/',
    '/mine.',
    '/Mine',
    '/mine;a=b',
    '/%2e/mine',
    '/%2fmine',
    '/mine%2f',
    '/mine%00',
    '//t/acme.com/mine',
    '/t//mine',
    '/t/acme.com//mine',
    '/t/acme.com/../mine',
    '/%74/acme.com//mine',
  ])('[SEC-C2] %s is not found', async (path) => {
    const { status } = await server.ask(path);
    expect(status).toBe(404);
  });

  it.each(['/%6dine', '/%74/acme.com/mine', '/t/acme%2ecom/mine'])(
    '[SEC-C2] %s asks for the same right as the plain path',
    async (path) => {
      expect((await server.ask(path)).status).toBe(401);
    },
  );

  it('[SEC-C2] ignores a method override', async () => {
    const { status } = await server.ask('/write', { headers: { 'x-http-method-override': 'POST' } });
    expect(status).toBe(405);
  });

  it('refuses a path that cannot be decoded', async () => {
    expect((await server.ask('/users/%ff')).status).toBe(400);
  });

  it('answers HEAD only where it is declared', async () => {
    const head = await server.ask('/page', { method: 'HEAD' });
    expect([head.status, head.text, head.headers['content-length']]).toEqual([200, '', '3']);
    expect((await server.ask('/echo', { method: 'HEAD' })).status).toBe(404);
  });
});

describe('the right to call', () => {
  it('needs a credential, and says so in the form of the route', async () => {
    const { status, json, headers } = await server.ask('/mine');
    expect([status, json.reason, headers['www-authenticate']]).toEqual([401, 'unauthenticated', 'Bearer']);
    const wrong = await server.ask('/mine', { headers: { authorization: 'Bearer ?' } });
    expect(wrong.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
  });

  it('needs one of the scopes', async () => {
    const without = await server.ask('/scoped', { headers: { authorization: 'Bearer kim' } });
    expect([without.status, without.json.reason]).toEqual([403, 'forbidden']);
    const withOne = await server.ask('/scoped', { headers: { authorization: 'Bearer kim write' } });
    expect([withOne.status, withOne.json.caller]).toEqual([200, 'kim']);
  });

  it('is looked at before the body', async () => {
    const { status } = await server.ask('/write', {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: '{',
    });
    expect(status).toBe(401);
  });
});

describe('positions', () => {
  const kim = { authorization: 'Bearer kim' };

  it('[RYW] a caller reads what he wrote, and another caller waits for nothing', async () => {
    const json = { 'content-type': 'application/json' };
    const written = await server.ask('/write', { method: 'POST', headers: { ...kim, ...json }, body: '{}' });
    expect(written.headers['muniment-position']).toBe(encodePosition(at(7n)));
    expect((await server.ask('/mine', { headers: kim })).json.minPosition).toBe('7');
    expect((await server.ask('/mine', { headers: { authorization: 'Bearer lee' } })).json.minPosition).toBeNull();
    const later = { ...kim, 'muniment-position': encodePosition(at(9n)) };
    expect((await server.ask('/mine', { headers: later })).json.minPosition).toBe('9');
    expect((await server.ask(`/mine?minPosition=${encodePosition(at(3n))}`, { headers: kim })).json.minPosition).toBe(
      '7',
    );
  });

  it('are refused when they are none of ours', async () => {
    expect((await server.ask('/echo', { headers: { 'muniment-position': '7' } })).json.reason).toBe('invalid-position');
    expect((await server.ask('/echo?minPosition=x')).status).toBe(400);
  });
});

describe('what a request carries', () => {
  it('keeps repeated parameters in order', async () => {
    expect((await server.ask('/echo?a=1&b=2&a=3')).json.query).toEqual([
      ['a', '1'],
      ['b', '2'],
      ['a', '3'],
    ]);
  });

  it('[SEC-I7] keeps names of the prototype as plain names', async () => {
    const { json } = await server.ask('/echo?__proto__=1&constructor=2', { headers: { cookie: '__proto__=x' } });
    expect(json.query).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
    ]);
    expect(json.cookies).toEqual([['__proto__', 'x']]);
  });

  it('counts the first of two cookies with one name', async () => {
    const { json } = await server.ask('/echo', { headers: { cookie: 'a="1"; b=2=3; a=4; junk' } });
    expect(json.cookies).toEqual([
      ['a', '1'],
      ['b', '2=3'],
    ]);
  });

  it('keeps a tame correlation id and replaces a wild one', async () => {
    const kept = await server.ask('/echo', { headers: { 'x-wso2-traceid': 'b-2', activityid: 'a_1.x' } });
    expect([kept.json.correlationId, kept.headers['activityid']]).toEqual(['a_1.x', 'a_1.x']);
    for (const wild of ['a b', 'x'.repeat(65), '"]}']) {
      const { json } = await server.ask('/echo', { headers: { activityid: wild } });
      expect(json.correlationId).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it('reads the trace id of a traceparent', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const traced = await server.ask('/echo', { headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } });
    expect(traced.json.traceId).toBe(traceId);
    expect((await server.ask('/echo', { headers: { traceparent: '00-x-y-01' } })).json.traceId).toBeNull();
  });
});

describe('what an answer carries', () => {
  it('[SEC-G8] is not stored, not sniffed and not framed unless the route says otherwise', async () => {
    const { headers } = await server.ask('/mine');
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "frame-ancestors 'none'",
    });
    expect(headers['strict-transport-security']).toBeUndefined();
    expect(headers['server']).toBeUndefined();
    expect((await server.ask('/page')).headers).toMatchObject({
      'cache-control': 'max-age=60',
      'content-type': 'text/html',
    });
  });

  it('[SEC-M2] tells browsers to stay with https when that is how it is reached', async () => {
    const secure = await fakeServer(routes, { secure: true });
    expect((await secure.ask('/echo')).headers['strict-transport-security']).toBe('max-age=31536000');
    expect((await secure.ask('/unknown')).headers['strict-transport-security']).toBe('max-age=31536000');
    await secure.close();
  });

  it('may be bytes, nothing, or several headers of one name', async () => {
    expect((await server.ask('/bytes')).headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': '2',
    });
    expect((await server.ask('/none')).headers['content-length']).toBeUndefined();
    expect((await server.ask('/two-cookies')).headers['set-cookie']).toEqual(['a=1', 'b=2']);
  });

  it('[SEC-K3] tells of a fault only where to find it, and logs it once', async () => {
    logged.length = 0;
    const { status, text, headers } = await server.ask('/fault', { headers: { activityid: 'find-me' } });
    expect(status).toBe(500);
    expect(text).not.toContain('secret table name');
    expect(text).toContain('find-me');
    expect(headers['activityid']).toBe('find-me');
    expect(logged).toHaveLength(1);
    expect(logged[0]).toMatchObject({
      event: 'http.request.failed',
      fields: { correlationId: 'find-me', route: 'GET /fault' },
    });
  });

  it('[SEC-K3] is a fault when a header would break the line', async () => {
    const { status, headers } = await server.ask('/invalid-header');
    expect([status, headers['b']]).toEqual([500, undefined]);
  });

  it('says when to try again when the server is busy', async () => {
    const { status, json, headers } = await server.ask('/full');
    expect([status, json.reason, headers['retry-after']]).toEqual([503, 'busy', '7']);
  });

  it('is plain for unknown paths, with the correlation id', async () => {
    const { status, json, headers } = await server.ask('/nothing');
    expect([status, json.code]).toEqual([404, 'not-found']);
    expect(json.traceId).toBe(headers['activityid']);
  });
});

describe('connections', () => {
  it('[SEC-J6] end when the head does not come in time', async () => {
    const slow = await fakeServer(routes, { limits: { headersMsMax: 100, requestMsMax: 200 } });
    expect(await slow.raw('GET /echo HTTP/1.1\r\nHost: a\r\nX-Slow:')).toContain('408 Request Timeout');
    await slow.close();
  });

  it('[SEC-J6] end when the head is too large or no HTTP', async () => {
    expect(await server.raw(`GET /echo HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).toContain('431');
    expect(await server.raw('nonsense\r\n\r\n')).toMatch(/^HTTP\/1.1 400 Bad Request\r\nConnection: close/);
  });

  it('stream until the server closes, which ends the stream in order', async () => {
    const streaming = await fakeServer(routes);
    const text = streaming.raw('GET /events HTTP/1.1\r\nHost: a\r\n\r\n');
    const reached = await streaming.ask('/echo');
    expect(reached.status).toBe(200);
    await streaming.close();
    expect(await text).toContain('data: bye');
  });
});
