#!/usr/bin/env node
/**
 * An independent tester of SCIM servers: scim2-tester, a separate program that is installed into a Python environment
 * of its own on first use (Python 3.11 or later).
 *
 *   node scripts/servers/scim-tester.mjs                                    installs it
 *   node scripts/servers/scim-tester.mjs https://server.example/scim2/      runs it
 *
 * MUNIMENT_SCIM_AUTHORIZATION holds the Authorization header of an administrator. It makes, changes and deletes users.
 * Prints one JSON object a line: status (SUCCESS, ERROR, …), title, resourceType, reason.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cache, run } from './served.mjs';

const VERSION = '0.5.2';
const PACKAGES = [`scim2-tester==${VERSION}`, 'scim2-client[httpx2]==0.13.2', 'scim2-models==0.12.3'];
const binaries = process.platform === 'win32' ? 'Scripts' : 'bin';

function installed() {
  const home = join(cache, `scim-tester-${VERSION}`);
  if (existsSync(join(home, '.complete'))) return home;
  mkdirSync(cache, { recursive: true });
  rmSync(home, { recursive: true, force: true });
  process.stderr.write(`installing scim2-tester ${VERSION} into ${home}\n`);
  run('python3', ['-m', 'venv', home]);
  const quiet = ['install', '--quiet', '--disable-pip-version-check', '--only-binary=:all:'];
  run(join(home, binaries, 'pip'), [...quiet, ...PACKAGES]);
  writeFileSync(join(home, '.complete'), '');
  return home;
}

const home = installed();
const [address] = process.argv.slice(2);
if (address !== undefined) {
  const program = fileURLToPath(new URL('scim_tester.py', import.meta.url));
  run(join(home, binaries, 'python'), [program, address], { stdio: ['ignore', 'inherit', 'inherit'] });
}
