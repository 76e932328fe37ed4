/**
 * Opens each part of the stores where the configuration says that it lives. Nothing of a server is loaded that is not
 * named, and by each thread only what it opens.
 */
import type { StoreChoices } from '../infra/config/store-choice.ts';
import { openEmbeddedEventStore } from '../infra/event-store/embedded/embedded-event-store.ts';
import { EventStoreError } from '../infra/event-store/errors.ts';
import type { EventStore } from '../infra/event-store/event-store.ts';
import type { Leases } from '../infra/lease/lease.ts';
import { soleLeases } from '../infra/lease/sole-leases.ts';
import type { ProgressBoard } from '../infra/read-store/embedded/progress-board.ts';
import type { ReadStore, ReadStoreWriter } from '../infra/read-store/read-store.ts';
import type { TransientStore } from '../infra/transient-store/transient-store.ts';
import { openEmbeddedVault } from '../infra/vault/embedded/embedded-vault.ts';
import type { Vault } from '../infra/vault/vault.ts';
import { openMongoParts, type SideClocks } from './mongo-parts.ts';

/** Can be given to a thread as it is. */
export interface StorePlaces {
  readonly choices: StoreChoices;
  readonly directory: string;
  readonly deploymentKey: Buffer;
}

export interface EventStoreOpening {
  readonly mode: 'writer' | 'reader';
  readonly durability?: 'full' | 'normal';
  /** Of an embedded log: tells readers in other threads of a commit. */
  readonly headSignal?: SharedArrayBuffer;
}

export interface StoreParts {
  eventStore(opening: EventStoreOpening): Promise<EventStore>;
  /** After the first start: a log on a server has its name from its first event. */
  identify(store: EventStore): Promise<void>;
  /** Both write. */
  sideStores(clocks: SideClocks): Promise<{ readonly vault: Vault; readonly transient: TransientStore }>;
  vaultReader(): Promise<Vault>;
  /** `board` of an embedded read store: progress that threads share. */
  readStore(board: ProgressBoard | null): Promise<ReadStore>;
  readStoreWriter(board: ProgressBoard | null): Promise<ReadStoreWriter & { close(): Promise<void> }>;
  /** Between the nodes that share read models, or the state that consumers keep. */
  leases(among: 'projectors' | 'consumers'): Promise<Leases>;
  /** A server that holds a part cannot be reached now: the same may work in a moment. */
  isAway(error: unknown): boolean;
  /** Connections that the parts share; after the parts. */
  close(): Promise<void>;
}

export const isShared = ({ kind }: StoreChoices[keyof StoreChoices]): boolean => kind !== 'embedded';

export async function openStoreParts(places: StorePlaces): Promise<StoreParts> {
  const { choices, directory, deploymentKey } = places;
  const { events, reads, transient, vault } = choices;
  const mongo = await openMongoParts(choices);
  const embeddedVault = (mode: 'writer' | 'reader') =>
    openEmbeddedVault({ directory, deploymentKey: Buffer.from(deploymentKey), mode });

  return {
    async eventStore({ mode, ...opening }) {
      if (events.kind === 'embedded') return await openEmbeddedEventStore({ directory, mode, ...opening });
      const { openEsdbLog } = await import('../infra/event-store/esdb/esdb-log.ts');
      return await openEsdbLog(events.url, events.driver);
    },
    async identify(store) {
      if (events.kind === 'embedded') return;
      const { identifyEsdbLog } = await import('../infra/event-store/esdb/esdb-log.ts');
      await identifyEsdbLog(store);
    },
    async sideStores(clocks) {
      if (vault.kind === 'embedded' && transient.kind === 'embedded') {
        const { openSideStores } = await import('../infra/side-stores/open-side-stores.ts');
        return await openSideStores({ directory, deploymentKey, ...clocks });
      }
      const opened =
        transient.kind === 'embedded'
          ? await embeddedTransient(directory, clocks)
          : await mongo.transient(transient, clocks);
      try {
        const opening =
          vault.kind === 'embedded' ? embeddedVault('writer') : mongo.vault(vault, deploymentKey, 'writer');
        return { vault: await opening, transient: opened };
      } catch (error) {
        await opened.close();
        throw error;
      }
    },
    vaultReader: () =>
      vault.kind === 'embedded' ? embeddedVault('reader') : mongo.vault(vault, deploymentKey, 'reader'),
    async readStore(board) {
      if (reads.kind === 'mongodb') return await mongo.readStore(reads);
      const { openEmbeddedReadStore } = await import('../infra/read-store/embedded/reader.ts');
      return openEmbeddedReadStore({ directory, ...(board === null ? {} : { board }) });
    },
    async readStoreWriter(board) {
      if (reads.kind === 'mongodb') return await mongo.readStoreWriter(reads);
      const { openEmbeddedReadStoreWriter } = await import('../infra/read-store/embedded/writer.ts');
      return openEmbeddedReadStoreWriter({ directory, ...(board === null ? {} : { board }) });
    },
    async leases(among) {
      const place = among === 'projectors' ? reads : transient;
      return place.kind === 'embedded' ? soleLeases() : await mongo.leases(place);
    },
    isAway: (error) => (error instanceof EventStoreError && error.retryable) || mongo.isAway(error),
    close: () => mongo.close(),
  };
}

async function embeddedTransient(directory: string, clocks: SideClocks): Promise<TransientStore> {
  const { openEmbeddedTransientStore } = await import('../infra/transient-store/embedded/embedded-transient-store.ts');
  return await openEmbeddedTransientStore({ directory, ...clocks });
}
