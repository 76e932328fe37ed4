/** What a failed SQLite call means for the writer. Codes: sqlite.org/rescode.html. */

export type SqliteFault =
  /** Nothing was written; goes on once there is space. */
  | 'full'
  /** Nothing was written; another connection holds the lock. */
  | 'busy'
  /** The file cannot be written. */
  | 'read-only'
  /** A write or fsync failed, or the file is damaged: what the disk holds is unknown. */
  | 'broken';

const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;
/** The shared-memory file could not grow: no space, and no page was written yet. */
const IOERR_SHMSIZE = 4874;

/** Null: not a fault of the disk or the file. */
export function sqliteFault(error: unknown): SqliteFault | null {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  if (typeof code !== 'number') return null;
  if (code === IOERR_SHMSIZE) return 'full';
  switch (code & 0xff) {
    case FULL:
      return 'full';
    case BUSY:
    case LOCKED:
      return 'busy';
    case READONLY:
    case CANTOPEN:
      return 'read-only';
    case IOERR:
    case CORRUPT:
    case NOTADB:
      return 'broken';
    default:
      return null;
  }
}
