/** How the native endpoints say no: problem details (RFC 9457), with the `reason` that a program can go by. */
import type { ErrorForm, Request, Response } from '../http/route.ts';

export class Problem extends Error {
  readonly status: number;
  readonly reason: string;
  /** Further members, as the refusal gives them. */
  readonly members: object;

  /** The detail goes to the caller. */
  constructor(status: number, reason: string, detail: string, members: object = {}) {
    super(detail);
    this.name = 'Problem';
    this.status = status;
    this.reason = reason;
    this.members = members;
  }
}

const PROBLEM_TYPE = { 'content-type': 'application/problem+json' } as const;

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  406: 'Not Acceptable',
  409: 'Conflict',
  410: 'Gone',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

interface Told {
  readonly status: number;
  readonly reason: string;
  readonly detail: string;
  readonly members: object;
}

function problemResponse(
  { status, reason, detail, members }: Told,
  { correlationId }: Pick<Request, 'correlationId'>,
): Response {
  const title = TITLES[status] ?? 'Error';
  return {
    status,
    headers: PROBLEM_TYPE,
    body: { ...members, type: 'about:blank', title, status, detail, reason, traceId: correlationId },
  };
}

export const problems: ErrorForm = {
  respond({ status, reason, detail, retryAfterS }, request) {
    const response = problemResponse({ status, reason, detail, members: {} }, request);
    if (retryAfterS === undefined) return response;
    return { ...response, headers: { ...PROBLEM_TYPE, 'retry-after': String(retryAfterS) } };
  },
};

type Handler = (request: Request) => Promise<Response> | Response;

/** What the endpoint refuses becomes the answer; everything else is a fault. */
export function answering(handle: Handler): Handler {
  return async (request) => {
    try {
      return await handle(request);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const { status, reason, message, members } = error;
      return problemResponse({ status, reason, detail: message, members }, request);
    }
  };
}
