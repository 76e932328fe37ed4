/** What the vault's writer thread does with its jobs. */
import { type Database, openDatabase } from '../../sqlite/database.ts';
import { JobRefused } from '../../sqlite/group-commit.ts';
import type { GroupCommitHandler } from '../../sqlite/group-commit-worker.ts';
import type { SecretRef } from '../vault.ts';
import { VAULT_SCHEMA, VAULT_SCHEMA_VERSION } from './vault-schema.ts';

const CACHE_KIB = 2_048;
/** A reader in the middle of a statement holds the checkpoint up for at most some microseconds. */
const CHECKPOINT_ATTEMPTS_MAX = 50;

/** Each `keep-…` and `create-…` leaves a row that exists as it is; the caller reads what stands. */
export type VaultJob =
  | { readonly op: 'keep-key-check'; readonly wrapped: Uint8Array }
  | { readonly op: 'keep-organization-key'; readonly org: string; readonly wrapped: Uint8Array }
  | { readonly op: 'keep-blind-index-key'; readonly scope: string; readonly wrapped: Uint8Array }
  | { readonly op: 'create-data-key'; readonly subject: string; readonly org: string; readonly wrapped: Uint8Array }
  | { readonly op: 'put-secret'; readonly ref: SecretRef; readonly org: string; readonly sealed: Uint8Array }
  | { readonly op: 'remove-secret'; readonly ref: SecretRef }
  | { readonly op: 'destroy-subject'; readonly subject: string }
  /** Moves everything into the file and empties the write-ahead log, where deleted bytes would stay. */
  | { readonly op: 'checkpoint' };

export type VaultRefusal = 'secret-exists' | 'subject-destroyed';

export const vaultHandler = (database: Database): GroupCommitHandler<VaultJob, null> => ({
  database,
  apply: (job) => {
    apply(database, job);
    return null;
  },
  isAlone: (job) => job.op === 'checkpoint',
  applyAlone: () => {
    checkpoint(database);
    return null;
  },
});

function apply(database: Database, job: VaultJob): void {
  switch (job.op) {
    case 'keep-key-check':
      run(database, "INSERT OR IGNORE INTO vault_state (name, value) VALUES ('key-check', ?)", job.wrapped);
      return;
    case 'keep-organization-key':
      run(database, 'INSERT OR IGNORE INTO organization_keys (org, wrapped) VALUES (?, ?)', job.org, job.wrapped);
      return;
    case 'keep-blind-index-key':
      run(database, 'INSERT OR IGNORE INTO blind_index_keys (scope, wrapped) VALUES (?, ?)', job.scope, job.wrapped);
      return;
    case 'create-data-key':
      run(
        database,
        'INSERT OR IGNORE INTO data_keys (subject, org, wrapped) VALUES (?, ?, ?)',
        job.subject,
        job.org,
        job.wrapped,
      );
      return;
    case 'put-secret':
      putSecret(database, job);
      return;
    case 'remove-secret': {
      const { owner, kind, id } = job.ref;
      run(database, 'DELETE FROM secrets WHERE owner = ? AND kind = ? AND id = ?', owner, kind, id);
      return;
    }
    case 'destroy-subject':
      destroySubject(database, job.subject);
      return;
    case 'checkpoint':
      throw new Error('a checkpoint cannot run inside a transaction');
    default:
      job satisfies never;
  }
}

function putSecret(database: Database, { ref, org, sealed }: Extract<VaultJob, { op: 'put-secret' }>): void {
  const destroyed = database.statement('SELECT 1 FROM data_keys WHERE subject = ? AND wrapped IS NULL').get(ref.owner);
  if (destroyed !== undefined) throw new JobRefused('subject-destroyed' satisfies VaultRefusal);
  const inserted = run(
    database,
    'INSERT OR IGNORE INTO secrets (owner, kind, id, org, sealed) VALUES (?, ?, ?, ?, ?)',
    ref.owner,
    ref.kind,
    ref.id,
    org,
    sealed,
  );
  if (inserted === 0) throw new JobRefused('secret-exists' satisfies VaultRefusal);
}

function destroySubject(database: Database, subject: string): void {
  run(database, 'DELETE FROM secrets WHERE owner = ?', subject);
  // Also for a subject that never had a key here: a restored backup may lack it, and must not get one.
  const destroyed = run(
    database,
    `INSERT INTO data_keys (subject, wrapped) VALUES (?, NULL)
     ON CONFLICT (subject) DO UPDATE SET wrapped = NULL WHERE wrapped IS NOT NULL`,
    subject,
  );
  if (destroyed === 0) return;
  // Readers in other threads and processes compare it and forget what they know.
  run(
    database,
    "INSERT INTO vault_state (name, value) VALUES ('destroyed', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1",
  );
}

function checkpoint(database: Database): void {
  for (let attempt = 1; attempt <= CHECKPOINT_ATTEMPTS_MAX; attempt += 1) {
    const result = database.statement('PRAGMA wal_checkpoint(TRUNCATE)').get();
    if (result?.busy === 0) return;
  }
  throw new Error('the write-ahead log of the vault could not be emptied: a reader keeps it open');
}

const run = (database: Database, sql: string, ...values: (string | Uint8Array)[]): number =>
  Number(database.statement(sql).run(...values).changes);

/** A connection that may write, to a file that has the vault's tables. */
export function openVaultDatabase(file: string): Database {
  const database = openDatabase({ file, durability: 'full', secureDelete: true, cacheKib: CACHE_KIB });
  database.transaction(() => {
    database.exec(VAULT_SCHEMA);
    run(database, `INSERT OR IGNORE INTO vault_state (name, value) VALUES ('schema', ${VAULT_SCHEMA_VERSION})`);
  });
  return database;
}
