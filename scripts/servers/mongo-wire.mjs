#!/usr/bin/env node
/**
 * A server that speaks MongoDB's wire protocol, for tests: SecantusDB, a separate program that is installed into a
 * Python environment of its own on first use. It reports itself as MongoDB 8.2, a replica set of one.
 *
 *   node scripts/servers/mongo-wire.mjs                    stays until SIGTERM or SIGINT
 *   node scripts/servers/mongo-wire.mjs npx vitest run …   runs the command and ends with its exit status
 *
 * The command finds the address in MUNIMENT_MONGO_URL. Data lies in a temporary folder, removed at the end.
 *
 *   MUNIMENT_MONGO_DATA  a folder to use instead and to keep: a later start goes on with its data
 *   MUNIMENT_MONGO_PORT  the port to listen on; default: a free one
 *   MUNIMENT_MONGO_SYNC  1: every commit reaches the disk (for tests that kill the server)
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const VERSION = '0.7.0b3';
const START_MS_MAX = 60_000;
const STOP_MS_MAX = 10_000;
const POLL_MS = 50;
const CACHE_SIZE = '128M';
const END_SIGNALS = ['SIGTERM', 'SIGINT'];

const cache = process.env.MUNIMENT_CACHE ?? join(homedir(), '.cache', 'muniment');
const binaries = process.platform === 'win32' ? 'Scripts' : 'bin';

function installed() {
  const home = join(cache, `mongo-wire-${VERSION}`);
  if (existsSync(join(home, '.complete'))) return home;
  mkdirSync(cache, { recursive: true });
  rmSync(home, { recursive: true, force: true });
  process.stderr.write(`installing SecantusDB ${VERSION} into ${home}\n`);
  run('python3', ['-m', 'venv', home]);
  const quiet = ['install', '--quiet', '--disable-pip-version-check', '--only-binary=:all:'];
  run(join(home, binaries, 'pip'), [...quiet, `SecantusDB==${VERSION}`]);
  writeFileSync(join(home, '.complete'), '');
  return home;
}

function run(program, args) {
  const { status, error } = spawnSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${args[0]} ended with status ${status}`);
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (isOpen) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}

async function untilReady(server, port, log) {
  const deadline = Date.now() + START_MS_MAX;
  while (!(await answers(port))) {
    if (server.exitCode !== null) throw new Error(`the server ended while starting:\n${readFileSync(log, 'utf8')}`);
    if (Date.now() > deadline) throw new Error(`the server did not answer within ${START_MS_MAX} ms`);
    await pause(POLL_MS);
  }
}

async function stop(server) {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, 'exit');
  server.kill('SIGTERM');
  const isGone = await Promise.race([exited.then(() => true), pause(STOP_MS_MAX, false, { ref: false })]);
  if (isGone) return;
  server.kill('SIGKILL');
  await exited;
}

function start(home, port, folder) {
  const config = join(folder, 'empty.toml');
  writeFileSync(config, '');
  const log = join(folder, 'server.log');
  const output = openSync(log, 'a');
  const flags = process.env.MUNIMENT_MONGO_SYNC === '1' ? ['--sync-on-commit'] : [];
  const place = ['--config', config, '--host', '127.0.0.1', '--port', String(port)];
  const storage = ['--storage-path', join(folder, 'data'), '--cache-size', CACHE_SIZE, '--log-level', 'WARNING'];
  const program = join(home, binaries, 'secantusd-py');
  return { log, server: spawn(program, [...place, ...storage, ...flags], { stdio: ['ignore', output, output] }) };
}

async function nested([program, ...args], url) {
  const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, MUNIMENT_MONGO_URL: url } });
  for (const signal of END_SIGNALS) process.on(signal, () => child.kill(signal));
  const [code] = await once(child, 'exit');
  return code ?? 1;
}

async function main() {
  const home = installed();
  const kept = process.env.MUNIMENT_MONGO_DATA;
  const folder = kept ?? mkdtempSync(join(tmpdir(), 'muniment-mongo-wire-'));
  mkdirSync(folder, { recursive: true });
  const port = Number(process.env.MUNIMENT_MONGO_PORT ?? (await freePort()));
  const { server, log } = start(home, port, folder);
  const ended = Promise.race(END_SIGNALS.map((signal) => once(process, signal)));
  try {
    await untilReady(server, port, log);
    const url = `mongodb://127.0.0.1:${port}/`;
    process.stdout.write(`ready ${url} pid=${server.pid}\n`);
    const command = process.argv.slice(2);
    if (command.length > 0) process.exitCode = await nested(command, url);
    else await Promise.race([ended, once(server, 'exit')]);
  } finally {
    await stop(server);
    if (kept === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

await main();
