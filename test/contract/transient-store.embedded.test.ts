import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedTransientStore } from '../../infra/transient-store/embedded/embedded-transient-store.ts';
import { transientStoreContract } from './transient-store.contract.ts';

transientStoreContract('embedded', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'muniment-transient-'));
  return {
    open: (clock) => openEmbeddedTransientStore({ directory, clock }),
    remove: () => rm(directory, { recursive: true }),
  };
});
