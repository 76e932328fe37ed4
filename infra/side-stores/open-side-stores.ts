/** The embedded vault and transient store with one writer thread between them: a thread costs memory and start-up time. */
import { join } from 'node:path';
import { type GroupCommitWriter, startGroupCommitWriter } from '../sqlite/group-commit.ts';
import {
  type EmbeddedTransientStoreOptions,
  openEmbeddedTransientStore,
  type TransientWriter,
} from '../transient-store/embedded/embedded-transient-store.ts';
import { TRANSIENT_FILE } from '../transient-store/embedded/transient-schema.ts';
import type { TransientStore } from '../transient-store/transient-store.ts';
import { type EmbeddedVaultOptions, openEmbeddedVault, type VaultWriter } from '../vault/embedded/embedded-vault.ts';
import { VAULT_FILE } from '../vault/embedded/vault-schema.ts';
import type { Vault } from '../vault/vault.ts';
import type { SideJob, SideReply, SideWriterOptions } from './side-writer.ts';

export type SideStoresOptions = Pick<EmbeddedTransientStoreOptions, 'directory' | 'clock' | 'sweepClock'> &
  Pick<EmbeddedVaultOptions, 'deploymentKey'>;

/** Both write. The thread ends when both are closed, in whichever order. */
export async function openSideStores({
  directory,
  clock,
  deploymentKey,
  sweepClock = clock,
}: SideStoresOptions): Promise<{ readonly vault: Vault; readonly transient: TransientStore }> {
  const writer = await startGroupCommitWriter<SideJob, SideReply, SideWriterOptions>({
    entry: new URL('./side-writer.ts', import.meta.url),
    options: { transientFile: join(directory, TRANSIENT_FILE), vaultFile: join(directory, VAULT_FILE) },
  });
  const [ofVault, ofTransient] = sharesOf(writer);
  const transient = await orElse(
    openEmbeddedTransientStore({ directory, clock, sweepClock, writer: ofTransient }),
    ofVault.close,
  );
  const opening = openEmbeddedVault({ directory, deploymentKey, mode: 'writer', writer: ofVault });
  return { vault: await orElse(opening, transient.close.bind(transient)), transient };
}

async function orElse<Opened>(opening: Promise<Opened>, close: () => Promise<void>): Promise<Opened> {
  try {
    return await opening;
  } catch (error) {
    await close();
    throw error;
  }
}

/** The worker answers each job as the handler of its kind does: a vault job with null, a transient job with a number. */
function sharesOf(writer: GroupCommitWriter<SideJob, SideReply, unknown>): readonly [VaultWriter, TransientWriter] {
  const open = new Set(['vault', 'transient']);
  const share = (name: string) => ({
    submit: (job: SideJob) => writer.submit(job) as Promise<never>,
    stopped: () => writer.stopped(),
    close: async () => {
      open.delete(name);
      if (open.size === 0) await writer.close();
    },
  });
  return [share('vault'), share('transient')];
}
