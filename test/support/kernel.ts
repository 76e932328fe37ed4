/**
 * The command side over real stores of its own, in a folder and where `mix.ts` says: all that commands need, without
 * doors.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isShared, openStoreParts, type StorePlaces } from '../../cli/store-parts.ts';
import { createAggregates } from '../../commands/aggregates.ts';
import { noApprovals } from '../../commands/approval-gate.ts';
import { setUp, systemCaller } from '../../commands/bootstrap.ts';
import type { Caller } from '../../commands/caller.ts';
import type { Envelope } from '../../commands/command.ts';
import type { Kernel } from '../../commands/kernel.ts';
import { newUuid } from '../../commands/kernel.ts';
import { eventCatalogue } from '../../domain/catalogue.ts';
import { SUPER_ORG_ID } from '../../domain/ids.ts';
import { readConfiguration } from '../../infra/config/config.ts';
import { createEventCodec } from '../../infra/event-codec/sealing-codec.ts';
import { identifyEsdbLog } from '../../infra/event-store/esdb/esdb-log.ts';
import type { EventStore } from '../../infra/event-store/event-store.ts';
import { soleLeases } from '../../infra/lease/sole-leases.ts';
import { createPasswordHasher } from '../../infra/password-hash/argon2-hasher.ts';
import { noTelemetry } from '../../infra/telemetry/no-telemetry.ts';
import { mixedStores } from './mix.ts';

export const ADMIN_PASSWORD = 'A-password-for-tests-1';

export interface TestKernel {
  readonly kernel: Kernel;
  readonly directory: string;
  /** Of another node: with caches of its own, and connections of its own where the stores are shared. */
  elsewhere(): Promise<Kernel>;
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
  const mixed = await mixedStores(directory);
  const { stores: choices } = readConfiguration(mixed.environment);
  const places = { choices, directory, deploymentKey };
  const node = await openNode(places, options);
  const others: Node[] = [];
  return {
    kernel: node.kernel,
    directory,
    async elsewhere() {
      const { events, vault, transient } = choices;
      if (![events, vault, transient].every(isShared)) return withOwnCaches(node.kernel);
      const other = await openNode(places, options);
      others.push(other);
      return other.kernel;
    },
    async close(keep) {
      for (const opened of [...others, node]) await opened.close();
      await mixed.close(keep === 'keep');
      if (keep !== 'keep') await rm(directory, { recursive: true, force: true });
    },
  };
}

const withOwnCaches = (kernel: Kernel): Kernel => ({
  ...kernel,
  aggregates: createAggregates(kernel.store, kernel.codec),
});

interface Node {
  readonly kernel: Kernel;
  close(): Promise<void>;
}

async function openNode(places: StorePlaces, { wrap, clock = Date.now }: TestKernelOptions): Promise<Node> {
  const parts = await openStoreParts(places);
  const opened = await parts.eventStore({ mode: 'writer', durability: 'normal' });
  const store = wrap?.(opened) ?? opened;
  const { vault, transient } = await parts.sideStores({ clock, sweepClock: clock });
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
    async close() {
      await hasher.close();
      await transient.close();
      await vault.close();
      await opened.close();
      await parts.close();
    },
  };
}

/** With the super organization and its administrator. */
export async function openSetUpKernel(options: TestKernelOptions = {}): Promise<TestKernel> {
  const opened = await openTestKernel(options);
  const first = { superTenant: 'carbon.super', adminName: 'admin', adminPassword: ADMIN_PASSWORD };
  await setUp(opened.kernel, first, soleLeases());
  await identifyEsdbLog(opened.kernel.store);
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
