/** Opens the log in one SQLite file: a writer thread, and reads over a read-only connection of the calling thread. */
import { accessSync, constants } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Database, openDatabase } from '../../sqlite/database.ts';
import { StoreUnavailable } from '../errors.ts';
import { startLogAppender } from './log-appender.ts';
import { readLogRow } from './schema.ts';
import { type EmbeddedEventStore, SqliteEventStore } from './sqlite-event-store.ts';

/** Below this much free disk the log takes no more events, so that there is room to act. */
export const FREE_BYTES_MIN = 200 * 1_048_576;
export const HEARTBEAT_MS = 5_000;
const HEAD_SIGNAL_BYTES = 8;
export const LOG_FILE = 'events.db';

export interface EmbeddedEventStoreOptions {
  /** Folder of `events.db`, or the file itself. */
  readonly directory?: string;
  readonly file?: string;
  /** One writer per file, in one process; readers in any number of threads and processes. */
  readonly mode: 'writer' | 'reader';
  /** `full` (default) survives power loss; `normal` may lose the last commits then, but nothing on a kill. */
  readonly durability?: 'full' | 'normal';
  /** The writer's signal, for readers in other threads: they wake at once instead of asking at intervals. */
  readonly headSignal?: SharedArrayBuffer;
  /** Default {@link FREE_BYTES_MIN}. */
  readonly freeBytesMin?: number;
  /** Milliseconds between two signs of life of the writer in the file. */
  readonly heartbeatMs?: number;
}

/** Throws `StoreUnavailable` with a sentence for the operator when the file cannot be opened that way. */
export async function openEmbeddedEventStore(options: EmbeddedEventStoreOptions): Promise<EmbeddedEventStore> {
  const { mode, durability = 'full', freeBytesMin = FREE_BYTES_MIN, heartbeatMs = HEARTBEAT_MS } = options;
  const file = options.file ?? join(options.directory ?? '.', LOG_FILE);
  if (mode === 'reader') {
    const database = openForReading(file);
    return new SqliteEventStore({
      file,
      database,
      freeBytesMin,
      appender: null,
      headSignal: options.headSignal ?? null,
    });
  }
  const headSignal = options.headSignal ?? new SharedArrayBuffer(HEAD_SIGNAL_BYTES);
  const appender = await startLogAppender({ file, durability, headSignal, freeBytesMin, heartbeatMs });
  try {
    return new SqliteEventStore({ file, database: openForReading(file), freeBytesMin, appender, headSignal });
  } catch (error) {
    await appender.close();
    throw error;
  }
}

function openForReading(file: string): Database {
  try {
    const database = openDatabase({ file, ...(isOnReadOnlyDisk(file) ? { immutable: true } : { readOnly: true }) });
    readLogRow(database);
    return database;
  } catch (error) {
    throw new StoreUnavailable(`there is no readable log at ${file}`, 'not-applied', { cause: error });
  }
}

function isOnReadOnlyDisk(file: string): boolean {
  try {
    accessSync(dirname(file), constants.W_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EROFS';
  }
}
