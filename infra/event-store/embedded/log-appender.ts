/** The calling side of the writer thread: jobs out, answers and errors of the port back. */
import { type GroupCommitWriter, JobRefused, startGroupCommitWriter, WriterFailed } from '../../sqlite/group-commit.ts';
import {
  AppendViolated,
  type EventStoreError,
  StoreTimeout,
  StoreUnavailable,
  StreamTombstoned,
  WrongExpectedRevision,
} from '../errors.ts';
import type { AppendOptions } from '../event-store.ts';
import {
  type CompactReply,
  expectedOf,
  type LogJob,
  type LogRefusal,
  type LogReply,
  type LogWriterOptions,
  type ScavengeReply,
} from './writer-jobs.ts';

const SCAVENGE_EVENTS_PER_JOB = 1_000;

export interface ScavengeReport {
  readonly deletedEvents: number;
  /** False: a reader held the write-ahead log, which may still contain deleted bytes; scavenge again. */
  readonly compacted: boolean;
}

export class LogAppender {
  readonly #writer: GroupCommitWriter<LogJob, LogReply, { identity: string }>;

  constructor(writer: GroupCommitWriter<LogJob, LogReply, { identity: string }>) {
    this.#writer = writer;
  }

  get identity(): string {
    return this.#writer.info.identity;
  }

  stopped(): string | null {
    return this.#writer.stopped();
  }

  /** `settled` hears what the writer did, also where the caller gave up waiting: the answer, or null when it is unknown. */
  async submit<Reply extends LogReply>(
    job: LogJob,
    settled: (reply: Reply | null) => void,
    options?: AppendOptions,
  ): Promise<Reply> {
    options?.signal?.throwIfAborted();
    try {
      const reply = this.#heard(this.#writer.submit(job) as Promise<Reply>, settled);
      return await (options === undefined ? reply : bounded(reply, options));
    } catch (error) {
      throw storeError(error);
    }
  }

  async #heard<Reply>(reply: Promise<Reply>, settled: (reply: Reply | null) => void): Promise<Reply> {
    try {
      const answer = await reply;
      settled(answer);
      return answer;
    } catch (error) {
      if (!(error instanceof JobRefused)) settled(null);
      throw error;
    }
  }

  async scavenge(): Promise<ScavengeReport> {
    let deletedEvents = 0;
    let afterStream = 0;
    for (;;) {
      const job: LogJob = { kind: 'scavenge', afterStream, limit: SCAVENGE_EVENTS_PER_JOB };
      const [deleted, finished] = await this.submit<ScavengeReply>(job, ignored);
      deletedEvents += deleted;
      if (finished === null) break;
      afterStream = finished;
    }
    return { deletedEvents, compacted: await this.#compact() };
  }

  async #compact(): Promise<boolean> {
    let before = Number.POSITIVE_INFINITY;
    for (;;) {
      const [free, compacted] = await this.submit<CompactReply>({ kind: 'compact' }, ignored);
      // What others delete meanwhile is left to the next time.
      if (free === 0 || free >= before) return compacted;
      before = free;
    }
  }

  async close(): Promise<void> {
    await this.#writer.close();
  }
}

/** Moves no stream's end. */
const ignored = (): void => undefined;

/** Throws {@link StoreUnavailable} with a sentence for the operator. */
export async function startLogAppender(options: LogWriterOptions): Promise<LogAppender> {
  try {
    const entry = new URL('./log-writer-thread.ts', import.meta.url);
    return new LogAppender(
      await startGroupCommitWriter<LogJob, LogReply, LogWriterOptions, { identity: string }>({ entry, options }),
    );
  } catch (error) {
    throw storeError(error);
  }
}

/** What was handed to the writer goes on, whether or not somebody waits for it. */
async function bounded<Reply>(reply: Promise<Reply>, { signal, timeoutMs }: AppendOptions): Promise<Reply> {
  const { promise, reject } = Promise.withResolvers<never>();
  const aborted = (): void => reject(new StoreTimeout('the caller gave up on an append'));
  const timer = timeoutMs === undefined ? null : setTimeout(() => reject(late(timeoutMs)), timeoutMs);
  signal?.addEventListener('abort', aborted, { once: true });
  try {
    return await Promise.race([reply, promise]);
  } finally {
    if (timer !== null) clearTimeout(timer);
    signal?.removeEventListener('abort', aborted);
  }
}

const late = (timeoutMs: number): StoreTimeout =>
  new StoreTimeout(`no answer from the log's writer within ${timeoutMs} ms`);

function storeError(error: unknown): unknown {
  if (error instanceof JobRefused) return refusalError(error.refusal as LogRefusal);
  if (!(error instanceof WriterFailed)) return error;
  // A fault in one job is a bug: it is not the store that is unavailable.
  if (error.fault === 'job') return new Error(`the log's writer failed on a job: ${error.message}`, { cause: error });
  return new StoreUnavailable(`the log cannot be written: ${error.message}`, error.outcome, { cause: error });
}

function refusalError(refusal: LogRefusal): EventStoreError {
  switch (refusal.kind) {
    case 'conflict': {
      const { stream, expected, actual } = refusal;
      return new WrongExpectedRevision(stream, expectedOf(expected), actual < 0 ? 'no-stream' : BigInt(actual));
    }
    case 'tombstoned':
      return new StreamTombstoned(refusal.stream);
    case 'violations':
      return new AppendViolated(refusal.violations);
    case 'no-space':
      return new StoreUnavailable(spaceSentence(refusal), 'not-applied');
    case 'cannot-open':
      return new StoreUnavailable(refusal.message, 'not-applied');
    default:
      return refusal satisfies never;
  }
}

export const spaceSentence = ({ freeBytes, freeBytesMin }: { freeBytes: number; freeBytesMin: number }): string =>
  `the log takes no events: ${Math.floor(freeBytes / 1_048_576)} MiB of disk are free, ` +
  `${Math.ceil(freeBytesMin / 1_048_576)} MiB are required`;
