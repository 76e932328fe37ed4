/** Runs `test/crash/event-store-process.ts` and listens to it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const SCRIPT = new URL('../crash/event-store-process.ts', import.meta.url).pathname;

export interface StoreProcess {
  readonly pid: number;
  /** Lines printed after `ready`. */
  readonly lines: readonly string[];
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** kill -9, and all it has printed is read. */
  kill(): Promise<void>;
}

export async function startStoreProcess(directory: string, task: 'hold' | 'write'): Promise<StoreProcess> {
  const child: ChildProcess = spawn(process.execPath, [SCRIPT, directory, task], { stdio: ['ignore', 'pipe', 'pipe'] });
  if (child.stdout === null || child.stderr === null || child.pid === undefined)
    throw new Error('the process has no output');
  const lines: string[] = [];
  const errors: string[] = [];
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  const printed = createInterface({ input: child.stdout });
  printed.on('line', (line) => (line === 'ready' ? resolve() : lines.push(line)));
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line));
  const closed = once(child, 'close');
  void closed.then(() => reject(new Error(`the process ended: ${errors.join('\n')}`)));
  await ready;
  return {
    pid: child.pid,
    lines,
    signal: (signal) => child.kill(signal),
    async kill() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}
