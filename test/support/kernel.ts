/** The command side over real embedded stores in a folder of its own: all that commands need, without doors. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAggregates } from '../../commands/aggregates.ts';
import { noApprovals } from '../../commands/approval-gate.ts';
import { setUp, systemCaller } from '../../commands/bootstrap.ts';
import type { Caller } from '../../commands/caller.ts';
import type { Envelope } from '../../commands/command.ts';
import type { Kernel } from '../../commands/kernel.ts';
import { newUuid } from '../../commands/kernel.ts';
import { eventCatalogue } from '../../domain/catalogue.ts';
import { SUPER_ORG_ID } from '../../domain/ids.ts';
import { createEventCodec } from '../../infra/event-codec/sealing-codec.ts';
import { openEmbeddedEventStore } from '../../infra/event-store/embedded/embedded-event-store.ts';
import type { EventStore } from '../../infra/event-store/event-store.ts';
import { createPasswordHasher } from '../../infra/password-hash/argon2-hasher.ts';
import { openSideStores } from '../../infra/side-stores/open-side-stores.ts';
import { noTelemetry } from '../../infra/telemetry/no-telemetry.ts';

export const ADMIN_PASSWORD = 'A-password-for-tests-1';

export interface TestKernel {
  readonly kernel: Kernel;
  readonly directory: string;
  /** Closes the stores; the folder goes too unless `keep`. */
  close(keep?: 'keep'): Promise<void>;
}

export interface TestKernelOptions {
  readonly directory?: string;
  readonly deploymentKey?: Buffer;
  readonly wrap?: (store: EventStore) => EventStore;
  readonly clock?: () => number;
}

export async function openTestKernel(options: TestKernelOptions = {}): Promise<TestKernel> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'muniment-')));
  const deploymentKey = options.deploymentKey ?? randomBytes(32);
  const clock = options.clock ?? Date.now;
  const opened = await openEmbeddedEventStore({ directory, mode: 'writer', durability: 'normal' });
  const store = options.wrap?.(opened) ?? opened;
  const { vault, transient } = await openSideStores({ directory, deploymentKey, clock });
  const codec = createEventCodec({ vault, catalogue: eventCatalogue });
  const hasher = createPasswordHasher({ memoryKiB: 64, passes: 1, lanes: 1, concurrency: 2, queueMax: 1_000 });
  const kernel: Kernel = {
    store,
    vault,
    transient,
    codec,
    hasher,
    telemetry: noTelemetry,
    aggregates: createAggregates(store, codec),
    approvals: noApprovals,
    clock,
    uuid: newUuid,
  };
  return {
    kernel,
    directory,
    async close(keep) {
      await hasher.close();
      await transient.close();
      await vault.close();
      await opened.close();
      if (keep !== 'keep') await rm(directory, { recursive: true, force: true });
    },
  };
}

/** With the super organization and its administrator. */
export async function openSetUpKernel(options: TestKernelOptions = {}): Promise<TestKernel> {
  const opened = await openTestKernel(options);
  const first = { superTenant: 'carbon.super', adminName: 'admin', adminPassword: ADMIN_PASSWORD };
  await setUp(opened.kernel, first);
  return opened;
}

export const system: Caller = systemCaller(SUPER_ORG_ID, 'test');

export const asking = (over: Partial<Envelope> = {}): Envelope => ({
  caller: system,
  correlationId: newUuid(),
  ...over,
});

export const callerWith = (...permissions: string[]): Caller => ({
  kind: 'user',
  id: '22222222-2222-4222-8222-222222222222',
  tenant: SUPER_ORG_ID as Caller['tenant'],
  org: SUPER_ORG_ID,
  permissions: new Set(permissions),
  memoryKey: 'test',
});
