/** The log of this deployment on a server of EventStoreDB, known by its first event: the founding of the super organization. */
import { SUPER_ORG_ID } from '../../../domain/ids.ts';
import type { EventStore } from '../event-store.ts';
import { EsdbEventStore, openEsdbEventStore } from './esdb-event-store.ts';
import { type DriverName, loadDriver } from './load-driver.ts';

const FOUNDING_STREAM = `org-${SUPER_ORG_ID}`;
/** The identity of a log that was opened before it was founded. */
const UNFOUNDED = 'unfounded';

/** `url` is a connection string. A server of its own name and address may change; the identity stays with the events. */
export async function openEsdbLog(url: string, driverName: DriverName): Promise<EventStore> {
  const driver = await loadDriver(driverName, url);
  const store = await openEsdbEventStore({ driver, identity: UNFOUNDED });
  try {
    await identifyEsdbLog(store);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Once more after the super organization was founded, by this node or another. */
export async function identifyEsdbLog(store: EventStore): Promise<void> {
  if (!(store instanceof EsdbEventStore) || store.identity !== UNFOUNDED) return;
  for await (const { id } of store.readStream(FOUNDING_STREAM, { max: 1 })) store.identify(id);
}
