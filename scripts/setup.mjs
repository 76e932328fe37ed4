/**
 * Makes sure that the packages of package-lock.json are installed, before `npm start` and `npm test`. Plain JavaScript
 * for Node 20 and later without any package, because it runs before there are packages. Does nothing when all is there.
 * `--omit=dev`: missing development packages are no reason to install.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MIN = 24;
const NODE_MINOR_MIN = 11;
const UNREACHABLE = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED)\b/;

const root = fileURLToPath(new URL('..', import.meta.url));
const production = process.argv.includes('--omit=dev');

function fail(sentence) {
  process.stderr.write(`muniment: ${sentence}\n`);
  process.exit(1);
}

function lockedPackages(file) {
  const path = join(root, file);
  if (!existsSync(path)) return null;
  const packages = Object.entries(JSON.parse(readFileSync(path, 'utf8')).packages);
  return new Map(packages.filter(([place]) => place !== ''));
}

// npm writes node_modules/.package-lock.json when an installation is complete: what is really there.
function isInstalled(wanted) {
  const present = lockedPackages('node_modules/.package-lock.json');
  if (present === null) return false;
  for (const [place, { version, integrity, optional, dev, devOptional }] of wanted) {
    if (production && (dev || devOptional)) continue;
    const found = present.get(place);
    if (found === undefined && optional) continue;
    if (found?.version !== version || found.integrity !== integrity) return false;
  }
  return true;
}

function install() {
  process.stderr.write('muniment: installing the packages of package-lock.json (once, about ten seconds)\n');
  const npm = process.env.npm_execpath;
  const arguments_ = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const options = { cwd: root, stdio: ['ignore', 2, 'pipe'], encoding: 'utf8' };
  const run = npm?.endsWith('.js')
    ? spawnSync(process.execPath, [npm, ...arguments_], options)
    : spawnSync('npm', arguments_, { ...options, shell: process.platform === 'win32' });
  if (run.error?.code === 'ENOENT')
    fail('npm was not found. It comes with Node: install Node 20 or later from nodejs.org.');
  if (run.error) throw run.error;
  process.stderr.write(run.stderr);
  if (run.status === 0) return;
  if (UNREACHABLE.test(run.stderr)) {
    fail('the package registry could not be reached. The first start needs the network; later ones do not.');
  }
  fail(`npm ci ended with ${run.status ?? run.signal}. Its message stands above; mend it and start again.`);
}

function requireNode() {
  if (existsSync(join(root, 'node_modules/.bin/node')) || existsSync(join(root, 'node_modules/.bin/node.cmd'))) return;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > NODE_MAJOR_MIN || (major === NODE_MAJOR_MIN && minor >= NODE_MINOR_MIN)) return;
  fail(
    `Node ${NODE_MAJOR_MIN}.${NODE_MINOR_MIN} or later is needed and this is ${process.version}. There is no packaged Node for ` +
      `${process.platform}-${process.arch}: install it from nodejs.org.`,
  );
}

const wanted = lockedPackages('package-lock.json');
if (wanted === null) fail('package-lock.json is missing: this is not a complete checkout.');
if (!isInstalled(wanted)) install();
requireNode();
