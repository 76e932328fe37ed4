import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const TEST_MS_MAX = 30_000;

/** How many modules of the client a process has loaded after it imported a file of ours. */
async function clientModulesAfter(file: string): Promise<number> {
  const program = `
    import { createRequire } from 'node:module';
    await import('./${file}');
    const loaded = Object.keys(createRequire(import.meta.url).cache);
    console.log(loaded.filter((path) => path.includes('node_modules/kafkajs/')).length);
    process.exit();
  `;
  const args = ['--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
  return Number(stdout);
}

it('a server that names no Kafka loads nothing of its client', { timeout: TEST_MS_MAX }, async () => {
  expect(await clientModulesAfter('cli/server.ts')).toBe(0);
  expect(await clientModulesAfter('infra/stream/kafka/kafka-stream.ts')).toBeGreaterThan(0);
});
