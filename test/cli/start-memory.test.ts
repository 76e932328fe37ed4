import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RELEASE_AFTER_MS } from '../../infra/memory/start-memory.ts';
import { type ServerProcess, startProcess, variablesFor } from '../crash/server-process.ts';

/** Of the target in the design: idle, with all parts of the server in one process. */
const IDLE_MIB_MAX = 150;
const SETTLE_MS_MAX = RELEASE_AFTER_MS + 15_000;

let parent = '';

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'muniment-memory-'));
});

afterAll(async () => {
  await rm(parent, { recursive: true, force: true });
});

async function residentMiB({ pid }: ServerProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

// Only Linux tells the memory of another process in a file, and the process keeps its id.
describe.runIf(platform() === 'linux')('a started server', { timeout: 60_000 }, () => {
  it.each(['first', 'second'])('is below 150 MiB of memory soon after its %s start', async () => {
    const server = await startProcess(variablesFor(join(parent, 'data')));
    try {
      await expect.poll(() => residentMiB(server), { timeout: SETTLE_MS_MAX }).toBeLessThan(IDLE_MIB_MAX);
    } finally {
      expect((await server.end('SIGTERM')).code).toBe(0);
    }
  });
});
