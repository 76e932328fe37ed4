/** Waits for the log to grow: by the signal the writer gives after each commit, or by asking at intervals. */

export const POLL_MS = 50;
/** A wait in shared memory cannot be taken back, so each is short enough to be left behind. */
const SIGNAL_WAIT_MS = 5_000;
const KEEP_ALIVE_MS = 1_000;

interface Waiter {
  readonly after: bigint;
  readonly wake: () => void;
}

export interface HeadWatch {
  /** Position of the last committed event. */
  head(): bigint;
  /** Resolves when the head is behind `after`, or on {@link Wait.cancel}. */
  wait(after: bigint): Wait;
  close(): void;
}

export interface Wait {
  readonly done: Promise<void>;
  cancel(): void;
}

/** `readHead` is asked where there is no signal. */
export function watchHead(signal: SharedArrayBuffer | null, readHead: () => bigint): HeadWatch {
  const view = signal === null ? null : new BigInt64Array(signal);
  const waiters = new Set<Waiter>();
  let armed = false;
  let alive: NodeJS.Timeout | null = null;
  const head = (): bigint => (view === null ? readHead() : Atomics.load(view, 0));

  const look = (): void => {
    armed = false;
    if (waiters.size === 0) return;
    const now = head();
    for (const waiter of waiters) if (waiter.after < now) waiter.wake();
    arm(now);
  };
  // A wait in shared memory alone does not keep a thread running.
  const keepAlive = (): void => {
    alive ??= setInterval(() => {
      if (waiters.size === 0) rest();
    }, KEEP_ALIVE_MS);
  };
  const rest = (): void => {
    if (alive !== null) clearInterval(alive);
    alive = null;
  };
  const arm = (seen: bigint): void => {
    if (armed || waiters.size === 0) return;
    armed = true;
    if (view === null) {
      setTimeout(look, POLL_MS);
      return;
    }
    const wait = Atomics.waitAsync(view, 0, seen, SIGNAL_WAIT_MS);
    if (wait.async) void wait.value.then(look);
    else queueMicrotask(look);
  };

  return {
    head,
    wait(after) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const waiter: Waiter = { after, wake: () => settle() };
      const settle = (): void => {
        waiters.delete(waiter);
        resolve();
      };
      waiters.add(waiter);
      keepAlive();
      const seen = head();
      if (after < seen) settle();
      arm(seen);
      return { done: promise, cancel: settle };
    },
    close() {
      for (const waiter of waiters) waiter.wake();
      rest();
    },
  };
}
