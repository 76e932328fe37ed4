/** From what was thrown to what the caller is told. A fault tells him nothing but where to find it in the log. */
import { CommandContention } from '../../commands/command.ts';
import { EventStoreError } from '../../infra/event-store/errors.ts';
import { HashQueueFull } from '../../infra/password-hash/password-hasher.ts';
import { ReadModelBehind } from '../../read-api/min-position.ts';
import type { ErrorForm, HttpFailure } from './route.ts';

const RETRY_AFTER_S = 1;

export const fault: HttpFailure = {
  status: 500,
  reason: 'fault',
  detail: 'The request failed on the server. The trace id leads to the cause in its log.',
};

const busy = (retryAfterS: number): HttpFailure => ({
  status: 503,
  reason: 'busy',
  detail: 'The server is busy. Try again.',
  retryAfterS,
});

const behind = (retryAfterS: number): HttpFailure => ({
  status: 503,
  reason: 'behind',
  detail: 'The read model has not come as far as was asked for. Try again.',
  retryAfterS,
});

/** A server that holds a part of the state cannot be reached. Nothing is lost: what was answered is kept. */
export const partAway: HttpFailure = busy(RETRY_AFTER_S);

/** Null: a fault, to be logged. */
export function expectedFailure(error: unknown): HttpFailure | null {
  if (error instanceof HashQueueFull) return busy(error.retryAfterS);
  if (error instanceof ReadModelBehind) return behind(error.retryAfterS);
  if (error instanceof CommandContention) return busy(RETRY_AFTER_S);
  if (error instanceof EventStoreError && error.retryable) return busy(RETRY_AFTER_S);
  return null;
}

/** Where no door is in charge: unknown paths, unreadable requests. */
export const plainErrors: ErrorForm = {
  respond: ({ status, reason, detail }, { correlationId }) => ({
    status,
    body: { code: reason, message: detail, traceId: correlationId },
  }),
};
