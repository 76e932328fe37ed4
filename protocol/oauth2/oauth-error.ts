/** How OAuth endpoints say no (RFC 6749 §5.2, RFC 6750 §3). */
import type { ErrorForm, Response } from '../http/route.ts';

export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_scope'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'temporarily_unavailable'
  | 'server_error';

export class OAuthError extends Error {
  readonly code: OAuthErrorCode;
  /** Why, for the caller and word for word as published. */
  readonly description: string;

  constructor(code: OAuthErrorCode, description: string) {
    super(`${code}: ${description}`);
    this.name = 'OAuthError';
    this.code = code;
    this.description = description;
  }
}

const NO_STORE = { 'cache-control': 'no-store', pragma: 'no-cache' } as const;
const CHALLENGED = { ...NO_STORE, 'www-authenticate': 'Basic realm="muniment"' } as const;

/** An answer that holds tokens or claims: kept by nobody. */
export const unstored = (body: object | null, status = 200): Response => ({ status, headers: NO_STORE, body });

export function oauthErrorResponse({ code, description }: OAuthError): Response {
  const body = { error: code, error_description: description };
  return code === 'invalid_client'
    ? { status: 401, headers: CHALLENGED, body }
    : { status: code === 'server_error' ? 500 : 400, headers: NO_STORE, body };
}

/** Runs an endpoint; what it refuses becomes the answer, everything else is a fault. */
export async function answering(endpoint: () => Promise<Response>): Promise<Response> {
  try {
    return await endpoint();
  } catch (error) {
    if (error instanceof OAuthError) return oauthErrorResponse(error);
    throw error;
  }
}

const CODES: Readonly<Record<number, OAuthErrorCode>> = {
  401: 'invalid_client',
  429: 'temporarily_unavailable',
  500: 'server_error',
  503: 'temporarily_unavailable',
};

export const oauthErrors: ErrorForm = {
  respond: ({ status, detail, retryAfterS }) => ({
    status,
    headers: { ...NO_STORE, ...(retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) }) },
    body: { error: CODES[status] ?? 'invalid_request', error_description: detail },
  }),
};
