/** One process per data folder where the log is elsewhere, whose own lock would otherwise see to that. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreUnavailable } from '../infra/event-store/errors.ts';
import { sqliteFault } from '../infra/sqlite/fault.ts';

const LOCK_FILE = 'server.lock';

export interface FolderLock {
  release(): void;
}

/** An exclusive lock of the operating system; it ends with the process that holds it. */
export function lockFolder(directory: string): FolderLock {
  const lock = new DatabaseSync(join(directory, LOCK_FILE), { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (sqliteFault(error) !== 'busy') throw error;
    throw new StoreUnavailable(
      `the folder ${directory} is in use by another process, and holds parts that one process alone can use: ` +
        'stop that process',
      'not-applied',
      { cause: error },
    );
  }
  return { release: () => lock.close() };
}
