/** Runs `test/crash/eventstore-endpoint-process.ts`: a server in a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const SCRIPT = new URL('../crash/eventstore-endpoint-process.ts', import.meta.url).pathname;

export interface EndpointProcess {
  readonly port: number;
  /** kill -9. */
  kill(): Promise<void>;
}

export async function startEndpointProcess(directory: string, port = 0): Promise<EndpointProcess> {
  const child = spawn(process.execPath, [SCRIPT, directory, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  const first = once(createInterface({ input: child.stdout }), 'line');
  const ended = closed.then(() => Promise.reject(new Error('the server ended before it was ready')));
  // After the first line nobody listens any more.
  ended.catch(() => undefined);
  const [line] = await Promise.race([first, ended]);
  return {
    port: Number(line),
    async kill() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

export interface EndpointProcessInFolder extends EndpointProcess {
  dispose(): Promise<void>;
}

export async function endpointProcessInFolder(): Promise<EndpointProcessInFolder> {
  const directory = await mkdtemp(join(tmpdir(), 'muniment-endpoint-'));
  const server = await startEndpointProcess(directory);
  return {
    ...server,
    async dispose() {
      await server.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
