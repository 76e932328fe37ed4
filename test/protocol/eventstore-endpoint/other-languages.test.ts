/** The official clients for Python and Go, where their runtimes and packages are installed. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EndpointProcessInFolder, endpointProcessInFolder } from '../../support/eventstore-endpoint-process.ts';

const PYTHON_SCRIPT = new URL('./smoke/smoke.py', import.meta.url).pathname;
const GO_MODULE = new URL('./smoke/go', import.meta.url).pathname;
const BUILD_MS_MAX = 120_000;
const RUN_MS_MAX = 30_000;

interface Client {
  readonly name: string;
  readonly command: string;
  readonly parameters: readonly string[];
}

const python = process.env.MUNIMENT_TEST_PYTHON ?? 'python3';
const directory = mkdtempSync(join(tmpdir(), 'muniment-smoke-'));
const goProgram = join(directory, 'smoke');

const clients: readonly Client[] = [
  { name: 'esdbclient', command: python, parameters: [PYTHON_SCRIPT, 'esdbclient'] },
  { name: 'kurrentdbclient', command: python, parameters: [PYTHON_SCRIPT, 'kurrentdbclient'] },
  { name: 'EventStore-Client-Go', command: goProgram, parameters: [] },
];

const isHere = ({ name, command }: Client): boolean =>
  command === goProgram
    ? buildsGo()
    : spawnSync(python, ['-c', `import ${name}`], { timeout: RUN_MS_MAX }).status === 0;

/** Of modules that are here; asks nobody for others. */
function buildsGo(): boolean {
  const env = { ...process.env, GOPROXY: 'off', GOFLAGS: '-mod=readonly' };
  return spawnSync('go', ['build', '-o', goProgram, '.'], { cwd: GO_MODULE, env, timeout: BUILD_MS_MAX }).status === 0;
}

let server: EndpointProcessInFolder;
beforeAll(async () => {
  server = await endpointProcessInFolder();
});
afterAll(async () => {
  await server.dispose();
  await rm(directory, { recursive: true, force: true });
});

describe('the official clients of other languages', () => {
  for (const client of clients) {
    const { name, command, parameters } = client;
    // A client that is not installed is shown as not run, and not as one that passed.
    it.runIf(isHere(client))(`[E44] ${name} does all that the endpoint offers`, { timeout: RUN_MS_MAX * 2 }, () => {
      const run = spawnSync(command, [...parameters, String(server.port)], { timeout: RUN_MS_MAX, encoding: 'utf8' });
      expect({ status: run.status, out: run.stdout.trim(), errors: run.status === 0 ? '' : run.stderr }).toEqual({
        status: 0,
        out: 'passed',
        errors: '',
      });
    });
  }
});
