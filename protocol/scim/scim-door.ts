/** What the SCIM endpoints stand on, and how they answer. */
import type { Caller } from '../../commands/caller.ts';
import type { Envelope } from '../../commands/command.ts';
import type { Kernel } from '../../commands/kernel.ts';
import { type ReadStore, UnsearchableField } from '../../infra/read-store/read-store.ts';
import type { CursorSeal } from '../../read-api/cursor.ts';
import { ReadModelBehind } from '../../read-api/min-position.ts';
import type { ErrorForm, HttpFailure, Request, Response } from '../http/route.ts';
import { ScimError, type ScimType } from './scim-error.ts';

export interface ScimDoor {
  readonly kernel: Kernel;
  readonly readStore: ReadStore;
  readonly cursors: CursorSeal;
}

const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';
const TYPE = { 'content-type': 'application/scim+json' } as const;

export const scimReply = (status: number, body: object, headers: Record<string, string> = {}): Response => ({
  status,
  headers: { ...TYPE, ...headers },
  body,
});

interface ErrorParts {
  readonly status: number;
  readonly scimType: ScimType | null;
  readonly detail: string;
}

/** RFC 7644 §3.12: the status is a string. */
const errorReply = ({ status, scimType, detail }: ErrorParts): Response =>
  scimReply(status, { schemas: [ERROR], ...(scimType === null ? {} : { scimType }), detail, status: String(status) });

/** Failures before and around the handlers. */
export const scimErrors: ErrorForm = {
  respond({ status, reason, detail }: HttpFailure): Response {
    const scimType = reason.startsWith('invalid-') && status === 400 ? 'invalidSyntax' : null;
    return errorReply({ status: asNotAcceptable(status), scimType, detail });
  },
};

/** The published contract answers a foreign or missing Content-Type, like a foreign Accept, with 406 and not with 415. */
const asNotAcceptable = (status: number): number => (status === 415 ? 406 : status);

/** Turns refusals of this door into its errors; faults go on to the server. */
export const answering =
  (handle: (request: Request) => Promise<Response> | Response) =>
  async (request: Request): Promise<Response> => {
    try {
      refuseForeignAccept(request.headers.accept);
      return await handle(request);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === null) throw error;
      return refusal;
    }
  };

/** Null: a fault. */
export function refusalOf(error: unknown): Response | null {
  if (error instanceof ScimError) {
    return errorReply({ status: error.status, scimType: error.scimType, detail: error.message });
  }
  if (error instanceof UnsearchableField) {
    const detail = 'An attribute of the filter cannot be searched.';
    return errorReply({ status: 400, scimType: 'invalidFilter', detail });
  }
  if (error instanceof ReadModelBehind) {
    const detail = 'The answer is not ready yet. Try again.';
    const reply = errorReply({ status: 503, scimType: null, detail });
    return { ...reply, headers: { ...reply.headers, 'retry-after': String(error.retryAfterS) } };
  }
  return null;
}

const ACCEPTED: ReadonlySet<string> = new Set(['*/*', 'application/*', 'application/scim+json', 'application/json']);

function refuseForeignAccept(accept: string | undefined): void {
  if (accept === undefined || accept.trim() === '') return;
  const types = accept.split(',').map((range) => range.split(';', 1).join('').trim().toLowerCase());
  if (types.some((type) => ACCEPTED.has(type))) return;
  throw new ScimError(406, null, 'Answers are of type application/scim+json.');
}

export function callerOf({ caller }: Request): Caller {
  if (caller === null) throw new TypeError('a route with scopes has no caller');
  return caller;
}

export function envelopeOf(request: Request): Envelope {
  const envelope = {
    caller: callerOf(request),
    correlationId: request.correlationId,
    traceId: request.traceId,
    source: { ip: request.ip, userAgent: request.headers['user-agent'] ?? null },
  };
  const key = request.headers['idempotency-key'];
  if (key === undefined) return envelope;
  const requestText = JSON.stringify([request.method, request.path, request.body]);
  return { ...envelope, idempotencyKey: String(key), requestText };
}
