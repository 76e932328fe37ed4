/** A SQLite connection as every embedded store opens it, and the statements it keeps prepared. */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';

export const BUSY_TIMEOUT_MS = 5_000;
/** Pages in the write-ahead log before a commit moves them to the database file. */
const AUTOCHECKPOINT_PAGES = 2_000;
const WAL_FILE_BYTES_MAX = 64 * 1024 * 1024;
const PREPARED_STATEMENTS_MAX = 500;

export interface DatabaseOptions {
  readonly file: string;
  /** Readers share the file with one writer, in this process or another. */
  readonly readOnly?: boolean;
  /** Reads a file that nobody can write, without the lock files that reading needs otherwise: a disk mounted read-only. */
  readonly immutable?: boolean;
  /** `full` (default) survives power loss; `normal` may lose the last commits then, but nothing on a kill. */
  readonly durability?: 'full' | 'normal';
  /** Overwrites what is deleted with zeros. */
  readonly secureDelete?: boolean;
  readonly cacheKib?: number;
}

/** A connection of the calling thread. Never share one between threads. */
export class Database {
  readonly connection: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(connection: DatabaseSync) {
    this.connection = connection;
  }

  /** Prepared once per text. Never build the text from values. */
  statement(sql: string): StatementSync {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    if (this.#prepared.size >= PREPARED_STATEMENTS_MAX) this.#prepared.clear();
    const statement = this.connection.prepare(sql);
    this.#prepared.set(sql, statement);
    return statement;
  }

  exec(sql: string): void {
    this.connection.exec(sql);
  }

  /** All of the body or nothing. */
  transaction<T>(body: () => T): T {
    this.statement('BEGIN IMMEDIATE').run();
    try {
      const result = body();
      this.statement('COMMIT').run();
      return result;
    } catch (error) {
      this.rollback();
      throw error;
    }
  }

  /** All of the body or nothing, inside a transaction that goes on either way. */
  savepoint<T>(body: () => T): T {
    this.statement('SAVEPOINT part').run();
    try {
      const result = body();
      this.statement('RELEASE part').run();
      return result;
    } catch (error) {
      // A full disk may have ended the whole transaction already.
      if (this.connection.isTransaction) {
        this.statement('ROLLBACK TO part').run();
        this.statement('RELEASE part').run();
      }
      throw error;
    }
  }

  rollback(): void {
    if (this.connection.isTransaction) this.statement('ROLLBACK').run();
  }

  close(): void {
    this.#prepared.clear();
    if (this.connection.isOpen) this.connection.close();
  }
}

export function openDatabase(options: DatabaseOptions): Database {
  const {
    file,
    immutable = false,
    readOnly = immutable,
    durability = 'full',
    secureDelete = false,
    cacheKib = 8_192,
  } = options;
  const connection = new DatabaseSync(immutable ? immutableUrl(file) : file, {
    readOnly,
    timeout: BUSY_TIMEOUT_MS,
    enableForeignKeyConstraints: true,
    enableDoubleQuotedStringLiterals: false,
  });
  try {
    connection.exec(`PRAGMA cache_size = -${cacheKib}`);
    if (readOnly) {
      connection.exec('PRAGMA query_only = ON');
      return new Database(connection);
    }
    // Takes effect only on a file without tables.
    connection.exec('PRAGMA auto_vacuum = INCREMENTAL');
    connection.exec('PRAGMA journal_mode = WAL');
    connection.exec(`PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'}`);
    connection.exec(`PRAGMA secure_delete = ${secureDelete ? 'ON' : 'OFF'}`);
    connection.exec(`PRAGMA wal_autocheckpoint = ${AUTOCHECKPOINT_PAGES}`);
    connection.exec(`PRAGMA journal_size_limit = ${WAL_FILE_BYTES_MAX}`);
    return new Database(connection);
  } catch (error) {
    connection.close();
    throw error;
  }
}

function immutableUrl(file: string): URL {
  const url = pathToFileURL(file);
  url.searchParams.set('immutable', '1');
  return url;
}
