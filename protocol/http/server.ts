/**
 * The HTTP server: mounts every route plainly for the super organization and under `/t/:tenant` for all. A path has
 * one spelling; what the router does not find as it is written is answered 404, or 405 where only the method is missing. Host and forwarding headers decide nothing.
 */
import type { BlockList, Socket } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Telemetry } from '../../infra/telemetry/telemetry.ts';
import { allowedMethods, formsByPrefix } from './allowed-methods.ts';
import type { Authenticator } from './authenticate.ts';
import { correlationIdOf } from './correlation.ts';
import { plainErrors } from './failure.ts';
import { createPositionMemory, type PositionMemory } from './position-memory.ts';
import { send } from './reply.ts';
import type { ErrorForm, HttpFailure, Route } from './route.ts';
import { type Door, mountOf, notFound, serve, type Tenants } from './serve.ts';

export interface ServerLimits {
  /** Milliseconds for the request line and headers. */
  readonly headersMsMax: number;
  /** Milliseconds for the whole request. */
  readonly requestMsMax: number;
  /** Milliseconds an unused connection stays open. */
  readonly idleMsMax: number;
  readonly headerBytesMax: number;
  readonly headersMax: number;
  /** Connections at once; more are closed. */
  readonly connectionsMax: number;
  /** Milliseconds that requests in progress may take when the server closes. */
  readonly closeMsMax: number;
}

export const serverLimits: ServerLimits = {
  headersMsMax: 10_000,
  requestMsMax: 60_000,
  idleMsMax: 65_000,
  headerBytesMax: 16_384,
  headersMax: 100,
  connectionsMax: 20_000,
  closeMsMax: 10_000,
};

export interface ServerOptions {
  readonly routes: readonly Route[];
  readonly tenants: Tenants;
  readonly authenticator: Authenticator;
  readonly telemetry: Telemetry;
  /** Shared with doors that know their caller by other means, as a session cookie. */
  readonly positions?: PositionMemory;
  readonly trustedProxies?: BlockList | null;
  /** The public URL is https: browsers are told to stay with it. */
  readonly secure?: boolean;
  /** PEM. Null: plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string } | null;
  readonly limits?: Partial<ServerLimits>;
  /** Further expected errors, as `ReadModelBehind` → 503. */
  readonly failureOf?: (error: unknown) => HttpFailure | null;
}

const PARAMETER_LENGTH_MAX = 1_024;
/** How often connections are looked at for being too slow. */
const CHECK_MS_MAX = 5_000;
/** How often a closing server looks for connections that have become idle. */
const IDLE_LOOK_MS = 50;
/** Seconds. */
const DURATION_BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** Not listening yet: `await server.listen({ host, port })`; `close()` lets requests in progress end. */
export function buildServer(options: ServerOptions): FastifyInstance {
  const limits = { ...serverLimits, ...options.limits };
  const door = doorOf(options);
  const server = fastifyWith(limits, options.tls ?? null);

  // The body is read after the caller is known, by us.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', (_request, _payload, done) => done(null, null));
  for (const route of options.routes) {
    mount(server, door, route, false);
    mount(server, door, route, true);
  }
  const allowedAt = allowedMethods(options.routes);
  const formOf = formsByPrefix(options.routes);
  server.setNotFoundHandler((request, reply) => {
    const allowed = allowedAt(request.raw.method ?? '', request.raw.url ?? '');
    const form = allowed?.route.errors ?? formOf(request.raw.url ?? '') ?? plainErrors;
    const refused = { request, reply, form };
    if (allowed === null) return refusePlainly(door, { ...refused, failure: notFound });
    refusePlainly(door, { ...refused, failure: methodNotAllowed, allow: allowed.methods });
  });
  server.setErrorHandler((_error, request, reply) => refusePlainly(door, { request, reply, failure: badRequest }));
  server.server.maxConnections = limits.connectionsMax;
  server.server.maxHeadersCount = limits.headersMax;
  closeGracefully(server, door, limits.closeMsMax);
  return server;
}

const doorOf = (options: ServerOptions): Door => ({
  tenants: options.tenants,
  authenticator: options.authenticator,
  positions: options.positions ?? createPositionMemory(),
  telemetry: options.telemetry,
  trustedProxies: options.trustedProxies ?? null,
  secure: options.secure ?? (options.tls !== undefined && options.tls !== null),
  failureOf: options.failureOf ?? (() => null),
  requestSeconds: options.telemetry.histogram({
    name: 'muniment_http_request_seconds',
    help: 'Time from the head of a request to its answer.',
    labels: ['method', 'route', 'status'],
    bucketsS: DURATION_BUCKETS_S,
  }),
  streams: new Set(),
});

function fastifyWith(limits: ServerLimits, tls: ServerOptions['tls']): FastifyInstance {
  const connection = {
    headersTimeout: limits.headersMsMax,
    maxHeaderSize: limits.headerBytesMax,
    connectionsCheckingInterval: Math.min(limits.headersMsMax, CHECK_MS_MAX),
  };
  const server = Fastify({
    logger: false,
    requestIdHeader: false,
    exposeHeadRoutes: false,
    trustProxy: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    keepAliveTimeout: limits.idleMsMax,
    requestTimeout: limits.requestMsMax,
    bodyLimit: Number.MAX_SAFE_INTEGER, // each route has its own, checked by the body reader
    routerOptions: {
      caseSensitive: true,
      ignoreTrailingSlash: false,
      ignoreDuplicateSlashes: false,
      maxParamLength: PARAMETER_LENGTH_MAX,
    },
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    http: connection,
    ...(tls === null || tls === undefined
      ? {}
      : { https: { ...tls, ...connection, handshakeTimeout: limits.headersMsMax } }),
    clientErrorHandler: (error, socket) => refuseUnreadable(error.code, socket as Socket),
    frameworkErrors: (_error, request, reply) =>
      refuseRaw({ request: request as FastifyRequest, reply: reply as FastifyReply, failure: badRequest }),
  });
  return server as unknown as FastifyInstance; // over TLS its type names another server class
}

/** No route gives fastify a schema. Said so, it does not load its schema compilers, a tenth of the time of a start. */
const noSchemas = (): never => {
  throw new Error('a route has a schema for fastify to compile; bodies are checked by the commands');
};

function mount(server: FastifyInstance, door: Door, route: Route, underTenant: boolean): void {
  const mounted = mountOf(route, underTenant);
  server.route({
    method: route.method,
    url: underTenant ? `/t/:tenant${route.path}` : route.path,
    handler: (request, reply) => {
      reply.hijack();
      const params = request.params as Readonly<Record<string, string>>;
      return serve(door, mounted, { raw: request.raw, response: reply.raw, params });
    },
  });
}

const badRequest: HttpFailure = { status: 400, reason: 'invalid-request', detail: 'The request cannot be understood.' };

const methodNotAllowed: HttpFailure = {
  status: 405,
  reason: 'method-not-allowed',
  detail: 'What is at this path does not have this method.',
};

interface Refused {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly failure: HttpFailure;
  readonly form?: ErrorForm;
  /** The methods that the address has. */
  readonly allow?: string;
}

function refusePlainly(door: Door, refused: Refused): void {
  refuseRaw(refused, door.secure);
  const { failure } = refused;
  door.requestSeconds.observe(0, { method: 'none', route: 'none', status: String(failure.status) });
}

function refuseRaw({ request, reply, failure, form = plainErrors, allow }: Refused, secure = false): void {
  const correlationId = correlationIdOf(request.raw.headers);
  reply.hijack();
  const response = form.respond(failure, { correlationId });
  const headers = { ...response.headers, ...(allow === undefined ? {} : { allow }) };
  send(
    reply.raw,
    { ...response, headers },
    {
      correlationId,
      bodyKind: 'json',
      isHead: request.raw.method === 'HEAD',
      secure,
      close: false,
    },
  );
}

const STATUS_LINES: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** No HTTP request at all, or one that took too long: the shortest answer, and the connection ends. */
function refuseUnreadable(code: string | undefined, socket: Socket): void {
  // Before the end of a handshake nothing can be said: it would wait for ever to be sent.
  const unspoken = code === 'ECONNRESET' || /^ERR_(TLS|SSL)_/.test(code ?? '');
  if (!socket.writable || unspoken) return void socket.destroy();
  const line = STATUS_LINES[code ?? ''] ?? '400 Bad Request';
  socket.end(`HTTP/1.1 ${line}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
}

function closeGracefully(server: FastifyInstance, door: Door, closeMsMax: number): void {
  const timers: NodeJS.Timeout[] = [];
  server.addHook('preClose', async () => {
    for (const stream of door.streams) stream.abort();
    // A connection whose last request has just been answered would wait for its client to leave.
    timers.push(setInterval(() => server.server.closeIdleConnections(), IDLE_LOOK_MS));
    timers.push(setTimeout(() => server.server.closeAllConnections(), closeMsMax));
    for (const timer of timers) timer.unref();
  });
  server.addHook('onClose', async () => {
    for (const timer of timers) clearTimeout(timer);
  });
}
