import { defineConfig } from 'vitest/config';
import { embeddedOnly } from './test/support/embedded-only.ts';

const isMixed = (process.env['MUNIMENT_TEST_MIX'] ?? '') !== '';
/** Over wires, to servers in the same few cores, everything takes longer. */
const TEST_TIMEOUT_MS = isMixed ? 120_000 : 30_000;
/** On other stores, the suites that speak to a whole server. */
const include = isMixed ? ['test/protocol/**/*.test.ts', 'test/security/**/*.test.ts'] : ['test/**/*.test.ts'];

export default defineConfig({
  test: {
    include,
    exclude: ['node_modules/**', 'data/**', ...(isMixed ? Object.keys(embeddedOnly) : [])],
    // Processes, not threads: tests open native modules, start workers and kill processes.
    pool: 'forks',
    testTimeout: TEST_TIMEOUT_MS,
    hookTimeout: TEST_TIMEOUT_MS,
    restoreMocks: true,
    unstubEnvs: true,
  },
});
