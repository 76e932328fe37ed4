/** The server as an operator runs it: a process of its own, spoken to over HTTP, ended by signals. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const START_FILE = fileURLToPath(new URL('../../muniment.ts', import.meta.url));
const READY = /^Muniment is ready at (\S+)$/m;
const READY_MS_MAX = 20_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Standard output, and standard error after it. */
  readonly output: string;
  readonly errors: string;
}

export interface ServerProcess {
  readonly url: string;
  readonly readyAfterMs: number;
  readonly pid: number;
  /** What it has printed so far. */
  printed(): string;
  end(signal: NodeJS.Signals): Promise<Ended>;
}

export type Variables = Readonly<Record<string, string>>;

/** Cheap password hashing, no metrics, a free port. */
export const variablesFor = (directory: string, more: Variables = {}): Variables => ({
  MUNIMENT_DATA: directory,
  MUNIMENT_PORT: '0',
  MUNIMENT_HOST: '127.0.0.1',
  MUNIMENT_ARGON2_MEMORY_KIB: '7168',
  MUNIMENT_ARGON2_PASSES: '1',
  MUNIMENT_METRICS: 'off',
  MUNIMENT_TLS: 'off',
  ...more,
});

/** For servers that must come back under the same address, which stands in their tokens. */
export async function freePort(): Promise<string> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return String(port);
}

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  printed(): string;
}

/** Any subcommand; nothing of this process's own configuration goes along. */
export function spawnMuniment(args: readonly string[], variables: Variables, input?: string): Running {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('MUNIMENT_'));
  const env = { ...Object.fromEntries(inherited), ...variables };
  const child = spawn(process.execPath, [START_FILE, ...args], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  child.stdin.end(input ?? '');
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, output, errors }));
  });
  return { child, ended, printed: () => output };
}

export const runMuniment = async (args: readonly string[], variables: Variables, input?: string): Promise<Ended> =>
  await spawnMuniment(args, variables, input).ended;

/** Resolves when it says that it is ready. */
export async function startProcess(variables: Variables): Promise<ServerProcess> {
  const startedMs = performance.now();
  const { child, ended, printed } = spawnMuniment(['start'], variables);
  const url = await new Promise<string>((resolve, reject) => {
    const late = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the server is not ready after ${READY_MS_MAX} ms`));
    }, READY_MS_MAX);
    child.stdout?.on('data', () => {
      const match = READY.exec(printed());
      if (match === null) return;
      clearTimeout(late);
      resolve(match[1] ?? '');
    });
    void ended.then(({ code, output, errors }) => {
      clearTimeout(late);
      reject(new Error(`the server ended with ${code}: ${output}${errors}`));
    });
  });
  return {
    url,
    readyAfterMs: performance.now() - startedMs,
    pid: child.pid ?? 0,
    printed,
    async end(signal) {
      child.kill(signal);
      return await ended;
    },
  };
}
