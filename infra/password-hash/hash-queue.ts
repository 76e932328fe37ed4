/** Admission control for hashing: as many at once as there are cores, a bounded number waiting, the rest refused. */
import { HashQueueFull } from './password-hasher.ts';

/** Weight of the newest duration in the running mean that `Retry-After` is computed from. */
const MEAN_WEIGHT = 0.1;
const RETRY_AFTER_S_MAX = 60;
/** How long a finished hash may wait for others, so that what follows on them is done together. */
const HELD_MS_MAX = 100;

export interface HashQueueOptions {
  readonly concurrency: number;
  readonly queueMax: number;
  readonly onDone?: (seconds: number) => void;
  readonly onRefused?: () => void;
}

export interface HashQueue {
  /** First come, first served. `HashQueueFull` at once when `queueMax` are waiting. */
  run<Value>(work: () => Promise<Value>): Promise<Value>;
  waiting(): number;
  /** What waits is refused, what runs ends. */
  close(): Promise<void>;
}

interface Waiting {
  readonly start: () => void;
  readonly refuse: (error: Error) => void;
}

export function createHashQueue({ concurrency, queueMax, onDone, onRefused }: HashQueueOptions): HashQueue {
  const queue: Waiting[] = [];
  const running = new Set<Promise<unknown>>();
  const held: (() => void)[] = [];
  let heldUntil: NodeJS.Timeout | null = null;
  let meanS = 0.02;
  let closed = false;

  const retryAfterS = (): number =>
    Math.min(RETRY_AFTER_S_MAX, Math.ceil(((queue.length + running.size) / concurrency) * meanS) || 1);

  async function measured<Value>(work: () => Promise<Value>): Promise<Value> {
    const startedMs = performance.now();
    const value = await work();
    const seconds = (performance.now() - startedMs) / 1000;
    meanS += MEAN_WEIGHT * (seconds - meanS);
    onDone?.(seconds);
    return value;
  }

  /**
   * While more wait than have just ended, what ended is handed on together: the requests behind it then run one after
   * the other in warm caches and share their commits, instead of each waking every thread between two hashes. Nobody
   * is served later for it but by `HELD_MS_MAX`, and only where the queue alone makes everybody wait longer.
   */
  function together(): Promise<void> | null {
    if (held.length >= queue.length) {
      release();
      return null;
    }
    heldUntil ??= setTimeout(release, HELD_MS_MAX);
    return new Promise((resolve) => held.push(resolve));
  }

  function release(): void {
    if (heldUntil !== null) clearTimeout(heldUntil);
    heldUntil = null;
    for (const resolve of held.splice(0)) resolve();
  }

  async function start<Value>(work: () => Promise<Value>): Promise<Value> {
    const task = measured(work).finally(() => {
      running.delete(task);
      if (running.size < concurrency) queue.shift()?.start();
    });
    running.add(task);
    const value = await task;
    await together();
    return value;
  }

  return {
    async run(work) {
      if (closed) throw new Error('the password hash queue is closed');
      if (running.size < concurrency) return start(work);
      if (queue.length >= queueMax) {
        onRefused?.();
        throw new HashQueueFull(retryAfterS());
      }
      return new Promise((resolve, reject) => {
        queue.push({ start: () => resolve(start(work)), refuse: reject });
      });
    },
    waiting: () => queue.length,
    async close() {
      closed = true;
      for (const { refuse } of queue.splice(0)) refuse(new Error('the password hash queue was closed'));
      release();
      await Promise.allSettled(running);
    },
  };
}
