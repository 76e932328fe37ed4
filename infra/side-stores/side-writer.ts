/**
 * One writer thread for the vault and the transient store. Each keeps its own file: the vault's is attached to the
 * connection of the other. A job touches one file alone, so that nothing rests on a commit being atomic across both.
 */
import type { Database } from '../sqlite/database.ts';
import { type GroupCommitHandler, serveGroupCommit } from '../sqlite/group-commit-worker.ts';
import {
  openTransientDatabase,
  type TransientJob,
  transientHandler,
} from '../transient-store/embedded/transient-handler.ts';
import { openVaultDatabase, type VaultJob, vaultHandler } from '../vault/embedded/vault-handler.ts';

export interface SideWriterOptions {
  readonly transientFile: string;
  readonly vaultFile: string;
}

export type SideJob = VaultJob | TransientJob;
export type SideReply = null | number;

const isOfVault = (job: SideJob): job is VaultJob => !Array.isArray(job);

function attachVault(database: Database, file: string): void {
  // Makes the tables and the write-ahead log, which stay as they are for whoever attaches the file.
  openVaultDatabase(file).close();
  database.statement('ATTACH DATABASE ? AS vault').run(file);
  database.exec('PRAGMA vault.synchronous = FULL');
  database.exec('PRAGMA vault.secure_delete = ON');
}

function sideHandler(database: Database): GroupCommitHandler<SideJob, SideReply> {
  const vault = vaultHandler(database);
  const transient = transientHandler(database);
  return {
    database,
    apply: (job) => (isOfVault(job) ? vault.apply(job) : transient.apply(job)),
    beforeGroup: (jobs) => transient.beforeGroup?.(jobs.filter((job): job is TransientJob => !isOfVault(job))),
    isAlone: (job) => isOfVault(job) && vault.isAlone?.(job) === true,
    applyAlone: (job) => (isOfVault(job) ? (vault.applyAlone?.(job) ?? null) : transient.apply(job)),
  };
}

await serveGroupCommit<SideJob, SideReply, SideWriterOptions>({
  open: ({ transientFile, vaultFile }) => {
    const database = openTransientDatabase(transientFile);
    attachVault(database, vaultFile);
    return sideHandler(database);
  },
});
