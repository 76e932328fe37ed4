/** Reads a request's body up to its limit and parses it as the route allows. Refusals are values. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { parseJson } from './json-text.ts';
import { BODY_BYTES_MAX, type HttpFailure, type Route } from './route.ts';

/** The client went away before its request was complete: there is nobody to answer. */
export class ClientGone extends Error {
  constructor() {
    super('the client closed the connection within the body');
    this.name = 'ClientGone';
  }
}

export type BodyOutcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly failure: HttpFailure };

const nothing: BodyOutcome = { ok: true, value: null };

const refuse = (status: number, reason: string, detail: string): BodyOutcome => ({
  ok: false,
  failure: { status, reason, detail },
});

export function hasBody(raw: IncomingMessage): boolean {
  const length = raw.headers['content-length'];
  return (length !== undefined && length !== '0') || raw.headers['transfer-encoding'] !== undefined;
}

export async function bodyOf(route: Route, raw: IncomingMessage): Promise<BodyOutcome> {
  if (!hasBody(raw)) return nothing;
  // RFC 9110 §9.3: a body has no meaning with these methods.
  if (route.body === 'none' && (route.method === 'GET' || route.method === 'HEAD' || route.method === 'DELETE')) {
    return nothing;
  }
  const mediaType = mediaTypeOf(raw.headers['content-type']);
  if (mediaType === null || !isAllowed(route.body, mediaType)) {
    return refuse(415, 'unsupported-media-type', 'The media type of the body is not supported here.');
  }
  if (raw.headers['content-encoding'] !== undefined && raw.headers['content-encoding'] !== 'identity') {
    return refuse(415, 'unsupported-encoding', 'Compressed bodies are not supported.');
  }
  const bytesMax = route.bodyBytesMax ?? BODY_BYTES_MAX;
  const bytes = Number(raw.headers['content-length'] ?? 0) > bytesMax ? null : await read(raw, bytesMax);
  if (bytes === null) return refuse(413, 'body-too-large', `The body is larger than ${bytesMax} bytes.`);
  if (bytes.length === 0) return nothing;
  if (!isUtf8(bytes)) return refuse(400, 'invalid-encoding', 'The body is not valid UTF-8.');
  return route.body === 'form' ? formOf(bytes) : jsonOf(bytes);
}

function jsonOf(bytes: Buffer): BodyOutcome {
  const parsed = parseJson(bytes.toString('utf8'));
  return parsed.ok ? parsed : refuse(400, 'invalid-json', parsed.detail);
}

const REPLACEMENT = '\ufffd';

function formOf(bytes: Buffer): BodyOutcome {
  const text = bytes.toString('latin1');
  const value = new URLSearchParams(bytes.toString('utf8'));
  // A replacement character that nobody sent stands for percent-encoded bytes that are no UTF-8.
  if (text.includes('%') && value.toString().includes('%EF%BF%BD') && !sentReplacement(text)) {
    return refuse(400, 'invalid-encoding', 'The form is not valid UTF-8.');
  }
  return { ok: true, value };
}

const sentReplacement = (latin1: string): boolean =>
  latin1.toUpperCase().includes('%EF%BF%BD') || latin1.includes(Buffer.from(REPLACEMENT).toString('latin1'));

const MEDIA_TYPES: Readonly<Record<Route['body'], (mediaType: string) => boolean>> = {
  none: () => false,
  json: (mediaType) =>
    mediaType === 'application/json' || (mediaType.startsWith('application/') && mediaType.endsWith('+json')),
  scim: (mediaType) => mediaType === 'application/scim+json' || mediaType === 'application/json',
  form: (mediaType) => mediaType === 'application/x-www-form-urlencoded',
};

const isAllowed = (kind: Route['body'], mediaType: string): boolean => MEDIA_TYPES[kind](mediaType);

/** In small letters, without parameters; null when there is none or it names another charset than UTF-8. */
function mediaTypeOf(header: string | undefined): string | null {
  if (header === undefined) return null;
  const semicolon = header.indexOf(';');
  if (semicolon === -1) return header.trim().toLowerCase();
  const parameters = header.slice(semicolon).toLowerCase();
  const charset = parameters.indexOf('charset=');
  if (charset !== -1 && !/^charset="?utf-?8"?\s*(;|$)/.test(parameters.slice(charset))) return null;
  return header.slice(0, semicolon).trim().toLowerCase();
}

/** Null when it is larger than `bytesMax`; the rest is not read then. */
function read(raw: IncomingMessage, bytesMax: number): Promise<Buffer | null> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    raw.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= bytesMax) {
        chunks.push(chunk);
        return;
      }
      raw.pause();
      resolve(null);
    });
    raw.on('end', () => resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)));
    raw.on('error', () => reject(new ClientGone()));
    raw.on('close', () => {
      if (!raw.complete) reject(new ClientGone());
    });
  });
}
