/** The worker side of the group commit: `serveGroupCommit` in the entry module of the thread. */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { releaseStartMemory } from '../memory/start-memory.ts';
import type { Database } from './database.ts';
import { sqliteFault } from './fault.ts';
import { type JobFault, JobRefused, type WriterMessage } from './group-commit.ts';

export const GROUP_JOBS_MAX = 256;
export const GROUP_MS_MAX = 2;

/** What a kind of store does with its jobs. */
export interface GroupCommitHandler<Job, Reply> {
  readonly database: Database;
  /** Told to the calling side once open. */
  readonly info?: unknown;
  /**
   * Runs inside the group's transaction, after the jobs before it. Throws {@link JobRefused} only before it has
   * written, or under `database.savepoint`. Any other error undoes this job alone.
   */
  apply(job: Job): Reply;
  /** A job that needs the file without a transaction (checkpoint, vacuum): it runs alone, through `applyAlone`. */
  isAlone?(job: Job): boolean;
  applyAlone?(job: Job): Reply;
  /** With the jobs that the next group may hold, before its transaction: how durable it must be, for instance. */
  beforeGroup?(jobs: readonly Job[]): void;
  /** Last writes of the group, in the same transaction: kept counters, for instance. */
  beforeCommit?(): void;
  afterCommit?(jobs: number): void;
  /** What was applied since the last commit is undone: forget what memory says about it. */
  afterRollback?(): void;
  /** Before the file is closed in good order. */
  beforeClose?(): void;
  afterClose?(): void;
}

export interface GroupCommitService<Job, Reply, Options> {
  /** Throws {@link JobRefused} to tell the calling side why it cannot open. */
  open(options: Options): GroupCommitHandler<Job, Reply> | Promise<GroupCommitHandler<Job, Reply>>;
}

/** Does nothing in the main thread, where an entry module is imported only to fill the compile cache. */
export async function serveGroupCommit<Job, Reply, Options>(
  service: GroupCommitService<Job, Reply, Options>,
): Promise<void> {
  const port = parentPort;
  if (port === null) return;
  const tell = (message: WriterMessage) => port.postMessage(message);
  try {
    const handler = await service.open(workerData as Options);
    const groups = new Groups(handler, tell);
    port.on('message', (jobs: Job[] | null) => serve(groups, port, jobs));
    tell({ kind: 'opened', info: handler.info });
    releaseStartMemory();
  } catch (error) {
    const refusal = error instanceof JobRefused ? error.refusal : undefined;
    tell({ kind: 'not-opened', message: (error as Error).message, refusal, fault: sqliteFault(error) ?? 'job' });
    port.close();
  }
}

function serve<Job, Reply>(groups: Groups<Job, Reply>, port: MessagePort, first: Job[] | null): void {
  let closing = groups.add(first);
  const drain = () => {
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
      closing = groups.add(next.message as Job[] | null) || closing;
    }
  };
  drain();
  while (groups.waiting > 0) {
    groups.run();
    drain();
  }
  if (!closing) return;
  groups.close();
  port.close();
}

class Groups<Job, Reply> {
  readonly #handler: GroupCommitHandler<Job, Reply>;
  readonly #tell: (message: WriterMessage) => void;
  #queue: Job[] = [];
  #next = 0;
  /** Why nothing is written any more. */
  #broken: string | null = null;

  constructor(handler: GroupCommitHandler<Job, Reply>, tell: (message: WriterMessage) => void) {
    this.#handler = handler;
    this.#tell = tell;
  }

  get waiting(): number {
    return this.#queue.length - this.#next;
  }

  /** True: close after what is queued. */
  add(jobs: Job[] | null): boolean {
    if (jobs === null) return true;
    if (this.waiting === 0) {
      this.#queue = jobs;
      this.#next = 0;
    } else {
      for (const job of jobs) this.#queue.push(job);
    }
    return false;
  }

  run(): void {
    const start = this.#next;
    const replies: unknown[] = [];
    const faults: [number, JobFault][] = [];
    if (this.#broken !== null)
      this.#failFrom(start, { kind: 'failed', message: this.#broken, outcome: 'not-applied', fault: 'broken' });
    else if (this.#isAlone(start)) this.#runAlone(replies, faults);
    else this.#runGroup(start, replies, faults);
    if (replies.length > 0) this.#tell({ kind: 'replies', replies, faults });
  }

  close(): void {
    if (this.#broken === null) this.#handler.beforeClose?.();
    this.#handler.database.close();
    this.#handler.afterClose?.();
  }

  #isAlone(index: number): boolean {
    const job = this.#queue[index];
    return job !== undefined && this.#handler.isAlone?.(job) === true;
  }

  #runAlone(replies: unknown[], faults: [number, JobFault][]): void {
    const job = this.#queue[this.#next] as Job;
    this.#next += 1;
    try {
      replies.push(this.#handler.applyAlone?.(job));
    } catch (error) {
      replies.push(null);
      faults.push([0, this.#faultOf(error)]);
    }
  }

  #runGroup(start: number, replies: unknown[], faults: [number, JobFault][]): void {
    const { database } = this.#handler;
    this.#handler.beforeGroup?.(this.#queue.slice(start, start + GROUP_JOBS_MAX));
    try {
      database.statement('BEGIN IMMEDIATE').run();
      this.#applyAll(replies, faults);
      this.#handler.beforeCommit?.();
      database.statement('COMMIT').run();
    } catch (error) {
      this.#undo();
      replies.length = 0;
      faults.length = 0;
      const ofTheFile = sqliteFault(error) !== null || error instanceof WriterFenced;
      if (ofTheFile) this.#failGroup(start, error);
      else this.#runIsolated(start, replies, faults);
      return;
    }
    this.#handler.afterCommit?.(replies.length);
  }

  #applyAll(replies: unknown[], faults: [number, JobFault][]): void {
    const until = performance.now() + GROUP_MS_MAX;
    while (this.#next < this.#queue.length && replies.length < GROUP_JOBS_MAX) {
      if (replies.length > 0 && (this.#isAlone(this.#next) || performance.now() > until)) return;
      const job = this.#queue[this.#next] as Job;
      this.#next += 1;
      try {
        replies.push(this.#handler.apply(job));
      } catch (error) {
        if (!(error instanceof JobRefused)) throw error;
        faults.push([replies.length, { kind: 'refused', refusal: error.refusal }]);
        replies.push(null);
      }
    }
  }

  /** One job of the group failed by its own fault: run them again, each under a savepoint, so that it fails alone. */
  #runIsolated(start: number, replies: unknown[], faults: [number, JobFault][]): void {
    const { database } = this.#handler;
    try {
      database.statement('BEGIN IMMEDIATE').run();
      for (let index = start; index < this.#next; index += 1)
        this.#applyIsolated(this.#queue[index] as Job, replies, faults);
      database.statement('COMMIT').run();
    } catch (error) {
      this.#undo();
      replies.length = 0;
      faults.length = 0;
      this.#failGroup(start, error);
      return;
    }
    this.#handler.afterCommit?.(replies.length);
  }

  #applyIsolated(job: Job, replies: unknown[], faults: [number, JobFault][]): void {
    const handler = this.#handler;
    try {
      const reply = handler.database.savepoint(() => {
        const applied = handler.apply(job);
        handler.beforeCommit?.();
        return applied;
      });
      replies.push(reply);
    } catch (error) {
      if (sqliteFault(error) !== null || error instanceof WriterFenced) throw error;
      if (!(error instanceof JobRefused)) handler.afterRollback?.();
      faults.push([replies.length, this.#faultOf(error)]);
      replies.push(null);
    }
  }

  #failGroup(start: number, error: unknown): void {
    const fault = this.#faultOf(error);
    const fatal = error instanceof WriterFenced || sqliteFault(error) === 'broken';
    if (fatal) {
      this.#broken = `the writer has stopped: ${(error as Error).message}`;
      this.#tell({ kind: 'stopped', message: this.#broken });
    }
    // Without a transaction not even begun, nothing that waits can be written either.
    this.#failFrom(start, fault, this.#next === start ? this.#queue.length : this.#next);
  }

  #failFrom(start: number, fault: JobFault, end = this.#queue.length): void {
    const count = end - start;
    this.#next = end;
    const replies = new Array<null>(count).fill(null);
    this.#tell({ kind: 'replies', replies, faults: replies.map((_, index) => [index, fault]) });
  }

  #faultOf(error: unknown): JobFault {
    if (error instanceof JobRefused) return { kind: 'refused', refusal: error.refusal };
    const fault = sqliteFault(error) ?? 'job';
    return {
      kind: 'failed',
      message: (error as Error).message,
      outcome: fault === 'broken' ? 'unknown' : 'not-applied',
      fault,
    };
  }

  #undo(): void {
    this.#handler.database.rollback();
    this.#handler.afterRollback?.();
  }
}

/** Thrown by a handler when the file belongs to another writer now: nothing may be written any more. */
export class WriterFenced extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'WriterFenced';
  }
}
