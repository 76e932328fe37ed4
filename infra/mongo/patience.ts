/** For work that may be done twice: tries again while the server cannot be reached, or is choosing another primary. */
import { setTimeout as pause } from 'node:timers/promises';
import {
  MongoError,
  MongoErrorLabel,
  MongoNetworkError,
  MongoServerError,
  MongoServerSelectionError,
  MongoWriteConcernError,
} from 'mongodb';

export const UNREACHABLE_MS_MAX = 60_000;
const PAUSE_MS_MIN = 50;
/** Who finds no server has waited for one already. */
const PAUSE_MS_MAX = 500;

export async function withPatience<Value>(work: () => Promise<Value>, forMs = UNREACHABLE_MS_MAX): Promise<Value> {
  const deadline = performance.now() + forMs;
  for (let pauseMs = PAUSE_MS_MIN; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX)) {
    try {
      return await work();
    } catch (error) {
      if (!isUnreachable(error) || performance.now() + pauseMs > deadline) throw error;
    }
    await pause(pauseMs * (0.5 + Math.random() / 2));
  }
}

/** The server shuts down, or is not the primary, or not any more: what it answers to reads, which carry no label. */
const ANOTHER_WILL_ANSWER: ReadonlySet<unknown> = new Set([91, 189, 10107, 11600, 11602, 13435, 13436]);

export const isUnreachable = (error: unknown): boolean =>
  error instanceof MongoNetworkError ||
  error instanceof MongoServerSelectionError ||
  error instanceof MongoWriteConcernError ||
  (error instanceof MongoServerError && ANOTHER_WILL_ANSWER.has(error.code)) ||
  (error instanceof MongoError && error.hasErrorLabel(MongoErrorLabel.RetryableWriteError));
