import { openEmbeddedLeases } from '../../infra/lease/embedded/embedded-leases.ts';
import type { Leases } from '../../infra/lease/lease.ts';
import { openEmbeddedStream } from '../../infra/stream/embedded/embedded-stream.ts';
import { openEmbeddedTransientStore } from '../../infra/transient-store/embedded/embedded-transient-store.ts';
import { embeddedUnderTest } from '../support/event-store-embedded.ts';
import { streamContract } from './stream.contract.ts';

const PACE = { holdMs: 400, marginMs: 100, beatMs: 60, pollMs: 40 };

streamContract('embedded', async () => {
  const log = await embeddedUnderTest();
  const { directory, store } = log;
  const transient = await openEmbeddedTransientStore({ directory, clock: Date.now });
  const leases: Leases[] = [];
  return {
    store,
    async open() {
      const own = openEmbeddedLeases({ directory, pace: PACE });
      leases.push(own);
      return openEmbeddedStream({ store, transient, clock: Date.now, leases: own });
    },
    async dispose() {
      for (const each of leases) await each.close();
      await transient.close();
      await log.dispose();
    },
  };
});
