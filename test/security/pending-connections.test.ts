import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noTelemetry } from '../../infra/telemetry/no-telemetry.ts';
import { ownCertificate } from '../../infra/tls/certificate.ts';
import { buildServer, serverLimits } from '../../protocol/http/server.ts';
import { echo, fakeServer, route, superTenant } from '../protocol/http/fake-server.ts';
import {
  createMachine,
  createTenant,
  machineToken,
  managementClient,
  type NewTenant,
} from '../support/management-client.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const routes = [
  route({ path: '/echo', handle: echo }),
  route({ path: '/echo', method: 'POST', body: 'json', handle: echo }),
];

function opened(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => undefined); // being cut off is what is waited for
  return new Promise((resolve) => socket.once('connect', () => resolve(socket)));
}

/** Until the server ends it. */
const ended = async (socket: Socket): Promise<void> => {
  socket.resume();
  if (!socket.closed) await once(socket, 'close');
};

describe('connections that want to be held', () => {
  it('[SEC-J6] end when the body comes a byte at a time', async () => {
    const server = await fakeServer(routes, { limits: { headersMsMax: 100, requestMsMax: 300 } });
    const socket = await opened(server.port);
    socket.write('POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n');
    const drip = setInterval(() => socket.write(' '), 20);
    await ended(socket);
    clearInterval(drip);
    expect((await server.ask('/echo')).status).toBe(200);
    await server.close();
  });

  it('[SEC-J6] are let go by the server also when the other side keeps its half open', async () => {
    const server = await fakeServer(routes, { limits: { headersMsMax: 100, requestMsMax: 200, connectionsMax: 1 } });
    const stubborn = connect({ host: '127.0.0.1', port: server.port, allowHalfOpen: true });
    stubborn.on('error', () => undefined);
    stubborn.write('GET /echo HTTP/1.1\r\nX-Slow:');
    stubborn.resume();
    await once(stubborn, 'end');
    await expect.poll(async () => (await server.ask('/echo').catch(() => null))?.status).toBe(200);
    stubborn.destroy();
    await server.close();
  });

  it('[SEC-J6] end when nothing is sent at all, and when nothing follows an answer', async () => {
    const server = await fakeServer(routes, { limits: { headersMsMax: 100, requestMsMax: 200, idleMsMax: 100 } });
    const [silent, idle] = [await opened(server.port), await opened(server.port)];
    idle.write('GET /echo HTTP/1.1\r\nHost: a\r\n\r\n');
    await Promise.all([ended(silent), ended(idle)]);
    await server.close();
  });

  it('[SEC-J6] beyond the bound are closed, and there is room again when others go', async () => {
    const server = await fakeServer(routes, { limits: { connectionsMax: 5 } });
    const held = await Promise.all(Array.from({ length: 5 }, () => opened(server.port)));
    const more = await Promise.all(Array.from({ length: 10 }, () => opened(server.port)));
    await Promise.all(more.map(ended));
    for (const socket of held) socket.destroy();
    await Promise.all(held.map(ended));
    await expect.poll(async () => (await server.ask('/echo').catch(() => null))?.status).toBe(200);
    await server.close();
  });

  it('[SEC-J6] with a flood of headers are refused or read as far as the bound', async () => {
    const server = await fakeServer(routes);
    const many = Array.from({ length: 1_000 }, (_, index) => `x${index}: y\r\n`).join('');
    const answer = await server.raw(`GET /echo HTTP/1.1\r\nHost: a\r\n${many}Connection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 (200|400|431) /);
    const large = Array.from({ length: 1_000 }, (_, index) => `x${index}: ${'y'.repeat(50)}\r\n`).join('');
    expect(await server.raw(`GET /echo HTTP/1.1\r\nHost: a\r\n${large}\r\n`)).toContain('431');
    await server.close();
  });

  it('[SEC-J6] speak no HTTP/2, so that there is no stream to reset', async () => {
    const server = await fakeServer(routes);
    const answer = await server.raw('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    const upgrade = 'GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\n';
    expect(await server.raw(`${upgrade}HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n`)).not.toContain('101 ');
    await server.close();
  });

  it('[SEC-J6] end when their TLS handshake does not go on, and offer no HTTP/2', async () => {
    const data = await mkdtemp(join(tmpdir(), 'muniment-'));
    const tls = await ownCertificate(data, 'https://localhost', Date.now());
    const server = buildServer({
      routes,
      telemetry: noTelemetry,
      tenants: { superTenant, byDomain: async () => null },
      authenticator: { authenticate: async () => null },
      tls,
      limits: { headersMsMax: 200 },
    });
    await server.listen({ host: '127.0.0.1', port: 0 });
    const { port } = server.server.address() as AddressInfo;
    const silent = await opened(port);
    const half = await opened(port);
    half.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01])); // the first bytes of a ClientHello
    await Promise.all([ended(silent), ended(half)]);

    const secure = connectTls({
      port,
      host: '127.0.0.1',
      ca: tls.cert,
      servername: 'localhost',
      ALPNProtocols: ['h2', 'http/1.1'],
    });
    await once(secure, 'secureConnect');
    expect(secure.alpnProtocol).not.toBe('h2');
    secure.destroy();
    await server.close();
    await rm(data, { recursive: true });
  });

  it('[SEC-J6] have bounds by default', () => {
    expect(serverLimits.headersMsMax).toBeLessThanOrEqual(15_000);
    expect(serverLimits.requestMsMax).toBeLessThanOrEqual(60_000);
    expect(serverLimits.connectionsMax).toBeLessThanOrEqual(20_000);
    expect(serverLimits.headerBytesMax).toBeLessThanOrEqual(16_384);
  });
});

describe('an organization that takes all it can', () => {
  let server: TestServer;
  let greedy: NewTenant;
  let modest: NewTenant;
  const GREEDY = '/t/greedy.example';
  const MODEST = '/t/modest.example';

  beforeAll(async () => {
    server = await startTestServer();
    greedy = await createTenant(server, 'greedy.example');
    modest = await createTenant(server, 'modest.example');
  });
  afterAll(async () => await server.stop());

  async function listener({ owner }: NewTenant, prefix: string, name = 'Listener'): Promise<string> {
    const machine = await createMachine(owner, name, ['internal_audit_view']);
    return await machineToken(server.url, machine, ['internal_audit_view'], prefix);
  }

  it('[SEC-J5] is answered beside its neighbours, who get all their answers', async () => {
    const client = managementClient(server.url, `Bearer ${await listener(modest, MODEST, 'Calm')}`, MODEST);
    expect((await greedy.owner.get('/api/read/users')).status).toBe(200);
    const flood = Promise.all(
      Array.from({ length: 400 }, () => greedy.owner.get('/api/read/users?limit=50&total=true')),
    );
    const calm = await Promise.all(Array.from({ length: 4 }, () => client.get('/api/feed?limit=10')));
    expect(calm.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    for (const { status } of await flood) expect([200, 429, 503]).toContain(status);
  });

  it('[SEC-J5] leaves its neighbours their listeners to the feed', async () => {
    const [ours, theirs] = [await listener(greedy, GREEDY), await listener(modest, MODEST)];
    const abort = new AbortController();
    const open = async (prefix: string, token: string): Promise<number> => {
      const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream' };
      const response = await fetch(`${server.url}${prefix}/api/feed`, { headers, signal: abort.signal });
      if (response.status !== 200) await response.text();
      return response.status;
    };
    const held = await Promise.all(Array.from({ length: 60 }, () => open(GREEDY, ours)));
    expect(held.filter((status) => status === 200)).toHaveLength(50);
    expect(held.filter((status) => status === 429)).toHaveLength(10);
    expect(await open(MODEST, theirs)).toBe(200);
    abort.abort();
  });
});
