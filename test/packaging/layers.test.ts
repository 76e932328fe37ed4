import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const scratch = mkdtempSync(join(tmpdir(), 'muniment-layers-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const files: Readonly<Record<string, string>> = {
  'domain/clock.ts': "import { hostname } from 'node:os';\nexport const host = hostname;\n",
  'domain/one.ts': "import { two } from './two.ts';\nexport const one = () => two;\n",
  'domain/two.ts': "import { one } from './one.ts';\nexport const two = () => one;\n",
  'infra/vault/vault.ts': 'export interface Vault { readonly open: boolean }\n',
  'infra/vault/embedded/embedded-vault.ts': 'export const vault = 1;\n',
  'projections/rows.ts':
    "import { vault } from '../infra/vault/embedded/embedded-vault.ts';\nexport const rows = vault;\n",
  'commands/seen.ts': "import { rows } from '../projections/rows.ts';\nexport const seen = rows;\n",
  'commands/sealed.ts': "import type { Vault } from '../infra/vault/vault.ts';\nexport type Sealed = Vault;\n",
  'protocol/door.ts':
    "import { vault } from '../infra/vault/embedded/embedded-vault.ts';\nexport const door = vault;\n",
  'infra/asks.ts': "import { seen } from '../commands/seen.ts';\nexport const asks = seen;\n",
  'cli/start.ts': "import { vault } from '../infra/vault/embedded/embedded-vault.ts';\nexport const start = vault;\n",
};

function violations(): readonly string[] {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(scratch, path)), { recursive: true });
    writeFileSync(join(scratch, path), text);
  }
  for (const shared of ['node_modules', 'tsconfig.json']) symlinkSync(join(root, shared), join(scratch, shared));
  const cruise = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const config = join(root, '.dependency-cruiser.mjs');
  const folders = ['domain', 'commands', 'projections', 'protocol', 'infra', 'cli'];
  const run = spawnSync(process.execPath, [cruise, '--config', config, '--output-type', 'json', ...folders], {
    cwd: scratch,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (run.stdout === '') throw new Error(run.stderr);
  const { summary } = JSON.parse(run.stdout) as {
    summary: { violations: readonly { from: string; rule: { name: string } }[] };
  };
  return [...new Set(summary.violations.map(({ from, rule }) => `${from}: ${rule.name}`))].sort();
}

describe('the layer rules', () => {
  it('refuse what reaches across a layer, and nothing else', () => {
    expect(violations()).toEqual([
      'commands/seen.ts: commands-import-domain-and-ports',
      'domain/clock.ts: domain-is-pure',
      'domain/one.ts: no-cycles',
      'infra/asks.ts: infra-imports-domain',
      'projections/rows.ts: projections-import-domain-and-ports',
      'protocol/door.ts: protocol-imports-commands-and-reads',
    ]);
  });
});
