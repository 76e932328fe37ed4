/** Opens the stores that the configuration names, for one process: as the writer that a server is, or as a reader beside it. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createAggregates } from '../commands/aggregates.ts';
import { noApprovals } from '../commands/approval-gate.ts';
import { type Kernel, newUuid } from '../commands/kernel.ts';
import { eventCatalogue } from '../domain/catalogue.ts';
import type { Configuration } from '../infra/config/config.ts';
import { createEventCodec } from '../infra/event-codec/sealing-codec.ts';
import { createPasswordHasher } from '../infra/password-hash/argon2-hasher.ts';
import type { Telemetry } from '../infra/telemetry/telemetry.ts';
import { createSteadyClock } from '../infra/transient-store/embedded/steady-clock.ts';
import { loadOrCreateDeploymentKey } from '../infra/vault/embedded/deployment-key.ts';
import { lockFolder } from './folder-lock.ts';
import { isShared, openStoreParts, type StoreParts, type StorePlaces } from './store-parts.ts';

/** What a projector thread needs to open the same stores as a reader. */
export interface SharedStores extends StorePlaces {
  /** Tells readers in other threads of a commit to an embedded log. */
  readonly headSignal: SharedArrayBuffer;
}

export interface OpenedKernel {
  readonly kernel: Kernel;
  readonly parts: StoreParts;
  readonly shared: SharedStores;
  close(): Promise<void>;
}

const HEAD_SIGNAL_BYTES = 64;
const DIRECTORY_MODE = 0o700;

export async function openKernel(configuration: Configuration, telemetry: Telemetry): Promise<OpenedKernel> {
  const opened = new AsyncDisposableStack();
  try {
    return await openAll(configuration, telemetry, opened);
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

/** What is opened last closes first. */
async function openAll(configuration: Configuration, telemetry: Telemetry, opened: AsyncDisposableStack) {
  const { data: directory, stores: choices, durability } = configuration;
  await mkdir(directory, { recursive: true, mode: DIRECTORY_MODE });
  const keyFile = configuration.masterKeyFile ?? join(directory, 'keys', 'deployment.key');
  const deploymentKey = await loadOrCreateDeploymentKey(keyFile);
  const headSignal = new SharedArrayBuffer(HEAD_SIGNAL_BYTES);
  const clock = Date.now;
  const sweepClock = createSteadyClock({ wall: clock, passed: () => performance.now() });

  if (needsFolder(configuration)) {
    const lock = lockFolder(directory);
    opened.defer(() => lock.release());
  }
  const parts = await openStoreParts({ choices, directory, deploymentKey });
  opened.defer(() => parts.close());
  const store = await parts.eventStore({ mode: 'writer', durability, headSignal });
  opened.defer(() => store.close());
  const { vault, transient } = await parts.sideStores({ clock, sweepClock });
  opened.defer(() => vault.close());
  opened.defer(() => transient.close());
  const codec = createEventCodec({ vault, catalogue: eventCatalogue });
  const hasher = createPasswordHasher({ ...configuration.passwordHash, metrics: telemetry });
  opened.defer(() => hasher.close());
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
  const shared = { choices: plain(choices), directory, deploymentKey, headSignal };
  return { kernel, parts, shared, close: () => opened.disposeAsync() };
}

/** Loaded only where it is wanted. */
async function openBreachedPasswords({ breachedPasswords }: Configuration, { log }: Telemetry) {
  if (breachedPasswords === null) return null;
  const list = await import('../infra/breached-passwords/range-list.ts');
  return list.openRangeList({ ...breachedPasswords, log });
}

/** An embedded log has a lock of its own. */
function needsFolder({ stores: { events, reads, transient, vault } }: Configuration): boolean {
  return isShared(events) && ![reads, transient, vault].every(isShared);
}

const plain = ({ events, reads, transient, vault }: SharedStores['choices']) => ({ events, reads, transient, vault });
