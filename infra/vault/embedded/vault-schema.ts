/** The vault's file. Nothing in it is readable without the deployment key, which is elsewhere. */

export const VAULT_FILE = 'vault.sqlite';
export const VAULT_SCHEMA_VERSION = 1;

/**
 * `data_keys.wrapped` is null once the subject's key was destroyed: the row stays, so that no key is ever made again
 * under an id whose events are meant to be unreadable.
 */
export const VAULT_SCHEMA = `
  CREATE TABLE IF NOT EXISTS vault_state (
    name TEXT PRIMARY KEY,
    value ANY NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS organization_keys (
    org TEXT PRIMARY KEY,
    wrapped BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS blind_index_keys (
    scope TEXT PRIMARY KEY,
    wrapped BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS data_keys (
    subject TEXT PRIMARY KEY,
    org TEXT,
    wrapped BLOB
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS secrets (
    owner TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    org TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (owner, kind, id)
  ) STRICT;
`;
