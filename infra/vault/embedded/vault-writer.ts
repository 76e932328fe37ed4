/** The vault's own writer thread: the only one that writes the file. */
import { serveGroupCommit } from '../../sqlite/group-commit-worker.ts';
import { openVaultDatabase, type VaultJob, vaultHandler } from './vault-handler.ts';

export interface VaultWriterOptions {
  readonly file: string;
}

await serveGroupCommit<VaultJob, null, VaultWriterOptions>({
  open: ({ file }) => vaultHandler(openVaultDatabase(file)),
});
