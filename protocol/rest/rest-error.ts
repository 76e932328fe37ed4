/** How the management API says no: `{code, message, description, traceId}`, the trace id being the correlation id. */
import type { ErrorForm, HttpFailure, Request, Response } from '../http/route.ts';

/** A code of the published contract with its status and message. */
export interface WireError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

export const invalidRequest: WireError = { status: 400, code: 'UE-10000', message: 'Invalid Request' };

export class RestError extends Error {
  readonly wire: WireError;
  /** For the caller. */
  readonly description: string;

  constructor(wire: WireError, description: string) {
    super(`${wire.code}: ${description}`);
    this.name = 'RestError';
    this.wire = wire;
    this.description = description;
  }
}

export function restErrorResponse(
  { wire, description }: RestError,
  { correlationId }: Pick<Request, 'correlationId'>,
): Response {
  const { status, code, message } = wire;
  return { status, body: { code, message, description, traceId: correlationId } };
}

type Handler = (request: Request) => Promise<Response> | Response;

/** What the endpoint refuses becomes the answer; everything else is a fault. */
export function answering(handle: Handler): Handler {
  return async (request) => {
    try {
      return await handle(request);
    } catch (error) {
      if (error instanceof RestError) return restErrorResponse(error, request);
      throw error;
    }
  };
}

const WORDS: Readonly<Record<number, WireError>> = {
  400: invalidRequest,
  404: { status: 404, code: 'UE-10404', message: 'Not Found' },
  406: { status: 406, code: 'UE-10406', message: 'Not Acceptable' },
  409: { status: 409, code: 'UE-10409', message: 'Conflict' },
  413: { status: 413, code: 'UE-10413', message: 'Request Too Large' },
  415: { status: 415, code: 'UE-10415', message: 'Unsupported Media Type' },
  429: { status: 429, code: 'UE-10429', message: 'Too Many Requests' },
  503: { status: 503, code: 'SE-50300', message: 'Service Unavailable' },
};

const fault: WireError = { status: 500, code: 'SE-50000', message: 'Unexpected Error' };

export const restErrors: ErrorForm = {
  respond(failure, request) {
    const retry = failure.retryAfterS === undefined ? {} : { 'retry-after': String(failure.retryAfterS) };
    // The contract's 401 and 403 have no body.
    if (failure.status === 401 || failure.status === 403) return { status: failure.status, headers: retry, body: null };
    const { status, body } = restErrorResponse(new RestError(wireOf(failure), failure.detail), request);
    return { status, headers: retry, body };
  },
};

const wireOf = ({ status }: HttpFailure): WireError => WORDS[status] ?? { ...fault, status };
