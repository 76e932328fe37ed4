import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JSON_DEPTH_MAX } from '../../../protocol/http/json-text.ts';
import { echo, type FakeServer, fakeServer, route } from './fake-server.ts';

const BYTES_MAX = 1_000;

let server: FakeServer;
beforeAll(async () => {
  server = await fakeServer([
    route({ method: 'POST', path: '/json', body: 'json', handle: echo }),
    route({ method: 'POST', path: '/scim', body: 'scim', handle: echo }),
    route({ method: 'POST', path: '/form', body: 'form', handle: echo }),
    route({ method: 'POST', path: '/none', body: 'none', handle: echo }),
    route({ method: 'DELETE', path: '/none', body: 'none', handle: echo }),
    route({ method: 'POST', path: '/small', body: 'json', bodyBytesMax: BYTES_MAX, handle: echo }),
  ]);
});
afterAll(() => server.close());

const post = (path: string, type: string | null, body: string | Buffer) =>
  server.ask(path, { method: 'POST', headers: type === null ? {} : { 'content-type': type }, body });
const json = (body: string | Buffer) => post('/json', 'application/json', body);
const reason = async (answer: Promise<{ status: number; json: { reason: string } }>) => {
  const { status, json: body } = await answer;
  return `${status} ${body.reason}`;
};

describe('media types of a body', () => {
  it('are those of the route', async () => {
    expect((await json('{"a":1}')).json.body).toEqual({ a: 1 });
    expect((await post('/json', 'Application/JSON; charset="UTF-8"', '{}')).status).toBe(200);
    expect((await post('/scim', 'application/scim+json', '{}')).status).toBe(200);
    expect((await post('/scim', 'application/json', '{}')).status).toBe(200);
    expect((await post('/form', 'application/x-www-form-urlencoded', 'a=1&a=2')).json.body).toEqual([
      ['a', '1'],
      ['a', '2'],
    ]);
  });

  it.each([
    ['/json', 'text/plain'],
    ['/json', null],
    ['/json', 'application/json; charset=utf-16'],
    ['/form', 'application/json'],
    ['/scim', 'application/x-www-form-urlencoded'],
    ['/none', 'application/json'],
  ])('of %s do not include %s', async (path, type) => {
    expect(await reason(post(path, type, '{}'))).toBe('415 unsupported-media-type');
  });

  it('cannot be compressed', async () => {
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    expect(await reason(server.ask('/json', { method: 'POST', headers, body: '{}' }))).toBe('415 unsupported-encoding');
  });

  it('do not matter when there is no body, or none that means anything', async () => {
    expect((await post('/json', 'application/json', '')).json.body).toBeNull();
    const headers = { 'content-type': 'application/json', 'content-length': '2' };
    expect((await server.ask('/none', { method: 'DELETE', headers, body: '{}' })).status).toBe(200);
  });
});

describe('the size of a body', () => {
  it('is bounded when it is declared', async () => {
    const answer = await post('/small', 'application/json', `"${'x'.repeat(BYTES_MAX)}"`);
    expect([answer.status, answer.json.reason]).toEqual([413, 'body-too-large']);
  });

  it('is bounded when it is not declared', async () => {
    const chunk = `${BYTES_MAX.toString(16)}\r\n${'x'.repeat(BYTES_MAX)}\r\n`;
    const head =
      'POST /small HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
    const text = await server.raw(head + chunk + chunk);
    expect(text).toMatch(/^HTTP\/1.1 413/);
    expect(text.toLowerCase()).toContain('connection: close');
  });
});

describe('JSON from outside', () => {
  it.each([
    ['the same name twice', '{"a":1,"a":2}'],
    ['the same name twice, once escaped', '{"a":1,"\\u0061":2}'],
    ['a byte order mark', '\ufeff{}'],
    ['half of a surrogate pair', '{"a":"\\ud800"}'],
    ['half of a surrogate pair in a name', '{"\\uDC00":1}'],
    ['a number beyond a double', '{"a":1e999}'],
    ['a number beyond a double, written out', `{"a":${'9'.repeat(400)}}`],
    ['a nesting too deep', '['.repeat(JSON_DEPTH_MAX + 1) + ']'.repeat(JSON_DEPTH_MAX + 1)],
    ['an endless nesting', '['.repeat(1_000_000)],
    ['no JSON', '{a:1}'],
    ['an open string', '{"a'],
  ])('[SEC-I8] is refused with %s', async (_, body) => {
    expect(await reason(json(body))).toBe('400 invalid-json');
  });

  it('[SEC-I8] is refused when it is no UTF-8', async () => {
    expect(await reason(json(Buffer.from([0x22, 0xff, 0x22])))).toBe('400 invalid-encoding');
    expect(await reason(post('/form', 'application/x-www-form-urlencoded', 'a=%ff'))).toBe('400 invalid-encoding');
    const sent = await post('/form', 'application/x-www-form-urlencoded', 'a=%ef%bf%bd');
    expect(sent.json.body).toEqual([['a', '\ufffd']]);
  });

  it.each(['{"__proto__":{"admin":true}}', '{"a":[{"\\u005f_proto__":1}]}'])(
    '[SEC-I7] is refused with %s',
    async (body) => {
      expect(await reason(json(body))).toBe('400 invalid-json');
    },
  );

  it.each([
    '{"constructor":{"prototype":{"x":1}},"a":{"a":{"a":[1,-2.5e3,true,null,"\\"}{\\\\"]}}}',
    '[{"a":1},{"a":2}]',
    '{ "a" : "b:c" , "b" : "\\ud83d\\ude00" }',
    `${'['.repeat(JSON_DEPTH_MAX)}${']'.repeat(JSON_DEPTH_MAX)}`,
    '"a"',
  ])('[SEC-I8] is what the parser of the language says of %s', async (body) => {
    expect((await json(body)).json.body).toEqual(JSON.parse(body));
  });
});
