/** Puts a backup into an empty data folder. All of it is verified before the first byte is written. */
import { createSecretKey, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LOG_FILE } from '../event-store/embedded/embedded-event-store.ts';
import { findDamage } from '../event-store/embedded/integrity.ts';
import { type Database, openDatabase } from '../sqlite/database.ts';
import { DEPLOYMENT_KEY_BYTES, loadOrCreateDeploymentKey } from '../vault/embedded/deployment-key.ts';
import { KEY_CHECK_ROW } from '../vault/rows.ts';
import { unwrapped } from '../vault/wrapping.ts';
import { FOLDER_OWNER_ONLY, hashFile, readFileBytes, syncFolder, textBytes, writeDurably } from './durable-files.ts';
import { BACKED_UP_FILES } from './instant.ts';
import { BackupUnusable, KEY_FILE, MANIFEST_FILE, type Manifest, parseManifest } from './manifest.ts';
import { RESTORE_MARK } from './restore-mark.ts';
import { type Sealing, sealingBy } from './sealing.ts';

/** Any command leaves it in the folder that it looked at. */
const COMPILE_CACHE = 'cache';

export interface Backup {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly sealing: Sealing | null;
}

/** Hashes of all files agree with the manifest. Throws {@link BackupUnusable}. */
export async function openBackup(folder: string, passphrase: string | null): Promise<Backup> {
  const file = join(folder, MANIFEST_FILE);
  if (!existsSync(file)) throw new BackupUnusable(`${folder} is no backup: it has no ${MANIFEST_FILE}`);
  const manifest = parseManifest(await readFile(file, 'utf8'));
  for (const { name, bytes, sha256 } of manifest.files) {
    const path = join(folder, name);
    if (!existsSync(path)) throw new BackupUnusable(`the backup is not whole: ${name} is missing`);
    const found = await hashFile(path);
    if (found.bytes !== bytes || found.sha256 !== sha256)
      throw new BackupUnusable(`the backup is damaged: ${name} is not what was written`);
  }
  return { folder, manifest, sealing: await sealingOf(manifest, passphrase) };
}

async function sealingOf({ seal }: Manifest, passphrase: string | null): Promise<Sealing | null> {
  if (seal === null) return null;
  if (passphrase === null) throw new BackupUnusable('the backup is sealed: name the file of its passphrase');
  const sealing = await sealingBy(passphrase, seal);
  if (sealing === null) throw new BackupUnusable('the backup is sealed with another passphrase');
  return sealing;
}

/** The key in the backup, or that of `keyFile`. Throws {@link BackupUnusable} when the vault does not open with it. */
export async function deploymentKeyFor(backup: Backup, keyFile: string | null): Promise<Buffer> {
  const key = keyFile === null ? await includedKey(backup) : await keyIn(keyFile);
  const check = Buffer.from(backup.manifest.vault.keyCheck, 'base64');
  if (unwrapped(createSecretKey(key), KEY_CHECK_ROW, check) !== null) return key;
  throw new BackupUnusable(
    'this is another deployment key than the one the backup was made with: find the right one, or nothing in it can be read',
  );
}

async function keyIn(file: string): Promise<Buffer> {
  if (!existsSync(file)) throw new BackupUnusable(`there is no deployment key at ${file}`);
  return await loadOrCreateDeploymentKey(file);
}

async function includedKey({ folder, manifest, sealing }: Backup): Promise<Buffer> {
  if (manifest.deploymentKey === 'not-included')
    throw new BackupUnusable('the backup does not hold the deployment key: name its file with --key');
  const file = readFileBytes(join(folder, KEY_FILE));
  const pieces: Buffer[] = [];
  for await (const piece of sealing?.opened(KEY_FILE, file) ?? file) pieces.push(piece);
  const key = Buffer.from(Buffer.concat(pieces).toString('utf8').trim(), 'base64');
  if (key.length !== DEPLOYMENT_KEY_BYTES) throw new BackupUnusable('the deployment key in the backup is none');
  return key;
}

/** A folder that may be written to: absent, empty, or what an interrupted restore left. Throws {@link BackupUnusable}. */
export async function refuseUsedFolder(directory: string): Promise<void> {
  if (!existsSync(directory)) return;
  const found = (await readdir(directory)).filter((file) => file !== COMPILE_CACHE);
  if (found.length === 0 || found.includes(RESTORE_MARK)) return;
  throw new BackupUnusable(`${directory} is not empty: a restore never writes over data`);
}

export interface RestoreOptions {
  readonly backup: Backup;
  readonly directory: string;
  /** To be put into the folder; null: it is kept elsewhere. */
  readonly key: Buffer | null;
  readonly progress: (file: string) => void;
}

/**
 * Leaves the mark that keeps servers away; {@link finishRestore} takes it off. The log gets an identity of its own: what
 * was derived elsewhere from events behind the backup does not belong to it, and is refused.
 */
export async function beginRestore({ backup, directory, key, progress }: RestoreOptions): Promise<void> {
  await refuseUsedFolder(directory);
  await mkdir(directory, { recursive: true, mode: FOLDER_OWNER_ONLY });
  await mark(directory);
  for (const file of await readdir(directory)) {
    if (file !== RESTORE_MARK) await rm(join(directory, file), { recursive: true });
  }
  for (const name of BACKED_UP_FILES) {
    progress(name);
    const bytes = readFileBytes(join(backup.folder, name));
    await writeDurably(join(directory, name), backup.sealing?.opened(name, bytes) ?? bytes);
  }
  if (key !== null) await writeKey(join(directory, 'keys', KEY_FILE), key);
  renewIdentity(join(directory, LOG_FILE));
}

async function mark(directory: string): Promise<void> {
  const file = join(directory, RESTORE_MARK);
  if (!existsSync(file)) await writeDurably(file, textBytes('A restore into this folder has not ended.\n'));
  await syncFolder(directory);
}

async function writeKey(file: string, key: Buffer): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: FOLDER_OWNER_ONLY });
  await writeDurably(file, textBytes(`${key.toString('base64')}\n`));
  await syncFolder(dirname(file));
}

function renewIdentity(file: string): void {
  const database: Database = openDatabase({ file });
  try {
    const damage = findDamage(database);
    if (damage !== null) throw new BackupUnusable(`the log in the backup is damaged: ${damage}`);
    database.statement('UPDATE log SET identity = ?').run(randomUUID());
  } finally {
    database.close();
  }
}

export async function finishRestore(directory: string): Promise<void> {
  await syncFolder(directory);
  await rm(join(directory, RESTORE_MARK));
  await syncFolder(directory);
}
