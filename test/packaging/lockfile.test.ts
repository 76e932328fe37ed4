import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

interface LockedPackage {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const file = resolve(import.meta.dirname, '../../package-lock.json');
const { packages } = JSON.parse(readFileSync(file, 'utf8')) as { packages: Readonly<Record<string, LockedPackage>> };

/** Where a package would be found by one that stands at `path`, from its own folder outwards. */
function isLocked(path: string, name: string): boolean {
  for (let place = path; ; place = place.slice(0, place.lastIndexOf('node_modules/')).replace(/\/$/, '')) {
    const found = place === '' ? `node_modules/${name}` : `${place}/node_modules/${name}`;
    if (found in packages) return true;
    if (place === '') return false;
  }
}

describe('the lock file', () => {
  it('holds the packages of every platform: one that is left out makes a clean installation fail', () => {
    const missing = Object.entries(packages).flatMap(([path, { dependencies, optionalDependencies }]) =>
      Object.keys({ ...dependencies, ...optionalDependencies })
        .filter((name) => !isLocked(path, name))
        .map((name) => `${name}, for ${path}`),
    );
    expect(missing).toEqual([]);
  });

  it('pins every package by its content and names no registry', () => {
    for (const [path, { integrity, resolved }] of Object.entries(packages)) {
      if (path !== '')
        expect([path, integrity, resolved]).toEqual([path, expect.stringMatching(/^sha512-/), undefined]);
    }
  });
});
