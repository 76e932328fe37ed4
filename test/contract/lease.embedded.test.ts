import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedLeases } from '../../infra/lease/embedded/embedded-leases.ts';
import { killedHolder } from '../support/killed-lease-holder.ts';
import { leaseContract } from './lease.contract.ts';

leaseContract('embedded', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'muniment-lease-'));
  return {
    open: async (pace) => openEmbeddedLeases({ directory, pace }),
    killedHolder: (name) => killedHolder(['embedded', directory, ''], name),
    remove: () => rm(directory, { recursive: true }),
  };
});
