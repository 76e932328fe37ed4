import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadOrCreateDeploymentKey } from '../../../infra/vault/embedded/deployment-key.ts';
import { openEmbeddedVault } from '../../../infra/vault/embedded/embedded-vault.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'muniment-vault-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function bytesOfAllFiles(): Promise<Buffer> {
  const files = await readdir(directory);
  return Buffer.concat(await Promise.all(files.map((file) => readFile(join(directory, file)))));
}

const has = (bytes: Buffer, part: Uint8Array): boolean => bytes.includes(Buffer.from(part));

/** Reads or damages the file beside the vault. */
function inFile<Value>(body: (database: DatabaseSync) => Value): Value {
  const database = new DatabaseSync(join(directory, 'vault.sqlite'));
  try {
    return body(database);
  } finally {
    database.close();
  }
}

const open = (deploymentKey: Buffer) => openEmbeddedVault({ directory, deploymentKey, mode: 'writer' });

describe('the embedded vault', () => {
  it('refuses to start with another deployment key than it was made with, and works with the right one again', async () => {
    const key = randomBytes(32);
    const subject = randomUUID();
    const vault = await open(key);
    await vault.createDataKey(subject, randomUUID());
    await vault.close();
    await expect(open(randomBytes(32))).rejects.toThrow('another deployment key');
    const again = await open(key);
    expect((await again.dataKeys([subject])).get(subject)).toHaveProperty('key');
    await again.close();
  });

  it('keeps no key and no secret readable in its files', async () => {
    const vault = await open(randomBytes(32));
    const { key } = await vault.createDataKey(randomUUID(), randomUUID());
    const secret = randomBytes(40);
    await vault.putSecret({ kind: 'password', owner: randomUUID(), id: randomUUID() }, randomUUID(), secret);
    const bytes = await bytesOfAllFiles();
    await vault.close();
    expect(bytes.includes(key)).toBe(false);
    expect(bytes.includes(secret)).toBe(false);
  });

  it('[E40] [SEC-L5] leaves of 20 erased subjects among 500 no byte of a wrapped key or a sealed secret in any file', async () => {
    const vault = await open(randomBytes(32));
    const org = randomUUID();
    const subjects = Array.from({ length: 500 }, () => randomUUID());
    const put = (owner: string) =>
      vault.putSecret({ kind: 'password', owner, id: randomUUID() }, org, randomBytes(100));
    await Promise.all(subjects.map((subject) => vault.createDataKey(subject, org)));
    await Promise.all(subjects.map(put));
    const erased = subjects.filter((_, index) => index % 25 === 0);
    const planted = erased.flatMap((subject) => [
      inFile((database) => database.prepare('SELECT wrapped FROM data_keys WHERE subject = ?').get(subject))?.wrapped,
      inFile((database) => database.prepare('SELECT sealed FROM secrets WHERE owner = ?').get(subject))?.sealed,
    ]) as Uint8Array[];
    const found = async () => {
      const bytes = await bytesOfAllFiles();
      return planted.filter((each) => has(bytes, each.subarray(0, 16)) || has(bytes, each.subarray(-16)));
    };
    expect(planted).toHaveLength(40);
    expect(await found()).toHaveLength(40);

    await Promise.all(erased.map((subject) => vault.destroySubject(subject)));
    expect(await found()).toEqual([]);
    await vault.close();
    expect(await found()).toEqual([]);
  });

  it('does not open a key that was moved to another subject', async () => {
    const deploymentKey = randomBytes(32);
    const [mine, yours] = [randomUUID(), randomUUID()];
    const org = randomUUID();
    const vault = await open(deploymentKey);
    await vault.createDataKey(mine, org);
    await vault.createDataKey(yours, org);
    await vault.close();
    inFile((database) =>
      database
        .prepare('UPDATE data_keys SET wrapped = (SELECT wrapped FROM data_keys WHERE subject = ?) WHERE subject = ?')
        .run(yours, mine),
    );
    const again = await open(deploymentKey);
    await expect(again.dataKeys([mine])).rejects.toThrow('tampered');
    await again.close();
  });

  it('does not open a secret that was moved to another owner', async () => {
    const deploymentKey = randomBytes(32);
    const [mine, yours] = [randomUUID(), randomUUID()];
    const vault = await open(deploymentKey);
    await vault.putSecret({ kind: 'password', owner: mine, id: 'x' }, 'o', Buffer.from('known to me'));
    await vault.putSecret({ kind: 'password', owner: yours, id: 'x' }, 'o', Buffer.from('known to you'));
    await vault.close();
    inFile((database) =>
      database
        .prepare('UPDATE secrets SET sealed = (SELECT sealed FROM secrets WHERE owner = ?) WHERE owner = ?')
        .run(mine, yours),
    );
    const again = await open(deploymentKey);
    await expect(again.secret({ kind: 'password', owner: yours, id: 'x' })).rejects.toThrow('tampered');
    await again.close();
  });
});

describe('the deployment key', () => {
  it('[SEC-M3] is made on first start, readable by its owner alone, and the same ever after', async () => {
    const file = join(directory, 'keys', 'deployment.key');
    const key = await loadOrCreateDeploymentKey(file);
    expect(key).toHaveLength(32);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(directory, 'keys'))).mode & 0o777).toBe(0o700);
    expect(await loadOrCreateDeploymentKey(file)).toEqual(key);
    expect(await readdir(join(directory, 'keys'))).toEqual(['deployment.key']);
  });

  it('[SEC-M3] differs between deployments', async () => {
    const keys = await Promise.all(['a', 'b'].map((name) => loadOrCreateDeploymentKey(join(directory, name))));
    expect(keys[0]?.equals(keys[1] ?? Buffer.alloc(0))).toBe(false);
  });

  it('is one when two starts make it at once', async () => {
    const file = join(directory, 'deployment.key');
    const keys = await Promise.all(Array.from({ length: 8 }, () => loadOrCreateDeploymentKey(file)));
    expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1);
  });

  it.each([0o640, 0o604, 0o666])('[SEC-M3] is refused with mode %o, and the refusal says what to do', async (mode) => {
    const file = join(directory, 'deployment.key');
    await loadOrCreateDeploymentKey(file);
    await chmod(file, mode);
    await expect(loadOrCreateDeploymentKey(file)).rejects.toThrow(/can read it: set it with chmod 600/);
  });

  it('is refused when the file holds something else, and the file stays as it is', async () => {
    const file = join(directory, 'deployment.key');
    await writeFile(file, 'too short\n', { mode: 0o600 });
    await expect(loadOrCreateDeploymentKey(file)).rejects.toThrow('must hold 32 bytes');
    expect(await readFile(file, 'utf8')).toBe('too short\n');
  });
});
