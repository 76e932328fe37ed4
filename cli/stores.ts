/** Opens the stores that the configuration names, for one process: as the writer that a server is, or as a reader beside it. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createAggregates } from '../commands/aggregates.ts';
import { noApprovals } from '../commands/approval-gate.ts';
import { type Kernel, newUuid } from '../commands/kernel.ts';
import { eventCatalogue } from '../domain/catalogue.ts';
import type { Configuration } from '../infra/config/config.ts';
import { createEventCodec } from '../infra/event-codec/sealing-codec.ts';
import { openEmbeddedEventStore } from '../infra/event-store/embedded/embedded-event-store.ts';
import { createPasswordHasher } from '../infra/password-hash/argon2-hasher.ts';
import { openSideStores } from '../infra/side-stores/open-side-stores.ts';
import type { Telemetry } from '../infra/telemetry/telemetry.ts';
import { createSteadyClock } from '../infra/transient-store/embedded/steady-clock.ts';
import { loadOrCreateDeploymentKey } from '../infra/vault/embedded/deployment-key.ts';

/** What a projector thread needs to open the same stores as a reader. */
export interface SharedStores {
  readonly directory: string;
  readonly deploymentKey: Buffer;
  /** Tells readers in other threads of a commit. */
  readonly headSignal: SharedArrayBuffer;
}

export interface OpenedKernel {
  readonly kernel: Kernel;
  readonly shared: SharedStores;
  close(): Promise<void>;
}

const HEAD_SIGNAL_BYTES = 64;
const DIRECTORY_MODE = 0o700;

export async function openKernel(configuration: Configuration, telemetry: Telemetry): Promise<OpenedKernel> {
  const directory = configuration.data;
  await mkdir(directory, { recursive: true, mode: DIRECTORY_MODE });
  const keyFile = configuration.masterKeyFile ?? join(directory, 'keys', 'deployment.key');
  const deploymentKey = await loadOrCreateDeploymentKey(keyFile);
  const headSignal = new SharedArrayBuffer(HEAD_SIGNAL_BYTES);
  const clock = Date.now;
  const sweepClock = createSteadyClock({ wall: clock, passed: () => performance.now() });

  const store = await openEmbeddedEventStore({
    directory,
    mode: 'writer',
    durability: configuration.durability,
    headSignal,
  });
  const { vault, transient } = await openSideStores({ directory, deploymentKey, clock, sweepClock });
  const codec = createEventCodec({ vault, catalogue: eventCatalogue });
  const hasher = createPasswordHasher({ ...configuration.passwordHash, metrics: telemetry });
  const breachedPasswords = await openBreachedPasswords(configuration, telemetry);
  const kernel: Kernel = {
    store,
    vault,
    transient,
    codec,
    hasher,
    telemetry,
    aggregates: createAggregates(store, codec),
    approvals: noApprovals,
    clock,
    uuid: newUuid,
    ...(breachedPasswords === null ? {} : { breachedPasswords }),
  };
  return {
    kernel,
    shared: { directory, deploymentKey, headSignal },
    async close() {
      await hasher.close();
      await transient.close();
      await vault.close();
      await store.close();
    },
  };
}

/** Loaded only where it is wanted. */
async function openBreachedPasswords({ breachedPasswords }: Configuration, { log }: Telemetry) {
  if (breachedPasswords === null) return null;
  const list = await import('../infra/breached-passwords/range-list.ts');
  return list.openRangeList({ ...breachedPasswords, log });
}
