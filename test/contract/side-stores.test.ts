import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSideStores } from '../../infra/side-stores/open-side-stores.ts';
import { openEmbeddedVault } from '../../infra/vault/embedded/embedded-vault.ts';
import { transientStoreContract } from './transient-store.contract.ts';
import { vaultContract } from './vault.contract.ts';

const freshDirectory = () => mkdtemp(join(tmpdir(), 'muniment-side-'));

vaultContract('embedded, sharing its writer', async () => {
  const directory = await freshDirectory();
  const deploymentKey = randomBytes(32);
  return {
    open: async () => {
      const { vault, transient } = await openSideStores({ directory, deploymentKey, clock: Date.now });
      await transient.close();
      return vault;
    },
    openReader: () => openEmbeddedVault({ directory, deploymentKey, mode: 'reader' }),
    remove: () => rm(directory, { recursive: true }),
  };
});

transientStoreContract('embedded, sharing its writer', async () => {
  const directory = await freshDirectory();
  const deploymentKey = randomBytes(32);
  return {
    open: async (clock) => {
      const { vault, transient } = await openSideStores({ directory, deploymentKey, clock });
      await vault.close();
      return transient;
    },
    remove: () => rm(directory, { recursive: true }),
  };
});

describe('vault and transient store with one writer', () => {
  let directory: string;
  const deploymentKey = randomBytes(32);
  const open = (key = deploymentKey) => openSideStores({ directory, deploymentKey: key, clock: Date.now });
  const key = { type: 'code', tenant: 't', id: 'c' } as const;
  const put = { op: 'put', key, value: 1, expiresAtMs: Date.now() + 3_600_000, expect: 'absent' } as const;

  beforeEach(async () => {
    directory = await freshDirectory();
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('commit side by side, a refusal of the one without harm to the other', async () => {
    const { vault, transient } = await open();
    const ref = { kind: 'password', owner: randomUUID(), id: 'v' } as const;
    const outcomes = await Promise.allSettled([
      vault.putSecret(ref, 'o', Buffer.from('first')),
      transient.commit([put]),
      vault.putSecret(ref, 'o', Buffer.from('second')),
      transient.commit([put]),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[3]).toMatchObject({ value: false });
    expect(await vault.secret(ref)).toEqual(Buffer.from('first'));
    await Promise.all([vault.close(), transient.close()]);
  });

  it('keep their own files: no key in the one, no code in the other', async () => {
    const { vault, transient } = await open();
    await vault.createDataKey(randomUUID(), randomUUID());
    await transient.commit([put]);
    await Promise.all([vault.close(), transient.close()]);
    const tablesOf = (file: string) => {
      const database = new DatabaseSync(join(directory, file), { readOnly: true });
      const rows = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
      database.close();
      return rows.map(({ name }) => String(name)).sort();
    };
    expect(tablesOf('transient.sqlite')).toEqual(['entries', 'tags', 'transient_state']);
    expect(tablesOf('vault.sqlite')).toEqual([
      'blind_index_keys',
      'data_keys',
      'organization_keys',
      'secrets',
      'vault_state',
    ]);
  });

  it('[E40] [SEC-L5] leave no byte of an erased key in any file', async () => {
    const { vault, transient } = await open();
    const org = randomUUID();
    const subjects = Array.from({ length: 200 }, () => randomUUID());
    await Promise.all(subjects.map((subject) => vault.createDataKey(subject, org)));
    const database = new DatabaseSync(join(directory, 'vault.sqlite'), { readOnly: true });
    const wrapped = subjects.slice(0, 20).map((subject) => {
      const row = database.prepare('SELECT wrapped FROM data_keys WHERE subject = ?').get(subject);
      return Buffer.from(row?.wrapped as Uint8Array);
    });
    database.close();
    const found = async () => {
      const files = await readdir(directory);
      const bytes = Buffer.concat(await Promise.all(files.map((file) => readFile(join(directory, file)))));
      return wrapped.filter((each) => bytes.includes(each.subarray(0, 16)) || bytes.includes(each.subarray(-16)))
        .length;
    };
    expect(await found()).toBe(20);
    await Promise.all(subjects.slice(0, 20).map((subject) => vault.destroySubject(subject)));
    expect(await found()).toBe(0);
    await Promise.all([vault.close(), transient.close()]);
  });

  it('refuse another deployment key, and let go of both files then', async () => {
    const first = await open();
    await Promise.all([first.vault.close(), first.transient.close()]);
    await expect(open(randomBytes(32))).rejects.toThrow('another deployment key');
    const again = await open();
    expect(await again.transient.commit([put])).toBe(true);
    await Promise.all([again.vault.close(), again.transient.close()]);
  });
});
