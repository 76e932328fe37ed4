/** A broker of a test's own, to be killed and started again over the same data and port. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../../scripts/servers/kafka.mjs', import.meta.url));
const READY = /^ready (127\.0\.0\.1:(\d+)) pid=(\d+)$/m;

export interface KafkaServer {
  /** `host:port`. */
  readonly broker: string;
  kill(): Promise<void>;
  startAgain(): Promise<void>;
  remove(): Promise<void>;
}

export async function kafkaServer(): Promise<KafkaServer> {
  const folder = await mkdtemp(join(tmpdir(), 'muniment-kafka-server-'));
  let running = await start(folder);
  const { broker, port } = running;
  const ended = async (signal: NodeJS.Signals) => {
    if (running.script.exitCode !== null) return;
    const exited = once(running.script, 'exit');
    process.kill(running.pid, signal);
    await exited;
  };
  return {
    broker,
    kill: () => ended('SIGKILL'),
    async startAgain() {
      running = await start(folder, port);
    },
    async remove() {
      await ended('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Running {
  readonly script: ChildProcess;
  readonly broker: string;
  readonly port: string;
  readonly pid: number;
}

async function start(folder: string, onPort?: string): Promise<Running> {
  const env = { ...process.env, MUNIMENT_KAFKA_DATA: folder };
  const script = spawn(process.execPath, [SCRIPT], {
    env: onPort === undefined ? env : { ...env, MUNIMENT_KAFKA_PORT: onPort },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  for await (const chunk of script.stdout.setEncoding('utf8')) {
    output += String(chunk);
    const [, broker, port, pid] = READY.exec(output) ?? [];
    if (broker !== undefined && port !== undefined) return { script, broker, port, pid: Number(pid) };
  }
  throw new Error('the broker ended before it was ready');
}
