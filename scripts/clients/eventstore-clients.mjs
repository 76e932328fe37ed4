#!/usr/bin/env node
/**
 * The official EventStoreDB clients for Python and Go, for tests: each Python package in an environment of its own (they
 * do not stand beside each other), Go modules in Go's module cache; all installed on first use.
 *
 *   node scripts/clients/eventstore-clients.mjs npx vitest run …   runs the command and ends with its exit status
 *
 * The command finds the environments in the folder MUNIMENT_TEST_CLIENTS, by the names of the packages.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cache, run } from '../servers/served.mjs';

const PACKAGES = { esdbclient: '1.1.7', kurrentdbclient: '1.3.5' };
const GO_MODULE = fileURLToPath(new URL('../../test/protocol/eventstore-endpoint/smoke/go', import.meta.url));

const binaries = process.platform === 'win32' ? 'Scripts' : 'bin';

function install(folder, name, version) {
  const home = join(folder, name);
  const complete = join(home, `.complete-${version}`);
  if (existsSync(complete)) return;
  mkdirSync(folder, { recursive: true });
  rmSync(home, { recursive: true, force: true });
  process.stderr.write(`installing ${name} ${version} into ${home}\n`);
  run('python3', ['-m', 'venv', home]);
  const quiet = ['install', '--quiet', '--disable-pip-version-check', '--only-binary=:all:'];
  run(join(home, binaries, 'pip'), [...quiet, `${name}==${version}`]);
  writeFileSync(complete, '');
}

const folder = join(cache, 'eventstore-clients');
for (const [name, version] of Object.entries(PACKAGES)) install(folder, name, version);
run('go', ['mod', 'download'], { cwd: GO_MODULE });

const [program, ...args] = process.argv.slice(2);
if (program !== undefined) {
  const env = { ...process.env, MUNIMENT_TEST_CLIENTS: folder };
  const { status, error } = spawnSync(program, args, { stdio: 'inherit', env });
  if (error !== undefined) throw error;
  process.exitCode = status ?? 1;
}
