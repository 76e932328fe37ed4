import { defineConfig } from 'vitest/config';
import { embeddedOnly } from './test/support/embedded-only.ts';
import { mixedSuites } from './test/support/mixed-suites.ts';

const isMixed = (process.env['MUNIMENT_TEST_MIX'] ?? '') !== '';
/** Over wires, to servers in the same few cores, everything takes longer. */
const TEST_TIMEOUT_MS = isMixed ? 120_000 : 30_000;
/** In a build, whose machine may have other work. What passed at the second try is marked so. */
const RETRIES = process.env['CI'] === undefined ? 0 : 1;
const include = isMixed ? [...mixedSuites] : ['test/**/*.test.ts'];

export default defineConfig({
  test: {
    include,
    exclude: ['node_modules/**', 'data/**', ...(isMixed ? Object.keys(embeddedOnly) : [])],
    // Processes, not threads: tests open native modules, start workers and kill processes.
    pool: 'forks',
    testTimeout: TEST_TIMEOUT_MS,
    hookTimeout: TEST_TIMEOUT_MS,
    retry: RETRIES,
    restoreMocks: true,
    unstubEnvs: true,
  },
});
