/** An independent tester against the running server: `scripts/servers/scim-tester.mjs` says how it is installed. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addCustomAttributes } from '../support/custom-attributes.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const RUN_MS_MAX = 120_000;
const OUTPUT_BYTES_MAX = 10_000_000;
const script = fileURLToPath(new URL('../../scripts/servers/scim-tester.mjs', import.meta.url));
const cache = process.env['MUNIMENT_CACHE'] ?? join(homedir(), '.cache', 'muniment');
const isThere = existsSync(join(cache, 'scim-tester-0.5.2', '.complete'));
/** Without it the suite fails where servers are required, and is shown as not run elsewhere. */
const isRun = isThere || process.env['MUNIMENT_REQUIRE_BACKENDS'] === '1';

interface Finding {
  readonly status: string;
  readonly title: string;
  readonly resourceType: string | null;
  readonly reason: string;
}

describe.runIf(isRun)('scim2-tester', () => {
  let server: TestServer;
  let findings: readonly Finding[];

  beforeAll(async () => {
    server = await startTestServer();
    // An extension without attributes has nothing that can be written.
    await addCustomAttributes(server.kernel, { shoeSize: { dataType: 'integer' }, motto: {} });
    findings = await run();
  }, RUN_MS_MAX);
  afterAll(async () => await server.stop());

  function run(): Promise<readonly Finding[]> {
    const env = { ...process.env, MUNIMENT_SCIM_AUTHORIZATION: server.admin.authorization };
    const options = { env, maxBuffer: OUTPUT_BYTES_MAX, timeout: RUN_MS_MAX };
    return new Promise((resolve, reject) => {
      execFile(process.execPath, [script, `${server.url}/scim2/`], options, (error, stdout, stderr) => {
        if (error !== null) return reject(new Error(`the tester ended: ${stderr}`, { cause: error }));
        const lines = stdout.split('\n').filter((line) => line !== '');
        resolve(lines.map((line) => JSON.parse(line) as Finding));
      });
    });
  }

  it('[SEC-M8] finds nothing wrong', () => {
    const wrong = findings.filter(
      ({ status }) => status === 'ERROR' || status === 'CRITICAL' || status === 'DEVIATION',
    );
    expect(wrong).toEqual([]);
  });

  it('[SEC-M8] leaves out nothing of what it can test', () => {
    expect(findings.filter(({ status }) => status === 'SKIPPED')).toEqual([]);
    const titles = new Set(findings.map(({ title }) => title));
    for (const title of ['object_creation', 'object_replacement', 'check_add_attribute', 'search_with_attributes']) {
      expect(titles, title).toContain(title);
    }
    expect(findings.filter(({ status }) => status === 'SUCCESS').length).toBeGreaterThan(100);
  });
});
