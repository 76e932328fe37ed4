/** Ids that tie a request to its log lines, events and spans. */
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export const CORRELATION_ID_LENGTH_MAX = 64;

/** `activityid`, else `X-WSO2-traceId`, else new. What is too long or not of letters, digits, `.`, `_`, `-` is not taken. */
export function correlationIdOf(headers: IncomingHttpHeaders): string {
  const given = headers['activityid'] ?? headers['x-wso2-traceid'];
  return typeof given === 'string' && isTame(given) ? given : randomUUID();
}

function isTame(text: string): boolean {
  if (text.length === 0 || text.length > CORRELATION_ID_LENGTH_MAX) return false;
  for (let at = 0; at < text.length; at += 1) {
    if (!isTameChar(text.charCodeAt(at))) return false;
  }
  return true;
}

const isTameChar = (char: number): boolean =>
  (char >= 0x61 && char <= 0x7a) ||
  (char >= 0x41 && char <= 0x5a) ||
  (char >= 0x30 && char <= 0x39) ||
  char === 0x2d ||
  char === 0x2e ||
  char === 0x5f;

const TRACEPARENT_LENGTH = 55;
const TRACEPARENT = /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The trace id of a W3C `traceparent`; null when there is none or it is malformed. */
export function traceIdOf(headers: IncomingHttpHeaders): string | null {
  const traceparent = headers['traceparent'];
  if (typeof traceparent !== 'string' || traceparent.length !== TRACEPARENT_LENGTH) return null;
  return TRACEPARENT.exec(traceparent)?.[1] ?? null;
}
