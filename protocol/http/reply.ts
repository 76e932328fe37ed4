/** Writes a response: the headers that every answer has, those of the door over them, then the body. */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { encodePosition } from '../../infra/event-store/position.ts';
import type { Response, Route } from './route.ts';

/** A year, in seconds. */
const STRICT_TRANSPORT = 'max-age=31536000';
const JSON_TYPE = 'application/json';
const SCIM_TYPE = 'application/scim+json';

export interface ReplyContext {
  readonly correlationId: string;
  readonly bodyKind: Route['body'];
  readonly isHead: boolean;
  /** The server is reached by https. */
  readonly secure: boolean;
  /** The connection cannot be used again: a body that nobody will read is still coming. */
  readonly close: boolean;
}

export function writeHead(raw: ServerResponse, response: Response, context: ReplyContext): Buffer | string | null {
  const headers: OutgoingHttpHeaders = {
    activityid: context.correlationId,
    'cache-control': 'no-store',
    'content-security-policy': "frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
  };
  if (context.secure) headers['strict-transport-security'] = STRICT_TRANSPORT;
  const body = bodyText(response, headers, context);
  if (response.position !== undefined) headers['muniment-position'] = encodePosition(response.position);
  if (response.headers !== undefined) {
    for (const [name, value] of Object.entries(response.headers))
      headers[name.toLowerCase()] = value as string | string[];
  }
  if (context.close) headers.connection = 'close';
  raw.writeHead(response.status, headers);
  return body;
}

export function send(raw: ServerResponse, response: Response, context: ReplyContext): void {
  const body = writeHead(raw, response, context);
  if (body === null || context.isHead) raw.end();
  else raw.end(body);
}

function bodyText(response: Response, headers: OutgoingHttpHeaders, context: ReplyContext): Buffer | string | null {
  const { body, status } = response;
  if (response.stream !== undefined) return null;
  if (body === null) {
    if (status !== 204 && status !== 304) headers['content-length'] = 0;
    return null;
  }
  if (Buffer.isBuffer(body)) {
    headers['content-type'] = 'application/octet-stream';
    headers['content-length'] = body.length;
    return body;
  }
  const isText = typeof body === 'string';
  const text = isText ? body : JSON.stringify(body);
  headers['content-type'] = isText ? 'text/plain; charset=utf-8' : context.bodyKind === 'scim' ? SCIM_TYPE : JSON_TYPE;
  headers['content-length'] = Buffer.byteLength(text);
  return text;
}
