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
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { cache, freePort, run, serve } from './served.mjs';

const VERSION = '0.7.0b3';
const CACHE_SIZE = '128M';

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

await serve({
  name: 'mongo-wire',
  data: process.env.MUNIMENT_MONGO_DATA,
  async start(folder, launch) {
    const home = installed();
    const port = Number(process.env.MUNIMENT_MONGO_PORT ?? (await freePort()));
    const config = join(folder, 'empty.toml');
    writeFileSync(config, '');
    const flags = process.env.MUNIMENT_MONGO_SYNC === '1' ? ['--sync-on-commit'] : [];
    const place = ['--config', config, '--host', '127.0.0.1', '--port', String(port)];
    const storage = ['--storage-path', join(folder, 'data'), '--cache-size', CACHE_SIZE, '--log-level', 'WARNING'];
    const url = `mongodb://127.0.0.1:${port}/`;
    return {
      server: launch(join(home, binaries, 'secantusd-py'), [...place, ...storage, ...flags]),
      address: url,
      environment: { MUNIMENT_MONGO_URL: url },
      isReady: () => answers(port),
    };
  },
});
