/** The log's file as a side of a copy: read under the writer's lock, or filled beside its place and put there when whole. */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFile, syncFolder } from '../../backup/durable-files.ts';
import { type Database, openDatabase } from '../../sqlite/database.ts';
import { JobRefused } from '../../sqlite/group-commit.ts';
import { StoreUnavailable } from '../errors.ts';
import { itemOf, type LogItem, type LogSource, type LogTarget } from '../log-copy/log-side.ts';
import { LOG_FILE } from './embedded-event-store.ts';
import { findDamage } from './integrity.ts';
import { LogImport } from './log-import.ts';
import { createTables, readLogRow } from './schema.ts';
import { readStoredLog } from './stored-events.ts';
import type { LogRefusal } from './writer-jobs.ts';
import { lockFile, type WriterLock } from './writer-lock.ts';

const PAGE_EVENTS = 1_000;
/** A copy that is not whole: no server opens a file of this name. */
const PARTIAL = '.partial';

/** Throws `StoreUnavailable` with a sentence for the operator: there is no log, or a server writes to it. */
export function openLogFileSource(directory: string): LogSource {
  const file = join(directory, LOG_FILE);
  if (!existsSync(file)) throw new StoreUnavailable(`there is no log at ${file}`, 'not-applied');
  const lock = locked(file);
  const database = openDatabase({ file, readOnly: true });
  return {
    name: file,
    items: () => itemsIn(database),
    // The lock keeps writers out.
    hasGrown: async () => false,
    async close() {
      database.close();
      lock.release();
    },
  };
}

/** Refuses, by `StoreUnavailable`, a folder that another process fills. */
export async function openLogFileTarget(directory: string): Promise<LogTarget> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const whole = join(directory, LOG_FILE);
  const isThere = existsSync(whole);
  const file = isThere ? whole : `${whole}${PARTIAL}`;
  const lock = locked(file);
  // A log that was whole is only compared: the difference is found before anything is written.
  const database = openDatabase({ file, durability: 'normal', secureDelete: true });
  createTables(database);
  const filling = new LogImport(database);
  return {
    name: whole,
    items: () => itemsIn(database),
    async write(items) {
      if (isThere)
        throw new StoreUnavailable(`${whole} is a log already: give the copy an empty folder`, 'not-applied');
      filling.write(items);
    },
    async complete() {
      if (isThere) return;
      finish(database);
      await syncFile(file);
      await rename(file, whole);
      await syncFolder(directory);
    },
    async close() {
      database.close();
      lock.release();
      if (!isThere) await rm(`${file}-lock`, { force: true });
    },
  };
}

function locked(file: string): WriterLock {
  try {
    return lockFile(file);
  } catch (error) {
    if (!(error instanceof JobRefused)) throw error;
    throw new StoreUnavailable((error.refusal as LogRefusal & { message: string }).message, 'not-applied');
  }
}

async function* itemsIn(database: Database): AsyncGenerator<LogItem> {
  const head = BigInt(readLogRow(database).head);
  for (let from: bigint | null = 1n; from !== null && from <= head; ) {
    const page = { direction: 'forward', from, limit: PAGE_EVENTS, window: PAGE_EVENTS } as const;
    const { events, next } = readStoredLog(database, { ...page, head, compiled: null });
    for (const event of events) {
      const item = itemOf(event);
      if (item !== null) yield item;
    }
    from = next;
  }
}

/** One file without a write-ahead log beside it. */
function finish(database: Database): void {
  const damage = findDamage(database);
  if (damage !== null) throw new Error(`the copied log is not sound: ${damage}`);
  database.exec('PRAGMA journal_mode = DELETE');
  database.close();
}
