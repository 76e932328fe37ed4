/** Opens the stores of the configured data folder to read beside a running server, or without one. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { eventCatalogue } from '../domain/catalogue.ts';
import { refuseHalfRestored } from '../infra/backup/restore-mark.ts';
import { type Configuration, ConfigurationInvalid, readConfiguration } from '../infra/config/config.ts';
import type { EventCodec } from '../infra/event-codec/event-codec.ts';
import { createEventCodec } from '../infra/event-codec/sealing-codec.ts';
import { openEmbeddedEventStore } from '../infra/event-store/embedded/embedded-event-store.ts';
import { StoreUnavailable } from '../infra/event-store/errors.ts';
import type { EventStore } from '../infra/event-store/event-store.ts';
import { loadOrCreateDeploymentKey } from '../infra/vault/embedded/deployment-key.ts';
import { openEmbeddedVault } from '../infra/vault/embedded/embedded-vault.ts';
import type { Vault } from '../infra/vault/vault.ts';
import { CannotDo } from './command-line.ts';

export interface ReaderStores {
  readonly directory: string;
  readonly store: EventStore;
  readonly vault: Vault;
  readonly codec: EventCodec;
  close(): Promise<void>;
}

export function configured(): Configuration {
  try {
    return readConfiguration(process.env);
  } catch (error) {
    if (error instanceof ConfigurationInvalid) throw new CannotDo(error.message);
    throw error;
  }
}

export const deploymentKeyFile = ({ masterKeyFile, data }: Configuration): string =>
  masterKeyFile ?? join(data, 'keys', 'deployment.key');

export async function openReaderStores(configuration: Configuration): Promise<ReaderStores> {
  const directory = configuration.data;
  refuseHalfRestored(directory);
  const keyFile = deploymentKeyFile(configuration);
  // Looking must not leave a new key behind.
  if (!existsSync(keyFile)) {
    throw new CannotDo(
      `${directory} holds no data of a server: ${keyFile} is missing (MUNIMENT_DATA names the folder)`,
    );
  }
  const deploymentKey = await loadOrCreateDeploymentKey(keyFile);
  const store = await openLog(directory);
  const vault = await openEmbeddedVault({ directory, deploymentKey, mode: 'reader' });
  const codec = createEventCodec({ vault, catalogue: eventCatalogue });
  return {
    directory,
    store,
    vault,
    codec,
    async close() {
      await vault.close();
      await store.close();
    },
  };
}

async function openLog(directory: string): Promise<EventStore> {
  try {
    return await openEmbeddedEventStore({ directory, mode: 'reader' });
  } catch (error) {
    if (error instanceof StoreUnavailable) throw new CannotDo(error.message);
    throw error;
  }
}

export async function withReaderStores(work: (stores: ReaderStores) => Promise<number>): Promise<number> {
  const stores = await openReaderStores(configured());
  try {
    return await work(stores);
  } finally {
    await stores.close();
  }
}
