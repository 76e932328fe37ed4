/** A server of a test's own, to be killed and started again over the same data and port. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../../scripts/servers/mongo-wire.mjs', import.meta.url));
const READY = /^ready (mongodb:\/\/127\.0\.0\.1:(\d+)\/) pid=(\d+)$/m;

export interface MongoServer {
  readonly url: string;
  kill(): Promise<void>;
  startAgain(): Promise<void>;
  remove(): Promise<void>;
}

/** Every acknowledged write is on its disk. */
export async function mongoServer(): Promise<MongoServer> {
  const folder = await mkdtemp(join(tmpdir(), 'muniment-mongo-server-'));
  let running = await start(folder);
  const { url, port } = running;
  const ended = async (signal: NodeJS.Signals) => {
    if (running.script.exitCode !== null) return;
    const exited = once(running.script, 'exit');
    process.kill(running.pid, signal);
    await exited;
  };
  return {
    url,
    kill: () => ended('SIGKILL'),
    async startAgain() {
      running = await start(folder, port);
    },
    async remove() {
      await ended('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Running {
  readonly script: ChildProcess;
  readonly url: string;
  readonly port: string;
  readonly pid: number;
}

async function start(folder: string, onPort?: string): Promise<Running> {
  const env = { ...process.env, MUNIMENT_MONGO_DATA: folder, MUNIMENT_MONGO_SYNC: '1' };
  const script = spawn(process.execPath, [SCRIPT], {
    env: onPort === undefined ? env : { ...env, MUNIMENT_MONGO_PORT: onPort },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  for await (const chunk of script.stdout.setEncoding('utf8')) {
    output += String(chunk);
    const [, url, port, pid] = READY.exec(output) ?? [];
    if (url !== undefined && port !== undefined) return { script, url, port, pid: Number(pid) };
  }
  throw new Error('the server ended before it was ready');
}
