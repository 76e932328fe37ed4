/** One request through one route: tenant, right, body, position, handler, answer. Refused as early as it can be. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BlockList } from 'node:net';
import { may } from '../../commands/permissions.ts';
import { decodePosition, laterPosition, type Position } from '../../infra/event-store/position.ts';
import type { Histogram, Telemetry } from '../../infra/telemetry/telemetry.ts';
import type { Authenticator } from './authenticate.ts';
import { bodyOf, ClientGone, hasBody } from './body.ts';
import { expectedFailure, fault, plainErrors } from './failure.ts';
import { Incoming } from './incoming.ts';
import type { PositionMemory } from './position-memory.ts';
import { type ReplyContext, send, writeHead } from './reply.ts';
import type { ErrorForm, HttpFailure, Response, Route } from './route.ts';
import type { Tenant } from './tenant.ts';

/** Bodies of refused requests up to this size are read away, so that the connection can be used again. */
const DRAINED_BYTES_MAX = 65_536;

/** How long a right that was looked at counts while the body still comes. */
const RIGHTS_COUNT_MS = 100;

/** Never sent: what the record calls a request whose client went away. */
const CLIENT_GONE = 499;

export interface Tenants {
  /** Null: no such root organization, or a deactivated one. */
  byDomain(domain: string): Promise<Tenant | null>;
  readonly superTenant: Tenant;
}

export interface Door {
  readonly tenants: Tenants;
  readonly authenticator: Authenticator;
  readonly positions: PositionMemory;
  readonly telemetry: Telemetry;
  readonly trustedProxies: BlockList | null;
  readonly secure: boolean;
  /** Errors that a caller may be told of, beyond those that every door knows. */
  readonly failureOf: (error: unknown) => HttpFailure | null;
  readonly requestSeconds: Histogram;
  /** Streams in progress, to be ended when the server closes. */
  readonly streams: Set<AbortController>;
}

/** A route where it is mounted: plainly, or under `/t/:tenant`. */
export interface Mount {
  readonly route: Route;
  readonly underTenant: boolean;
  readonly spanName: string;
  readonly spanAttributes: Readonly<Record<string, string>>;
  /** Metric labels by status. */
  readonly labels: Map<number, Readonly<Record<string, string>>>;
}

export interface Exchange {
  readonly raw: IncomingMessage;
  readonly response: ServerResponse;
  readonly params: Readonly<Record<string, string>>;
}

export function mountOf(route: Route, underTenant: boolean): Mount {
  return {
    route,
    underTenant,
    spanName: `${route.method} ${route.path}`,
    spanAttributes: { 'http.request.method': route.method, 'http.route': route.path },
    labels: new Map(),
  };
}

export async function serve(door: Door, mount: Mount, exchange: Exchange): Promise<void> {
  const { requestSpan } = door.telemetry;
  if (requestSpan === undefined) return void (await handle(door, mount, exchange));
  const traceparent = exchange.raw.headers['traceparent'] as string | undefined;
  await requestSpan({ name: mount.spanName, attributes: mount.spanAttributes, traceparent }, () =>
    handle(door, mount, exchange),
  );
}

/** The status of the answer. */
async function handle(door: Door, mount: Mount, exchange: Exchange): Promise<number> {
  const startedMs = performance.now();
  const { raw, response } = exchange;
  const request = new Incoming({
    ...exchange,
    tenant: door.tenants.superTenant,
    prefixLength: mount.underTenant ? tenantPrefixLength(raw.url ?? '') : 0,
    trustedProxies: door.trustedProxies,
  });
  try {
    const answered = await answer(door, mount, { request, raw });
    await write(door, { response, request, route: mount.route, unread: answered.unread, raw }, answered.response);
  } catch (error) {
    if (error instanceof ClientGone) {
      response.destroy();
      return CLIENT_GONE;
    }
    refuseForFault(door, mount.route, { request, response, error });
  }
  door.requestSeconds.observe((performance.now() - startedMs) / 1_000, labelsOf(mount, response.statusCode));
  return response.statusCode;
}

/** `/t/{tenant}` as it is spelled in the raw path. */
function tenantPrefixLength(url: string): number {
  const slash = url.indexOf('/', 1);
  return url.indexOf('/', slash + 1);
}

function labelsOf(mount: Mount, status: number): Readonly<Record<string, string>> {
  const known = mount.labels.get(status);
  if (known !== undefined) return known;
  const labels = { method: mount.route.method, route: mount.route.path, status: String(status) };
  mount.labels.set(status, labels);
  return labels;
}

interface Asked {
  readonly request: Incoming;
  readonly raw: IncomingMessage;
}

interface Answered {
  readonly response: Response;
  /** The body was not read: the request was refused before. */
  readonly unread: boolean;
}

async function answer(door: Door, mount: Mount, { request, raw }: Asked): Promise<Answered> {
  const { route } = mount;
  const refuse = (failure: HttpFailure): Answered => ({
    response: refusal(route.errors, failure, request),
    unread: true,
  });

  try {
    if (mount.underTenant) {
      const tenant = await tenantOf(door.tenants, request.params['tenant'] ?? '');
      if (tenant === null || (route.superOnly === true && !tenant.isSuper)) return refuse(notFound);
      request.tenant = tenant;
    }
    const unauthorized = await authorize(door, route, request);
    if (unauthorized !== null) return refuse(unauthorized);

    const recalled = request.caller === null ? null : door.positions.recall(request.caller.memoryKey);
    const invalidPosition = takePosition(request, recalled instanceof Promise ? await recalled : recalled);
    if (invalidPosition !== null) return refuse(invalidPosition);

    const authorizedMs = performance.now();
    const body = await bodyOf(route, raw);
    if (!body.ok) return refuse(body.failure);
    request.body = body.value;
    // A body may be sent so slowly that the right is gone when it is complete.
    const lost = performance.now() - authorizedMs > RIGHTS_COUNT_MS ? await authorize(door, route, request) : null;
    if (lost !== null) return refuse(lost);

    const response = await route.handle(request);
    if (response.position !== undefined && request.caller !== null) {
      const remembering = door.positions.remember(request.caller.memoryKey, response.position);
      if (remembering !== undefined) await remembering;
    }
    return { response, unread: false };
  } catch (error) {
    const failure = expectedFailure(error) ?? door.failureOf(error);
    if (failure === null) throw error;
    return refuse(failure);
  }
}

export const notFound: HttpFailure = { status: 404, reason: 'not-found', detail: 'There is nothing at this path.' };

async function tenantOf(tenants: Tenants, domain: string): Promise<Tenant | null> {
  return domain === tenants.superTenant.domain ? tenants.superTenant : await tenants.byDomain(domain);
}

/** Null: allowed. */
async function authorize(door: Door, route: Route, request: Incoming): Promise<HttpFailure | null> {
  const { access } = route;
  if (access.kind === 'public' || access.kind === 'handler') return null;
  const { authorization, 'user-agent': userAgent } = request.headers;
  const caller = await door.authenticator.authenticate({
    tenant: request.tenant,
    authorization,
    trace: {
      correlationId: request.correlationId,
      traceId: request.traceId,
      source: { ip: request.ip, userAgent: userAgent ?? null },
    },
  });
  if (caller === null) {
    return { status: 401, reason: 'unauthenticated', detail: 'A valid credential is required.' };
  }
  request.caller = caller;
  if (access.kind === 'authenticated' || may(caller, access.scopes)) return null;
  return { status: 403, reason: 'forbidden', detail: 'The credential lacks the permission for this.' };
}

const invalidPosition: HttpFailure = {
  status: 400,
  reason: 'invalid-position',
  detail: 'The position is not one that this server gave out.',
};

/** Null: taken, or there was none. */
function takePosition(request: Incoming, own: Position | null): HttpFailure | null {
  const named = positionNamed(request);
  if (named === 'invalid') return invalidPosition;
  request.minPosition = named === null || own === null ? (named ?? own) : laterPosition(named, own);
  return null;
}

function positionNamed(request: Incoming): Position | 'invalid' | null {
  const header = request.headers['muniment-position'];
  const texts = typeof header === 'string' ? [header] : [];
  if (request.mentions('minPosition=')) texts.push(...request.query.getAll('minPosition'));
  let latest: Position | null = null;
  for (const text of texts) {
    const position = decodePosition(text);
    if (position === null) return 'invalid';
    latest = latest === null ? position : laterPosition(latest, position);
  }
  return latest;
}

function refusal(errors: ErrorForm, failure: HttpFailure, request: Incoming): Response {
  const response = errors.respond(failure, request);
  const headers: Record<string, string | readonly string[]> = { ...response.headers };
  if (failure.retryAfterS !== undefined) headers['retry-after'] = String(failure.retryAfterS);
  if (failure.status === 401 || failure.status === 403) headers['www-authenticate'] ??= challengeOf(failure, request);
  return { ...response, headers };
}

/** RFC 6750 §3. No `Basic` challenge: browsers would ask for the password in a window of their own. */
function challengeOf(failure: HttpFailure, request: Incoming): string {
  if (failure.status === 403) return 'Bearer error="insufficient_scope"';
  return request.headers.authorization === undefined ? 'Bearer' : 'Bearer error="invalid_token"';
}

interface Outgoing extends Asked {
  readonly response: ServerResponse;
  readonly route: Route;
  readonly unread: boolean;
}

async function write(door: Door, outgoing: Outgoing, response: Response): Promise<void> {
  const { request, raw, unread, route } = outgoing;
  const context = contextOf(door, route, request);
  if (response.stream === undefined) {
    return send(outgoing.response, response, { ...context, close: unread && !isDrainable(raw) });
  }
  const { abort } = request;
  door.streams.add(abort);
  try {
    writeHead(outgoing.response, response, context);
    await response.stream(outgoing.response, abort.signal);
    outgoing.response.end();
  } finally {
    door.streams.delete(abort);
  }
}

const contextOf = (door: Door, route: Route, request: Incoming): ReplyContext => ({
  correlationId: request.correlationId,
  bodyKind: route.body,
  isHead: request.method === 'HEAD',
  secure: door.secure,
  close: false,
});

function isDrainable(raw: IncomingMessage): boolean {
  if (!hasBody(raw) || raw.complete) return true;
  return raw.headers['transfer-encoding'] === undefined && Number(raw.headers['content-length']) <= DRAINED_BYTES_MAX;
}

interface Faulted {
  readonly request: Incoming;
  readonly response: ServerResponse;
  readonly error: unknown;
}

function refuseForFault(door: Door, route: Route, { request, response, error }: Faulted): void {
  door.telemetry.log.error('http.request.failed', {
    action: 'Report this with its correlation id: it is a fault of the server.',
    route: `${route.method} ${route.path}`,
    correlationId: request.correlationId,
    ...(request.traceId === null ? {} : { traceId: request.traceId }),
    error,
  });
  if (response.headersSent) return void response.destroy();
  const context: ReplyContext = { ...contextOf(door, route, request), close: true };
  // Its own form may be what failed.
  try {
    send(response, refusal(route.errors, fault, request), context);
  } catch {
    send(response, plainErrors.respond(fault, request), context);
  }
}
