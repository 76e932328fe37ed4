/** Runs `test/crash/stream-process.ts` and listens to it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../crash/stream-process.ts', import.meta.url));

export interface StreamProcess {
  /** Ids of events that the log has acknowledged. */
  readonly acknowledged: readonly string[];
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  writeNoMore(): void;
}

export async function startStreamProcess(directory: string, broker: string, prefix: string): Promise<StreamProcess> {
  const child = spawn(process.execPath, [SCRIPT, directory, broker, prefix], { stdio: ['ignore', 'pipe', 'pipe'] });
  const acknowledged: string[] = [];
  const errors: string[] = [];
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on('line', (line) =>
    line === 'ready' ? resolve() : acknowledged.push(line),
  );
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line));
  const closed = once(child, 'close');
  void closed.then(() => reject(new Error(`the process ended: ${errors.join('\n')}`)));
  await ready;
  return {
    acknowledged,
    async end(signal) {
      child.kill(signal);
      await closed;
    },
    writeNoMore: () => child.kill('SIGUSR2'),
  };
}
