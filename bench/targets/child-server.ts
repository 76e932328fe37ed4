/** A server in its own process: start, wait until it answers, stop. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

const READY_MS_MAX = 60_000;
const STOP_MS_MAX = 15_000;
const PROBE_PAUSE_MS = 5;
const OUTPUT_CHARACTERS_KEPT = 4_000;

export interface ChildServer {
  readonly pid: number;
  readonly process: ChildProcess;
  readonly readyMs: number;
  stop(): Promise<void>;
}

export interface ChildServerOptions {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Answers 2xx once the server is ready. */
  readonly probe: URL;
  /** With a message channel to the process. */
  readonly ipc?: true;
}

export async function startChildServer(options: ChildServerOptions): Promise<ChildServer> {
  const { args, cwd, env, probe, ipc } = options;
  const started = performance.now();
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ipc === true ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString('utf8')).slice(-OUTPUT_CHARACTERS_KEPT);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const stop = () => stopChild(child);
  try {
    await untilReady(child, probe, started);
  } catch (error) {
    await stop();
    throw new Error(`the server did not become ready: ${String(error)}\n${output}`, { cause: error });
  }
  return { pid: child.pid ?? 0, process: child, readyMs: performance.now() - started, stop };
}

async function untilReady(child: ChildProcess, probe: URL, started: number): Promise<void> {
  while (performance.now() - started < READY_MS_MAX) {
    if (child.exitCode !== null) throw new Error(`it ended with code ${child.exitCode}`);
    if (await answers(probe)) return;
    await pause(PROBE_PAUSE_MS);
  }
  throw new Error(`not within ${READY_MS_MAX} ms`);
}

async function answers(probe: URL): Promise<boolean> {
  try {
    const response = await fetch(probe, { signal: AbortSignal.timeout(1_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch (error) {
    if (error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError')) return false;
    throw error;
  }
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
  await ended;
  clearTimeout(timer);
}

/** Free at the moment of asking. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('the operating system gave no port');
  return address.port;
}
