import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

interface Locked {
  readonly version: string;
  readonly integrity?: string;
  readonly dev?: true;
  readonly optional?: true;
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muniment-setup-'));
  mkdirSync(join(folder, 'scripts'));
  copyFileSync(join(root, 'scripts/setup.mjs'), join(folder, 'scripts/setup.mjs'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function lock(file: string, packages: Readonly<Record<string, Locked>>): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), JSON.stringify({ packages }));
}

/** An npm that only leaves a mark, or complains and fails. */
function fakeNpm(complaint: string | null): void {
  const script = complaint === null ? 'touch npm-ran' : `echo '${complaint}' >&2; exit 1`;
  writeFileSync(join(folder, 'npm'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'npm'), 0o755);
}

function setup(...flags: readonly string[]) {
  const env = { PATH: `${folder}:/bin:/usr/bin`, MUNIMENT_TEST: '1' };
  return spawnSync(process.execPath, ['scripts/setup.mjs', ...flags], { cwd: folder, env, encoding: 'utf8' });
}

const zod: Locked = { version: '4.0.0', integrity: 'sha512-z' };

describe('the set-up before start and test', () => {
  it('does nothing when every package of the lock is installed', () => {
    lock('package-lock.json', { 'node_modules/zod': zod, 'node_modules/win': { version: '1.0.0', optional: true } });
    lock('node_modules/.package-lock.json', { 'node_modules/zod': zod });
    fakeNpm(null);
    expect(setup()).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(existsSync(join(folder, 'npm-ran'))).toBe(false);
  });

  it.each([
    ['nothing is installed', null],
    ['another version is installed', { ...zod, version: '3.0.0' }],
    ['a package of other content is installed', { ...zod, integrity: 'sha512-other' }],
  ])('installs when %s', (_, present) => {
    lock('package-lock.json', { 'node_modules/zod': zod });
    if (present !== null) lock('node_modules/.package-lock.json', { 'node_modules/zod': present });
    fakeNpm(null);
    expect(setup().status).toBe(0);
    expect(existsSync(join(folder, 'npm-ran'))).toBe(true);
  });

  it('does not ask for development packages before a start', () => {
    lock('package-lock.json', { 'node_modules/zod': zod, 'node_modules/vitest': { version: '5.0.0', dev: true } });
    lock('node_modules/.package-lock.json', { 'node_modules/zod': zod });
    fakeNpm(null);
    expect(setup('--omit=dev').status).toBe(0);
    expect(existsSync(join(folder, 'npm-ran'))).toBe(false);
    expect(setup().status).toBe(0);
    expect(existsSync(join(folder, 'npm-ran'))).toBe(true);
  });

  it('says that the registry could not be reached', () => {
    lock('package-lock.json', { 'node_modules/zod': zod });
    fakeNpm('npm error code ENOTFOUND');
    expect(setup()).toMatchObject({ status: 1, stderr: expect.stringContaining('could not be reached') });
  });

  it('says that the checkout is incomplete without a lock file', () => {
    expect(setup()).toMatchObject({ status: 1, stderr: expect.stringContaining('package-lock.json is missing') });
  });
});
