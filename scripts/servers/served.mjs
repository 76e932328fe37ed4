/**
 * What the servers of this folder have in common: a folder for their data, a free port, readiness, a nested command, and
 * an end that leaves nothing behind.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const START_MS_MAX = 90_000;
const STOP_MS_MAX = 15_000;
const POLL_MS = 50;
const END_SIGNALS = ['SIGTERM', 'SIGINT'];

/** Where programs are installed to, once for all checkouts. */
export const cache = process.env.MUNIMENT_CACHE ?? join(homedir(), '.cache', 'muniment');

/** Runs to its end; throws what it printed when it fails. */
export function run(program, args, options = {}) {
  const { status, error, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', ...options });
  if (error !== undefined) throw new Error(`${program} cannot be run`, { cause: error });
  if (status !== 0) throw new Error(`${program} ${args[0]} ended with status ${status}:\n${stdout}${stderr}`);
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * `name`: of the temporary folder. `data`: a folder to use instead and to keep. `start(folder, launch)` resolves to
 * `{ server, address, environment, isReady }`: the process, what is printed, what the nested command gets, and an
 * asynchronous question asked until it says true. Without a command in the arguments: until SIGTERM or SIGINT.
 */
export async function serve({ name, data, start }) {
  const folder = data ?? mkdtempSync(join(tmpdir(), `muniment-${name}-`));
  mkdirSync(folder, { recursive: true });
  const ended = Promise.race(END_SIGNALS.map((signal) => once(process, signal)));
  const log = join(folder, 'server.log');
  // Emptied, so that what an earlier start said is not taken for what this one says.
  const output = openSync(log, 'w');
  const launch = (program, args) => spawn(program, args, { stdio: ['ignore', output, output] });
  const said = () => readFileSync(log, 'utf8');
  let server = null;
  try {
    const started = await start(folder, launch);
    server = started.server;
    await untilReady(server, { isReady: () => started.isReady(said()), said });
    process.stdout.write(`ready ${started.address} pid=${server.pid}\n`);
    const command = process.argv.slice(2);
    if (command.length > 0) process.exitCode = await nested(command, started.environment);
    else await Promise.race([ended, once(server, 'exit')]);
  } finally {
    if (server !== null) await stop(server);
    if (data === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

async function untilReady(server, { isReady, said }) {
  let failure = null;
  server.once('error', (error) => {
    failure = error;
  });
  const deadline = Date.now() + START_MS_MAX;
  while (!(await isReady())) {
    if (failure !== null) throw failure;
    if (server.exitCode !== null) throw new Error(`the server ended while starting:\n${said()}`);
    if (Date.now() > deadline) throw new Error(`the server did not answer within ${START_MS_MAX} ms:\n${said()}`);
    await pause(POLL_MS);
  }
}

async function stop(server) {
  if (server.exitCode !== null || server.signalCode !== null || server.pid === undefined) return;
  const exited = once(server, 'exit');
  server.kill('SIGTERM');
  const isGone = await Promise.race([exited.then(() => true), pause(STOP_MS_MAX, false, { ref: false })]);
  if (isGone) return;
  server.kill('SIGKILL');
  await exited;
}

async function nested([program, ...args], environment) {
  const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, ...environment } });
  for (const signal of END_SIGNALS) process.on(signal, () => child.kill(signal));
  const [code] = await once(child, 'exit');
  return code ?? 1;
}
