/** Tries an append again with the same ids, where that cannot do it twice. */
import { StoreTimeout } from '../errors.ts';
import type {
  AppendOptions,
  AppendResult,
  AtomicAppendResult,
  Expected,
  NewEvent,
  StreamAppend,
} from '../event-store.ts';
import { DriverFailure, type EsdbDriver } from './driver.ts';
import { storeFailure } from './store-failure.ts';

export const APPEND_MS_MAX = 10_000;
export const APPEND_RETRIES_MAX = 5;
/** The server's own limit is two seconds; past that its answer was lost. */
export const ATTEMPT_MS_MAX = 3_000;
const BACKOFF_MS = 50;

export interface PendingAppend {
  readonly stream: string;
  readonly expected: Expected;
  readonly events: readonly NewEvent[];
}

export function appendWithRetries(
  driver: EsdbDriver,
  append: PendingAppend,
  options?: AppendOptions,
): Promise<AppendResult> {
  const attempt = {
    send: () => sent(driver, append),
    repeatable: isExplicit(append.expected),
    findWritten: () => findWritten(driver, append),
    failure: (error: unknown) => storeFailure(error, append),
  };
  return withRetries(attempt, options);
}

/** A server that got the same events before answers as it did then. */
export function appendAtomicWithRetries(
  append: NonNullable<EsdbDriver['appendAtomic']>,
  parts: readonly StreamAppend[],
  options?: AppendOptions,
): Promise<AtomicAppendResult> {
  const attempt = {
    send: () => append(parts),
    repeatable: parts.every(({ expected }) => isExplicit(expected)),
    findWritten: () => Promise.resolve(null),
    failure: (error: unknown) => {
      const stream = error instanceof DriverFailure ? error.stream : null;
      return storeFailure(error, parts.find((part) => part.stream === stream) ?? parts[0]);
    },
  };
  return withRetries(attempt, options);
}

interface Attempt<Result> {
  readonly send: () => Promise<Result>;
  /** Sent twice, it is written once. */
  readonly repeatable: boolean;
  /** After a lost answer and a conflict: what an earlier attempt wrote. */
  readonly findWritten: () => Promise<Result | null>;
  readonly failure: (error: unknown) => unknown;
}

async function withRetries<Result>(
  { send, repeatable, findWritten, failure }: Attempt<Result>,
  { timeoutMs = APPEND_MS_MAX, signal }: AppendOptions = {},
): Promise<Result> {
  signal?.throwIfAborted();
  const until = performance.now() + timeoutMs;
  // An attempt whose answer was lost may have been the one that wrote.
  let mayBeWritten = false;
  for (let retries = 0; ; retries += 1) {
    const leftMs = until - performance.now();
    try {
      return await bounded(send(), Math.min(ATTEMPT_MS_MAX, leftMs), signal);
    } catch (error) {
      const written = mayBeWritten && isConflict(error) ? await findWritten() : null;
      if (written !== null) return written;
      const pauseMs = BACKOFF_MS * 2 ** retries * (0.5 + Math.random());
      const inTime = retries < APPEND_RETRIES_MAX && performance.now() + pauseMs < until && signal?.aborted !== true;
      if (!inTime || !mayRepeat(error, repeatable)) throw failure(error);
      mayBeWritten ||= !(error instanceof DriverFailure && error.kind === 'unreached');
      await pause(pauseMs, signal);
    }
  }
}

async function sent(driver: EsdbDriver, { stream, expected, events }: PendingAppend): Promise<AppendResult> {
  const { revision, position } = await driver.append(stream, expected, events);
  if (position === null) throw new Error(`the server gave no position for an append to ${stream}`);
  return { revision, position };
}

const isConflict = (error: unknown): boolean => error instanceof DriverFailure && error.kind === 'wrong-revision';

function mayRepeat(error: unknown, repeatable: boolean): boolean {
  if (error instanceof StoreTimeout) return repeatable;
  if (!(error instanceof DriverFailure)) return false;
  if (error.kind === 'unreached') return true;
  return (error.kind === 'lost' || error.kind === 'timeout') && repeatable;
}

const isExplicit = (expected: Expected): boolean => expected !== 'any' && expected !== 'exists';

/** The events stand behind the expectation under the ids they were sent with; null when they do not. */
async function findWritten(
  driver: EsdbDriver,
  { stream, expected, events }: PendingAppend,
): Promise<AppendResult | null> {
  const from = typeof expected === 'bigint' ? expected + 1n : 0n;
  const ids = events.map(({ id }) => id);
  let last: AppendResult | null = null;
  let found = 0;
  for await (const { id, revision, position } of driver.readStream(stream, {
    from,
    direction: 'forward',
    max: ids.length,
  })) {
    if (id !== ids[found]) return null;
    found += 1;
    last = { revision, position };
  }
  return found === ids.length ? last : null;
}

async function bounded<T>(work: Promise<T>, ms: number, signal: AbortSignal | undefined): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new StoreTimeout(`no answer from the event store within ${ms} ms`)), ms);
  const aborted = (): void => reject(new StoreTimeout('the caller gave up on an append'));
  signal?.addEventListener('abort', aborted, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', aborted);
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end, { once: true });
  });
}
