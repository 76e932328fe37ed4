/** The official clients for Python and Go, where their runtimes and packages are installed. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
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

let server: EndpointProcessInFolder;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'muniment-smoke-'));
  server = await endpointProcessInFolder();
});
afterAll(async () => {
  await server.dispose();
  await rm(directory, { recursive: true, force: true });
});

function pythonClients(): Client[] {
  const python = process.env.MUNIMENT_TEST_PYTHON ?? 'python3';
  return ['esdbclient', 'kurrentdbclient']
    .filter((module) => spawnSync(python, ['-c', `import ${module}`], { timeout: RUN_MS_MAX }).status === 0)
    .map((name) => ({ name, command: python, parameters: [PYTHON_SCRIPT, name] }));
}

/** Builds of modules that are here; asks nobody for others. */
function goClients(): Client[] {
  const program = join(directory, 'smoke');
  const environment = { ...process.env, GOPROXY: 'off', GOFLAGS: '-mod=readonly' };
  const built = spawnSync('go', ['build', '-o', program, '.'], {
    cwd: GO_MODULE,
    env: environment,
    timeout: BUILD_MS_MAX,
  });
  return built.status === 0 ? [{ name: 'EventStore-Client-Go', command: program, parameters: [] }] : [];
}

it('[E44] the clients for Python and Go that are installed do all that the endpoint offers', {
  timeout: BUILD_MS_MAX + 3 * RUN_MS_MAX,
}, () => {
  for (const { name, command, parameters } of [...pythonClients(), ...goClients()]) {
    const run = spawnSync(command, [...parameters, String(server.port)], { timeout: RUN_MS_MAX, encoding: 'utf8' });
    expect({ name, status: run.status, out: run.stdout.trim(), errors: run.status === 0 ? '' : run.stderr }).toEqual({
      name,
      status: 0,
      out: 'passed',
      errors: '',
    });
  }
});
