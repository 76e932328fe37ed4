/**
 * One writer in a worker thread that commits what has queued up in one transaction, so that many callers share an
 * fsync and none of them blocks its own thread. This is the calling side; `group-commit-worker.ts` is the other.
 */
import { Worker } from 'node:worker_threads';
import type { SqliteFault } from './fault.ts';

/** The job was refused by a rule: nothing of it was written, others of its group were not touched. */
export class JobRefused extends Error {
  /** Structured-cloneable. */
  readonly refusal: unknown;

  constructor(refusal: unknown) {
    super('the writer refused the job');
    this.name = 'JobRefused';
    this.refusal = refusal;
  }
}

/** The group could not be committed, or the writer is gone. `unknown`: it may have been written. */
export class WriterFailed extends Error {
  readonly outcome: 'not-applied' | 'unknown';
  readonly fault: SqliteFault | 'stopped' | 'job';

  constructor(message: string, outcome: 'not-applied' | 'unknown', fault: SqliteFault | 'stopped' | 'job') {
    super(message);
    this.name = 'WriterFailed';
    this.outcome = outcome;
    this.fault = fault;
  }
}

export type JobFault =
  | { readonly kind: 'refused'; readonly refusal: unknown }
  | {
      readonly kind: 'failed';
      readonly message: string;
      readonly outcome: 'not-applied' | 'unknown';
      readonly fault: SqliteFault | 'job';
    };

/** From the worker. Replies come in the order of the jobs; a fault replaces the reply at its index. */
export type WriterMessage =
  | { readonly kind: 'opened'; readonly info: unknown }
  | {
      readonly kind: 'not-opened';
      readonly message: string;
      readonly refusal: unknown;
      readonly fault: SqliteFault | 'job';
    }
  | {
      readonly kind: 'replies';
      readonly replies: readonly unknown[];
      readonly faults: readonly (readonly [number, JobFault])[];
    }
  /** No job is accepted any more. */
  | { readonly kind: 'stopped'; readonly message: string };

export interface WriterOptions<Options> {
  /** Module that calls `serveGroupCommit`. */
  readonly entry: URL;
  /** Structured-cloneable; handed to `open` in the worker. */
  readonly options: Options;
}

export interface GroupCommitWriter<Job, Reply, Info> {
  /** What the worker's `open` told. */
  readonly info: Info;
  /** Resolves after the commit. Rejects with {@link JobRefused} or {@link WriterFailed}. */
  submit(job: Job): Promise<Reply>;
  /** Why no job is accepted any more; null while all is well. */
  stopped(): string | null;
  /** Commits what was submitted, closes the file, ends the thread. */
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: (reply: never) => void;
  readonly reject: (error: Error) => void;
}

/** Rejects when the worker cannot open: with {@link JobRefused} where its `open` refused. */
export async function startGroupCommitWriter<Job, Reply, Options = unknown, Info = unknown>({
  entry,
  options,
}: WriterOptions<Options>): Promise<GroupCommitWriter<Job, Reply, Info>> {
  const worker = new Worker(entry, { workerData: options });
  const info = await opened<Info>(worker);
  return writerOn<Job, Reply, Info>(worker, info);
}

function opened<Info>(worker: Worker): Promise<Info> {
  return new Promise((resolve, reject) => {
    const exited = () =>
      reject(new WriterFailed('the writer ended while it opened its file', 'not-applied', 'stopped'));
    worker.once('error', reject);
    worker.once('exit', exited);
    worker.once('message', (message: WriterMessage) => {
      worker.off('error', reject);
      worker.off('exit', exited);
      if (message.kind === 'opened') return resolve(message.info as Info);
      if (message.kind !== 'not-opened')
        return reject(new Error(`unexpected first message of a writer: ${message.kind}`));
      if (message.refusal !== undefined) return reject(new JobRefused(message.refusal));
      return reject(new WriterFailed(message.message, 'not-applied', message.fault));
    });
  });
}

function writerOn<Job, Reply, Info>(worker: Worker, info: Info): GroupCommitWriter<Job, Reply, Info> {
  const waiting = new Fifo<Waiting>();
  let batch: Job[] = [];
  let stopped: string | null = null;
  let ended = false;
  const exit = new Promise<void>((resolve) => {
    worker.once('exit', () => {
      ended = true;
      stop('the writer thread has ended');
      failAll(waiting, stopped ?? '');
      resolve();
    });
  });

  const stop = (reason: string) => {
    stopped ??= reason;
  };
  const flush = () => {
    const jobs = batch;
    batch = [];
    if (!ended) worker.postMessage(jobs);
  };

  worker.on('error', (error: Error) => stop(`the writer thread failed: ${error.message}`));
  worker.on('message', (message: WriterMessage) => {
    if (message.kind === 'stopped') return stop(message.message);
    if (message.kind === 'replies') return settle(waiting, message);
    return stop(`unexpected message of a writer: ${message.kind}`);
  });

  return {
    info,
    stopped: () => stopped,
    submit(job) {
      if (stopped !== null) return Promise.reject(new WriterFailed(stopped, 'not-applied', 'stopped'));
      if (batch.length === 0) {
        // Alone: at once. Behind others: with all that this turn of the event loop brings.
        if (waiting.size === 0) queueMicrotask(flush);
        else setImmediate(flush);
      }
      batch.push(job);
      return new Promise<Reply>((resolve, reject) => waiting.push({ resolve, reject }));
    },
    async close() {
      stop('the writer is closed');
      if (batch.length > 0) flush();
      if (!ended) worker.postMessage(null);
      await exit;
    },
  };
}

function settle(waiting: Fifo<Waiting>, { replies, faults }: Extract<WriterMessage, { kind: 'replies' }>): void {
  let next = 0;
  for (let index = 0; index < replies.length; index += 1) {
    const { resolve, reject } = waiting.shift();
    const fault = faults[next];
    if (fault === undefined || fault[0] !== index) {
      resolve(replies[index] as never);
      continue;
    }
    next += 1;
    reject(errorOf(fault[1]));
  }
}

const errorOf = (fault: JobFault): Error =>
  fault.kind === 'refused'
    ? new JobRefused(fault.refusal)
    : new WriterFailed(fault.message, fault.outcome, fault.fault);

function failAll(waiting: Fifo<Waiting>, reason: string): void {
  while (waiting.size > 0) waiting.shift().reject(new WriterFailed(reason, 'unknown', 'stopped'));
}

/** A queue whose shift does not move the rest. */
class Fifo<T> {
  #items: T[] = [];
  #first = 0;

  get size(): number {
    return this.#items.length - this.#first;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T {
    const item = this.#items[this.#first];
    if (item === undefined) throw new Error('a writer answered more jobs than it was given');
    this.#first += 1;
    if (this.#first === this.#items.length) {
      this.#items = [];
      this.#first = 0;
    }
    return item;
  }
}
