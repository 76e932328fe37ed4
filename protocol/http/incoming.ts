/** The request that a handler sees. What few handlers ask for is computed when it is asked for. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BlockList } from 'node:net';
import type { Caller } from '../../commands/caller.ts';
import type { Position } from '../../infra/event-store/position.ts';
import { correlationIdOf, traceIdOf } from './correlation.ts';
import { peerAddress } from './peer-address.ts';
import type { Request } from './route.ts';
import type { Tenant } from './tenant.ts';

export interface Arrival {
  readonly raw: IncomingMessage;
  readonly response: ServerResponse;
  readonly params: Readonly<Record<string, string>>;
  readonly tenant: Tenant;
  /** Length of `/t/{tenant}` in the raw path; 0 without it. */
  readonly prefixLength: number;
  readonly trustedProxies: BlockList | null;
}

export class Incoming implements Request {
  readonly method: string;
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  readonly correlationId: string;
  readonly traceId: string | null;
  tenant: Tenant;
  caller: Caller | null = null;
  body: unknown = null;
  minPosition: Position | null = null;
  readonly #arrival: Arrival;
  readonly #search: string;
  #query: URLSearchParams | null = null;
  #cookies: ReadonlyMap<string, string> | null = null;
  #abort: AbortController | null = null;

  constructor(arrival: Arrival) {
    const { raw, params, tenant, prefixLength } = arrival;
    const url = raw.url ?? '/';
    const mark = url.indexOf('?');
    this.method = raw.method ?? 'GET';
    this.path = url.slice(prefixLength, mark === -1 ? url.length : mark);
    this.#search = mark === -1 ? '' : url.slice(mark + 1);
    this.params = params;
    this.headers = raw.headers;
    this.tenant = tenant;
    this.correlationId = correlationIdOf(raw.headers);
    this.traceId = traceIdOf(raw.headers);
    this.#arrival = arrival;
  }

  get query(): URLSearchParams {
    this.#query ??= new URLSearchParams(this.#search);
    return this.#query;
  }

  get cookies(): ReadonlyMap<string, string> {
    this.#cookies ??= cookiesIn(this.headers.cookie);
    return this.#cookies;
  }

  get ip(): string {
    return peerAddress(this.#arrival.raw, this.#arrival.trustedProxies);
  }

  get signal(): AbortSignal {
    return this.abort.signal;
  }

  /** Aborts by itself when the connection closes before the answer is complete. */
  get abort(): AbortController {
    if (this.#abort !== null) return this.#abort;
    const abort = new AbortController();
    const { response } = this.#arrival;
    response.once('close', () => {
      if (!response.writableFinished) abort.abort();
    });
    this.#abort = abort;
    return abort;
  }

  mentions(parameter: string): boolean {
    return this.#search.includes(parameter);
  }
}

/** RFC 6265 §5.4. Of two cookies with one name the first is the one of the longer path: it counts. */
function cookiesIn(header: string | undefined): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  if (header === undefined) return cookies;
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    if (equals === -1) continue;
    const name = pair.slice(0, equals).trim();
    const value = pair.slice(equals + 1).trim();
    if (!cookies.has(name))
      cookies.set(name, value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value);
  }
  return cookies;
}
