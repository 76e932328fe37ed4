/** Opens the stores of the configured data folder to read beside a running server, or without one. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { eventCatalogue } from '../domain/catalogue.ts';
import { refuseHalfRestored } from '../infra/backup/restore-mark.ts';
import { type Configuration, ConfigurationInvalid, readConfiguration } from '../infra/config/config.ts';
import type { EventCodec } from '../infra/event-codec/event-codec.ts';
import { createEventCodec } from '../infra/event-codec/sealing-codec.ts';
import type { EventStore } from '../infra/event-store/event-store.ts';
import { loadOrCreateDeploymentKey } from '../infra/vault/embedded/deployment-key.ts';
import type { Vault } from '../infra/vault/vault.ts';
import { CannotDo } from './command-line.ts';
import { isShared, openStoreParts, type StoreParts } from './store-parts.ts';

export interface ReaderStores {
  readonly parts: StoreParts;
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

/** For what copies the files of the data folder: a part that is elsewhere would be left out. */
export function refuseServers({ stores }: Configuration, what: string): void {
  const { events, reads, transient, vault } = stores;
  const parts = { log: events, 'read models': reads, sessions: transient, vault };
  const elsewhere = Object.entries(parts).flatMap(([name, choice]) => (isShared(choice) ? [name] : []));
  if (elsewhere.length === 0) return;
  throw new CannotDo(`${what} is of embedded parts alone, and these are on servers: ${elsewhere.join(', ')}\n`);
}

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
  const parts = await openStoreParts({ choices: configuration.stores, directory, deploymentKey });
  const opened = new AsyncDisposableStack();
  opened.defer(() => parts.close());
  try {
    const store = await parts.eventStore({ mode: 'reader' });
    opened.defer(() => store.close());
    const vault = await parts.vaultReader();
    opened.defer(() => vault.close());
    const codec = createEventCodec({ vault, catalogue: eventCatalogue });
    return { parts, store, vault, codec, close: () => opened.disposeAsync() };
  } catch (error) {
    await opened.disposeAsync();
    if (parts.isAway(error)) throw new CannotDo((error as Error).message);
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
