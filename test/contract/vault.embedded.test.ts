import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedVault } from '../../infra/vault/embedded/embedded-vault.ts';
import { vaultContract } from './vault.contract.ts';

vaultContract('embedded', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'muniment-vault-'));
  const deploymentKey = randomBytes(32);
  return {
    open: () => openEmbeddedVault({ directory, deploymentKey, mode: 'writer' }),
    openReader: () => openEmbeddedVault({ directory, deploymentKey, mode: 'reader' }),
    remove: () => rm(directory, { recursive: true }),
  };
});
