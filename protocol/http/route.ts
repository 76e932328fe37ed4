/**
 * One route of one door, as data: the server mounts it, the OpenAPI document is made from it, and a test walks the
 * table to prove that nothing answers without the right it declares.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from '../../commands/caller.ts';
import type { Position } from '../../infra/event-store/position.ts';
import type { Tenant } from './tenant.ts';

/** Who may call. `scopes`: one of them suffices. `handler`: the route proves who is asking by its own protocol (OAuth client authentication). */
export type Access =
  | { readonly kind: 'public' }
  | { readonly kind: 'handler' }
  | { readonly kind: 'authenticated' }
  | { readonly kind: 'scopes'; readonly scopes: readonly string[] };

export interface Request {
  readonly method: string;
  /** Path without the tenant prefix. */
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  /** Repeated parameters keep every value, in order. */
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly cookies: ReadonlyMap<string, string>;
  /** JSON: the parsed value. Form: URLSearchParams. None: null. */
  readonly body: unknown;
  readonly tenant: Tenant;
  /** Null on public and handler routes. */
  readonly caller: Caller | null;
  /** Address of the peer, or the one given by a trusted proxy. Personal: never logged. */
  readonly ip: string;
  readonly correlationId: string;
  readonly traceId: string | null;
  /** What this caller must be able to see: his last write, or the position he named. */
  readonly minPosition: Position | null;
  readonly signal: AbortSignal;
}

export interface Response {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** An object is sent as JSON; a string or Buffer as it is; null is an empty body. */
  readonly body: object | string | Buffer | null;
  /** The position the caller must see from now on; sent as `Muniment-Position` and remembered for him. */
  readonly position?: Position;
  /** Takes over the connection (server-sent events). `body` is ignored. */
  readonly stream?: (raw: ServerResponse, signal: AbortSignal) => Promise<void>;
}

/** How a door words its errors: SCIM, REST, OAuth and pages each have their own form. */
export interface ErrorForm {
  /** What went wrong before or around the handler: 400, 401, 403, 404, 406, 409, 413, 415, 429, 500, 503. */
  respond(failure: HttpFailure, request: Pick<Request, 'correlationId'>): Response;
}

export interface HttpFailure {
  readonly status: number;
  /** `invalid-json`, `body-too-large`, `unauthenticated`, `forbidden`, `not-found`, `behind`, `busy`, `fault` … */
  readonly reason: string;
  /** Safe to show to the caller. */
  readonly detail: string;
  readonly retryAfterS?: number;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD' | 'OPTIONS';
  /** Without tenant prefix; parameters as `:name`. */
  readonly path: string;
  readonly access: Access;
  /** What the body may be. Anything else is refused before the handler. */
  readonly body: 'none' | 'json' | 'form' | 'scim';
  /** Larger bodies get 413. Default {@link BODY_BYTES_MAX}. */
  readonly bodyBytesMax?: number;
  readonly errors: ErrorForm;
  /** Only at the super organization: absent under `/t/{tenant}` of any other. */
  readonly superOnly?: true;
  /** One line for the API description. */
  readonly summary: string;
  readonly handle: (request: Request) => Promise<Response> | Response;
}

export const BODY_BYTES_MAX = 1_048_576;
