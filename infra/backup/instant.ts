/**
 * Log, vault and transient store as they were at one instant, while a server writes to them.
 *
 * A read transaction of SQLite holds its own file still, not the others. So the log is read between two looks at the
 * other two: when neither has changed in between, all three are as they were when the log was read. That is a state in
 * which the server could have been killed, and from which it starts again. Nobody waits for anybody: a look that met a
 * change is made again.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { LOG_FILE } from '../event-store/embedded/embedded-event-store.ts';
import { type Database, openDatabase } from '../sqlite/database.ts';
import { TRANSIENT_FILE } from '../transient-store/embedded/transient-schema.ts';
import { VAULT_FILE } from '../vault/embedded/vault-schema.ts';

export const BACKED_UP_FILES = [VAULT_FILE, TRANSIENT_FILE, LOG_FILE] as const;
export type BackedUpFile = (typeof BACKED_UP_FILES)[number];

const ATTEMPTS_MAX = 5_000;
/** A group commit takes longer than a look; this leaves its rhythm. */
const PAUSE_MS_MAX = 4;

export interface Instant {
  /** Connections inside their read transaction. */
  readonly databases: Readonly<Record<BackedUpFile, Database>>;
  /** Lets the file's writer tidy up; its copy must be finished. */
  release(file: BackedUpFile): void;
  close(): void;
}

/** Null: a file is missing, the folder holds no data of a server. `betweenLooks` lets a test write at the worst moment. */
export async function openInstant(directory: string, betweenLooks = (): void => undefined): Promise<Instant | null> {
  if (BACKED_UP_FILES.some((file) => !existsSync(join(directory, file)))) return null;
  const open = (file: string): Database => openDatabase({ file: join(directory, file), readOnly: true });
  const databases = {
    [LOG_FILE]: open(LOG_FILE),
    [VAULT_FILE]: open(VAULT_FILE),
    [TRANSIENT_FILE]: open(TRANSIENT_FILE),
  };
  const all = Object.values(databases);
  try {
    for (let attempt = 1; !holdStill(databases, betweenLooks); attempt += 1) {
      if (attempt >= ATTEMPTS_MAX) throw new Error(`the stores in ${directory} were never still for a moment`);
      await pause(Math.random() * PAUSE_MS_MAX);
    }
  } catch (error) {
    for (const database of all) database.close();
    throw error;
  }
  return {
    databases,
    release: (file) => databases[file].close(),
    close() {
      for (const database of all) database.close();
    },
  };
}

/** False: the vault or the transient store was written to meanwhile, and no transaction is open. */
function holdStill(databases: Instant['databases'], betweenLooks: () => void): boolean {
  const others = [databases[VAULT_FILE], databases[TRANSIENT_FILE]];
  const before = others.map(versionOf);
  begin(databases[LOG_FILE]);
  betweenLooks();
  const after = others.map((database) => {
    begin(database);
    return versionOf(database);
  });
  if (before.every((version, index) => version === after[index])) return true;
  for (const database of Object.values(databases)) database.statement('COMMIT').run();
  return false;
}

/** A transaction stands where its first read found the file. */
function begin(database: Database): void {
  database.statement('BEGIN').run();
  database.statement('SELECT count(*) FROM sqlite_schema').get();
}

/** Changes with each commit of another connection, in this process or another. */
const versionOf = (database: Database): number => Number(database.statement('PRAGMA data_version').get()?.data_version);
