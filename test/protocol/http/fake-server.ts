/** A server with a handful of routes, for what the HTTP layer itself promises. */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Caller } from '../../../commands/caller.ts';
import type { TenantId } from '../../../domain/ids.ts';
import { noTelemetry } from '../../../infra/telemetry/no-telemetry.ts';
import type { Telemetry } from '../../../infra/telemetry/telemetry.ts';
import type { ErrorForm, Request, Response, Route } from '../../../protocol/http/route.ts';
import { buildServer, type ServerOptions } from '../../../protocol/http/server.ts';
import type { Tenant } from '../../../protocol/http/tenant.ts';

export const superTenant: Tenant = {
  id: 'super' as TenantId,
  domain: 'carbon.super',
  isSuper: true,
  baseUrl: 'https://id.example.com',
};
export const acme: Tenant = {
  id: 'acme' as TenantId,
  domain: 'acme.com',
  isSuper: false,
  baseUrl: 'https://id.example.com/t/acme.com',
};

export const fakeErrors: ErrorForm = {
  respond: ({ status, reason, detail }, { correlationId }) => ({
    status,
    body: { form: 'fake', reason, detail, traceId: correlationId },
  }),
};

export const route = (given: Pick<Route, 'path' | 'handle'> & Partial<Route>): Route => ({
  method: 'GET',
  access: { kind: 'public' },
  body: 'none',
  errors: fakeErrors,
  summary: 'For tests.',
  ...given,
});

/** What the handler saw, as JSON. */
export const echo = (request: Request): Response => ({
  status: 200,
  body: {
    path: request.path,
    params: request.params,
    query: [...request.query],
    cookies: [...request.cookies],
    body: request.body instanceof URLSearchParams ? [...request.body] : request.body,
    tenant: request.tenant,
    caller: request.caller?.id ?? null,
    ip: request.ip,
    correlationId: request.correlationId,
    traceId: request.traceId,
    minPosition: request.minPosition === null ? null : String(request.minPosition.commit),
  },
});

export const callerOf = (id: string, permissions: readonly string[]): Caller => ({
  kind: 'user',
  id,
  tenant: superTenant.id,
  org: superTenant.id as unknown as Caller['org'],
  permissions: new Set(permissions),
  memoryKey: `user|${id}`,
});

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects and fails on anything else
  readonly json: any;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
}

export interface FakeServer {
  readonly port: number;
  ask(path: string, ask?: Ask): Promise<Answer>;
  /** Bytes to the server, bytes from it, until it closes the connection. */
  raw(text: string): Promise<string>;
  close(): Promise<void>;
}

export async function fakeServer(routes: readonly Route[], options: Partial<ServerOptions> = {}): Promise<FakeServer> {
  const telemetry: Telemetry = options.telemetry ?? noTelemetry;
  const server = buildServer({
    routes,
    telemetry,
    tenants: { superTenant, byDomain: async (domain) => (domain === acme.domain ? acme : null) },
    authenticator: {
      authenticate: async ({ authorization }) => {
        const [, id = '', permission] = /^Bearer (\w+)(?: (\w+))?$/.exec(authorization ?? '') ?? [];
        return id === '' ? null : callerOf(id, permission === undefined ? [] : [permission]);
      },
    },
    ...options,
  });
  await server.listen({ port: 0, host: '127.0.0.1' });
  const { port } = server.server.address() as AddressInfo;
  return {
    port,
    ask: (path, given = {}) => ask(port, path, given),
    raw: (text) => raw(port, text),
    close: () => server.close(),
  };
}

function ask(port: number, path: string, { method = 'GET', headers = {}, body }: Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ port, host: '127.0.0.1', path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const isJson = response.headers['content-type']?.includes('json') === true && text !== '';
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          json: isJson ? JSON.parse(text) : null,
        });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(received));
  });
}
