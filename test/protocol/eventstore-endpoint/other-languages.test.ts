/** The official clients for Python and Go, where their runtimes and packages are installed. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AUDITOR_PASSWORD, type AuditorDoor, startAuditorDoor } from '../../support/auditor-door.ts';
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

const installed = process.env['MUNIMENT_TEST_CLIENTS'];
/** Without scripts/clients, whatever interpreter there is may have the packages. */
const pythonOf = (name: string): string =>
  installed === undefined
    ? 'python3'
    : join(installed, name, process.platform === 'win32' ? 'Scripts' : 'bin', 'python');
const directory = mkdtempSync(join(tmpdir(), 'muniment-smoke-'));
const goProgram = join(directory, 'smoke');

const clients: readonly Client[] = [
  { name: 'esdbclient', command: pythonOf('esdbclient'), parameters: [PYTHON_SCRIPT, 'esdbclient'] },
  { name: 'kurrentdbclient', command: pythonOf('kurrentdbclient'), parameters: [PYTHON_SCRIPT, 'kurrentdbclient'] },
  { name: 'EventStore-Client-Go', command: goProgram, parameters: [] },
];

const isHere = ({ name, command }: Client): boolean =>
  command === goProgram
    ? buildsGo()
    : spawnSync(command, ['-c', `import ${name}`], { timeout: RUN_MS_MAX }).status === 0;

/** Of modules that are here; asks nobody for others. */
function buildsGo(): boolean {
  const env = { ...process.env, GOPROXY: 'off', GOFLAGS: '-mod=readonly' };
  return spawnSync('go', ['build', '-o', goProgram, '.'], { cwd: GO_MODULE, env, timeout: BUILD_MS_MAX }).status === 0;
}

let server: EndpointProcessInFolder;
let door: AuditorDoor;
beforeAll(async () => {
  [server, door] = await Promise.all([endpointProcessInFolder(), startAuditorDoor()]);
});
afterAll(async () => {
  await Promise.all([server.dispose(), door.stop()]);
  await rm(directory, { recursive: true, force: true });
});

/** Beside this process: one of the servers lives in it. */
async function passes({ command, parameters }: Client, more: readonly string[]): Promise<void> {
  const child = spawn(command, [...parameters, ...more], { timeout: RUN_MS_MAX, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, errors, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  expect({ status, out: out.trim(), errors: status === 0 ? '' : errors }).toEqual({
    status: 0,
    out: 'passed',
    errors: '',
  });
}

// Where nothing may be missing, a client that is not here fails by itself.
const required = process.env['MUNIMENT_REQUIRE_BACKENDS'] === '1';

describe('the official clients of other languages', () => {
  for (const client of clients) {
    // A client that is not installed is shown as not run, and not as one that passed.
    const runs = it.runIf(isHere(client) || required);
    runs(`[E44] ${client.name} does all that the endpoint offers`, { timeout: RUN_MS_MAX * 2 }, () =>
      passes(client, [String(server.port)]),
    );
    runs(`[E44] ${client.name} reads the log of a server as its auditor`, { timeout: RUN_MS_MAX * 2 }, async () => {
      const user = await door.newUser(`seen-by-${client.name.toLowerCase()}`);
      const credentials = `audrey:${AUDITOR_PASSWORD}@localhost:${door.port}?tls=true&tlsCAFile=${door.caFile}`;
      await passes(client, ['read', credentials, `user-${user}`]);
    });
  }
});
