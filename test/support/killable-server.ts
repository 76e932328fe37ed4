/** A server of a test's own, started by one of `scripts/servers`, to be killed and started again over the same data and port. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface KillableServer {
  /** As the script prints it. */
  readonly address: string;
  kill(): Promise<void>;
  startAgain(): Promise<void>;
  remove(): Promise<void>;
}

export interface ServerScript {
  /** In `scripts/servers`. */
  readonly file: string;
  /** Of its variables: `MUNIMENT_<name>_DATA`, `MUNIMENT_<name>_PORT`. */
  readonly name: string;
  readonly env?: Readonly<Record<string, string>>;
  /** How it is ended when nothing of its data is wanted any more. */
  readonly end: NodeJS.Signals;
}

const READY = /^ready (\S*?127\.0\.0\.1:(\d+)\S*) pid=(\d+)$/m;

export async function killableServer(script: ServerScript): Promise<KillableServer> {
  const folder = await mkdtemp(join(tmpdir(), `muniment-${script.name.toLowerCase()}-server-`));
  let running = await start(script, folder);
  const { address, port } = running;
  const ended = async (signal: NodeJS.Signals) => {
    if (running.process.exitCode !== null) return;
    const exited = once(running.process, 'exit');
    process.kill(running.pid, signal);
    await exited;
  };
  return {
    address,
    kill: () => ended('SIGKILL'),
    async startAgain() {
      running = await start(script, folder, port);
    },
    async remove() {
      await ended(script.end);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Running {
  /** Of the script, which ends when its server does. */
  readonly process: ChildProcess;
  readonly address: string;
  readonly port: string;
  /** Of the server. */
  readonly pid: number;
}

async function start({ file, name, env }: ServerScript, folder: string, onPort?: string): Promise<Running> {
  const path = fileURLToPath(new URL(`../../scripts/servers/${file}`, import.meta.url));
  const child = spawn(process.execPath, [path], {
    env: {
      ...process.env,
      ...env,
      [`MUNIMENT_${name}_DATA`]: folder,
      ...(onPort === undefined ? {} : { [`MUNIMENT_${name}_PORT`]: onPort }),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    output += String(chunk);
    const [, address, port, pid] = READY.exec(output) ?? [];
    if (address !== undefined && port !== undefined) return { process: child, address, port, pid: Number(pid) };
  }
  throw new Error(`${file} ended before it was ready`);
}
