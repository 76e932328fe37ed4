/** Writes a backup: three files as of one instant, a manifest, and at the end the folder's own name. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { backup } from 'node:sqlite';
import { LOG_FILE } from '../event-store/embedded/embedded-event-store.ts';
import { findDamage } from '../event-store/embedded/integrity.ts';
import { readLogRow } from '../event-store/embedded/schema.ts';
import { encodePosition } from '../event-store/position.ts';
import { type Database, openDatabase } from '../sqlite/database.ts';
import { TRANSIENT_FILE } from '../transient-store/embedded/transient-schema.ts';
import { VAULT_FILE } from '../vault/embedded/vault-schema.ts';
import {
  FOLDER_OWNER_ONLY,
  hashFile,
  readFileBytes,
  syncFile,
  syncFolder,
  textBytes,
  writeDurably,
} from './durable-files.ts';
import { BACKED_UP_FILES, type BackedUpFile, openInstant } from './instant.ts';
import { BACKUP_FORMAT, BackupUnusable, KEY_FILE, MANIFEST_FILE, type ManifestBody, manifestText } from './manifest.ts';
import type { Sealing } from './sealing.ts';

/** Pages between two steps, so that progress is seen; each step runs outside the main thread. */
const PAGES_PER_STEP = 5_000;
const PARTIAL = '.partial';

export interface BackupOptions {
  readonly directory: string;
  /** Must not exist. */
  readonly target: string;
  readonly version: string;
  /** Null: the deployment key stays out. */
  readonly keyFile: string | null;
  readonly sealing: Sealing | null;
  readonly progress: (file: string, share: number) => void;
}

/** Throws {@link BackupUnusable} with a sentence for the operator. */
export async function makeBackup(options: BackupOptions): Promise<ManifestBody> {
  const { target, directory } = options;
  if (existsSync(target)) throw new BackupUnusable(`${target} exists already: a backup is never written over`);
  const folder = join(dirname(target), `${basename(target)}${PARTIAL}`);
  // What an interrupted backup to the same place has left.
  await rm(folder, { recursive: true, force: true });
  const instant = await openInstant(directory);
  if (instant === null) throw new BackupUnusable(`${directory} holds no data of a server`);
  try {
    await mkdir(folder, { recursive: true, mode: FOLDER_OWNER_ONLY });
    // The vault first: while its instant is held, an erasure waits until the deleted key is out of its write-ahead log.
    for (const file of BACKED_UP_FILES) {
      await copyFile(instant.databases[file], join(folder, file), (share) => options.progress(file, share));
      instant.release(file);
    }
  } finally {
    instant.close();
  }
  const manifest = await finish(folder, options);
  await syncFolder(folder);
  await rename(folder, target);
  await syncFolder(dirname(target));
  return manifest;
}

async function copyFile(database: Database, file: string, progress: (share: number) => void): Promise<void> {
  await backup(database.connection, file, {
    rate: PAGES_PER_STEP,
    progress: ({ totalPages, remainingPages }) => progress(1 - remainingPages / Math.max(totalPages, 1)),
  });
}

/** The copies made single files and looked through, then sealed and hashed. */
async function finish(folder: string, options: BackupOptions): Promise<ManifestBody> {
  const facts = factsOf(folder);
  const files: ManifestBody['files'] = [];
  for (const name of BACKED_UP_FILES)
    files.push({ name, ...(await finishFile(join(folder, name), name, options.sealing)) });
  if (options.keyFile !== null) {
    // Never on the disk unsealed where the backup is sealed.
    const key = textBytes(await readFile(options.keyFile, 'utf8'));
    const sealed = options.sealing?.sealed(KEY_FILE, key) ?? key;
    files.push({ name: KEY_FILE, ...(await writeDurably(join(folder, KEY_FILE), sealed)) });
  }
  const manifest: ManifestBody = {
    format: BACKUP_FORMAT,
    version: options.version,
    createdAt: new Date().toISOString(),
    ...facts,
    deploymentKey: options.keyFile === null ? 'not-included' : 'included',
    seal: options.sealing?.seal ?? null,
    files,
  };
  await writeDurably(join(folder, MANIFEST_FILE), textBytes(manifestText(manifest)));
  return manifest;
}

async function finishFile(file: string, name: string, sealing: Sealing | null) {
  if (sealing === null) {
    await syncFile(file);
    return await hashFile(file);
  }
  const open = `${file}.open`;
  await rename(file, open);
  const written = await writeDurably(file, sealing.sealed(name, readFileBytes(open)));
  await rm(open);
  return written;
}

function factsOf(folder: string): Pick<ManifestBody, 'log' | 'vault' | 'transient'> {
  const inFile = <T>(name: BackedUpFile, read: (database: Database) => T): T => {
    const database = openDatabase({ file: join(folder, name) });
    try {
      const found = read(database);
      // A single file, with nothing beside it.
      database.exec('PRAGMA journal_mode = DELETE');
      return found;
    } finally {
      database.close();
    }
  };
  return {
    log: inFile(LOG_FILE, logFacts),
    vault: inFile(VAULT_FILE, vaultFacts),
    transient: inFile(TRANSIENT_FILE, (database) => ({
      schema: count(database, "SELECT value FROM transient_state WHERE name = 'schema'"),
      entries: count(database, 'SELECT count(*) AS value FROM entries'),
    })),
  };
}

function logFacts(database: Database): ManifestBody['log'] {
  const damage = findDamage(database);
  if (damage !== null) throw new BackupUnusable(`the log cannot be backed up as it is: ${damage}`);
  // Nobody writes to the copy.
  database.exec('UPDATE log SET writer_pid = NULL, writer_host = NULL, writer_heartbeat = NULL');
  const { identity, format, head } = readLogRow(database);
  const position = BigInt(head);
  const events = count(database, 'SELECT count(*) AS value FROM event');
  return { identity, format, head: encodePosition({ commit: position, prepare: position }), events };
}

function vaultFacts(database: Database): ManifestBody['vault'] {
  const check = database.statement("SELECT value FROM vault_state WHERE name = 'key-check'").get()?.value;
  if (!(check instanceof Uint8Array)) throw new BackupUnusable('the vault holds nothing yet: start the server once');
  return {
    schema: count(database, "SELECT value FROM vault_state WHERE name = 'schema'"),
    subjects: count(database, 'SELECT count(*) AS value FROM data_keys'),
    erased: count(database, 'SELECT count(*) AS value FROM data_keys WHERE wrapped IS NULL'),
    keyCheck: Buffer.from(check).toString('base64'),
  };
}

const count = (database: Database, sql: string): number => Number(database.statement(sql).get()?.value);
