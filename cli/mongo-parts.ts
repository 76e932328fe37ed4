/** The parts that live in MongoDB. Its driver is loaded where the configuration names one, and only what is asked for. */
import type { DocumentStoreChoice, StoreChoices } from '../infra/config/store-choice.ts';
import type { Leases } from '../infra/lease/lease.ts';
import type { MongoReadStoreWriter } from '../infra/read-store/mongo/writer.ts';
import type { ReadStore } from '../infra/read-store/read-store.ts';
import type { TransientStore } from '../infra/transient-store/transient-store.ts';
import type { Vault } from '../infra/vault/vault.ts';

type Place = Extract<DocumentStoreChoice, { kind: 'mongodb' }>;

export interface SideClocks {
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** What is expired by it is removed for good; must not jump ahead. */
  readonly sweepClock: () => number;
}

export interface MongoParts {
  vault(place: Place, deploymentKey: Buffer, mode: 'writer' | 'reader'): Promise<Vault>;
  transient(place: Place, clocks: SideClocks): Promise<TransientStore>;
  readStore(place: Place): Promise<ReadStore>;
  readStoreWriter(place: Place): Promise<MongoReadStoreWriter>;
  leases(place: Place): Promise<Leases>;
  isAway(error: unknown): boolean;
  close(): Promise<void>;
}

export async function openMongoParts({ reads, transient, vault }: StoreChoices): Promise<MongoParts> {
  const isNamed = [reads, transient, vault].some(({ kind }) => kind === 'mongodb');
  return isNamed ? await loadedParts() : noParts;
}

async function loadedParts(): Promise<MongoParts> {
  const { createMongoClients } = await import('../infra/mongo/clients.ts');
  const { isUnreachable } = await import('../infra/mongo/patience.ts');
  const clients = createMongoClients();
  const at = ({ url, database }: Place) => ({ url, database, client: clients.of(url) });
  return {
    async vault(place, deploymentKey, mode) {
      const { openMongoVault } = await import('../infra/vault/mongo/mongo-vault.ts');
      return await openMongoVault({ ...at(place), deploymentKey: Buffer.from(deploymentKey), mode });
    },
    async transient(place, clocks) {
      const { openMongoTransientStore } = await import('../infra/transient-store/mongo/mongo-transient-store.ts');
      return await openMongoTransientStore({ ...at(place), ...clocks });
    },
    async readStore(place) {
      const { openMongoReadStore } = await import('../infra/read-store/mongo/reader.ts');
      return await openMongoReadStore(at(place));
    },
    async readStoreWriter(place) {
      const { openMongoReadStoreWriter } = await import('../infra/read-store/mongo/writer.ts');
      return await openMongoReadStoreWriter(at(place));
    },
    async leases(place) {
      const { openMongoLeases } = await import('../infra/lease/mongo/mongo-leases.ts');
      return await openMongoLeases(at(place));
    },
    isAway: isUnreachable,
    close: () => clients.close(),
  };
}

const absent = (): never => {
  throw new Error('no part of the stores lives in MongoDB');
};

const noParts: MongoParts = {
  vault: absent,
  transient: absent,
  readStore: absent,
  readStoreWriter: absent,
  leases: absent,
  isAway: () => false,
  close: async () => undefined,
};
