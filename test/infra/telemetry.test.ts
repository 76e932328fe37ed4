import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createTelemetry } from '../../infra/telemetry/create-telemetry.ts';
import { listenForMetrics } from '../../infra/telemetry/metrics-listener.ts';
import { fakeServer, route } from '../protocol/http/fake-server.ts';

interface SentSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes: readonly { key: string; value: Readonly<Record<string, unknown>> }[];
  readonly status: { readonly code?: number; readonly message?: string };
}

interface TraceReceiver {
  readonly url: string;
  readonly spans: SentSpan[];
  close(): void;
}

/** Takes what OTLP/HTTP sends in its JSON form. */
async function traceReceiver(): Promise<TraceReceiver> {
  const spans: SentSpan[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString());
    for (const { scopeSpans } of resourceSpans) for (const scope of scopeSpans) spans.push(...scope.spans);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, spans, close: () => server.close() };
}

const loggedLines = () => {
  const lines: Record<string, unknown>[] = [];
  return { lines, write: (line: string) => void lines.push(JSON.parse(line)) };
};

describe('logs', () => {
  it('are JSON lines with a stable event name', async () => {
    const { lines, write } = loggedLines();
    const { log } = await createTelemetry({ logLevel: 'info', metrics: false, traces: false, write });
    log.info('server.started', { port: 1 });
    log.error('store.failed', { action: 'Look at the disk.', error: new TypeError('no', { cause: new Error('why') }) });
    expect(lines[0]).toEqual({ time: expect.stringMatching(/Z$/), level: 'info', event: 'server.started', port: 1 });
    expect(lines[1]).toMatchObject({
      level: 'error',
      error: { type: 'TypeError', message: 'no', cause: { message: 'why' } },
    });
  });

  it('tell why another thread failed, of which there is only a text', async () => {
    const { lines, write } = loggedLines();
    const { log } = await createTelemetry({ logLevel: 'info', metrics: false, traces: false, write });
    log.error('projection.failed', { error: 'Error: no room', action: 'Make room.' });
    expect(lines[0]).toMatchObject({
      event: 'projection.failed',
      error: { type: 'string', message: 'Error: no room' },
    });
  });

  it('[SEC-K5] drop personal and secret fields that slipped in', async () => {
    const { lines, write } = loggedLines();
    const { log } = await createTelemetry({ logLevel: 'info', metrics: false, traces: false, write });
    log.warn('some.event', { ip: '203.0.113.9', userName: 'kim', password: 'x', authorization: 'Basic x', org: 'o1' });
    expect(Object.keys(lines[0] ?? {}).sort()).toEqual(['event', 'level', 'org', 'time']);
  });

  it('leave out what is below the level', async () => {
    const { lines, write } = loggedLines();
    const { log } = await createTelemetry({ logLevel: 'error', metrics: false, traces: false, write });
    log.info('a');
    log.warn('b');
    expect(lines).toEqual([]);
  });
});

describe('metrics', () => {
  it('[SEC-M6] are read on a listener of their own', async () => {
    const telemetry = await createTelemetry({ logLevel: 'silent', metrics: true, traces: false });
    const requests = telemetry.counter({ name: 'requests_total', help: 'Requests.', labels: ['kind'] });
    requests.add(2, { kind: 'a' });
    telemetry.counter({ name: 'requests_total', help: 'Requests.', labels: ['kind'] }).add(1, { kind: 'a' });
    telemetry.histogram({ name: 'wait_seconds', help: 'Wait.', bucketsS: [0.1, 1] }).observe(0.5);
    let depth = 3;
    telemetry.gauge({ name: 'queue_depth', help: 'Depth.' }, () => depth);
    depth = 4;

    const listener = await listenForMetrics(telemetry, { host: '127.0.0.1', port: 0 });
    const text = await (await fetch(`http://127.0.0.1:${listener.port}/metrics`)).text();
    expect(text).toContain('requests_total{kind="a"} 3');
    expect(text).toContain('wait_seconds_bucket{le="1"} 1');
    expect(text).toContain('queue_depth 4');
    expect((await fetch(`http://127.0.0.1:${listener.port}/`)).status).toBe(404);
    await listener.close();
    await telemetry.close();
  });

  it('count requests by route, never by path', async () => {
    const telemetry = await createTelemetry({ logLevel: 'silent', metrics: true, traces: false });
    const server = await fakeServer([route({ path: '/users/:id', handle: () => ({ status: 200, body: {} }) })], {
      telemetry,
    });
    await server.ask('/users/kim');
    await server.ask('/nothing/kim');
    await server.close();
    const text = await telemetry.metrics();
    expect(text).toContain('muniment_http_request_seconds_count{method="GET",route="/users/:id",status="200"} 1');
    expect(text).toContain('muniment_http_request_seconds_count{method="none",route="none",status="404"} 1');
    expect(text).not.toContain('kim');
    await telemetry.close();
  });

  it('are empty and cost nothing when off', async () => {
    const telemetry = await createTelemetry({ logLevel: 'silent', metrics: false, traces: false });
    telemetry.counter({ name: 'x', help: 'x' }).add();
    expect(await telemetry.metrics()).toBe('');
    expect(telemetry.requestSpan).toBeUndefined();
  });
});

describe('traces', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('continue the trace of the caller over OTLP, without the text of an error', async () => {
    const receiver = await traceReceiver();
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', receiver.url);
    const { lines, write } = loggedLines();
    const telemetry = await createTelemetry({ logLevel: 'error', metrics: false, traces: true, write });
    const failing = () =>
      telemetry.span('append', { 'log.events': 1 }, async () => {
        throw new TypeError('kim@example.com is taken');
      });
    const server = await fakeServer([route({ path: '/users/:id', handle: failing })], { telemetry });
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    await server.ask('/users/kim', { headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } });
    await server.close();
    await telemetry.close();
    receiver.close();

    const request = receiver.spans.find(({ name }) => name === 'GET /users/:id');
    const append = receiver.spans.find(({ name }) => name === 'append');
    expect(request).toMatchObject({ traceId, parentSpanId: '00f067aa0ba902b7', status: { code: 2 } });
    expect(request?.attributes).toContainEqual({ key: 'http.response.status_code', value: { intValue: 500 } });
    expect(append).toMatchObject({ traceId, parentSpanId: request?.spanId, status: { code: 2, message: 'TypeError' } });
    expect(JSON.stringify(receiver.spans)).not.toContain('kim');
    expect(lines[0]).toMatchObject({ event: 'http.request.failed', traceId });
  });
});
