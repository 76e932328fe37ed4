/** The file of short-lived state. It may hold what has expired until the next sweep; reads never see that. */

export const TRANSIENT_FILE = 'transient.sqlite';
export const TRANSIENT_SCHEMA_VERSION = 1;

/** `entries.tags` repeats an entry's tags, so that a write knows which rows of `tags` to take back. */
export const TRANSIENT_SCHEMA = `
  CREATE TABLE IF NOT EXISTS transient_state (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS entries (
    type TEXT NOT NULL,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    value TEXT NOT NULL,
    version INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    tags TEXT,
    PRIMARY KEY (type, tenant, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS entries_by_expiry ON entries (expires_at);
  CREATE TABLE IF NOT EXISTS tags (
    type TEXT NOT NULL,
    tenant TEXT NOT NULL,
    tag TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (type, tenant, tag, id)
  ) STRICT, WITHOUT ROWID;
`;
