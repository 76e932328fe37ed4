/** The adapter for servers of EventStoreDB, over the wire to an endpoint on an embedded log. */
import type { OpenDriver } from '../../infra/event-store/esdb/driver.ts';
import { openEsdbEventStore } from '../../infra/event-store/esdb/esdb-event-store.ts';
import type { EventStore } from '../../infra/event-store/event-store.ts';
import {
  type EndpointOptions,
  type EventStoreEndpoint,
  openEventStoreEndpoint,
} from '../../protocol/eventstore-endpoint/endpoint.ts';
import type { StoreUnderTest } from '../contract/event-store-under-test.ts';
import { type EmbeddedUnderTest, embeddedUnderTest } from './event-store-embedded.ts';

export interface EsdbUnderTest extends StoreUnderTest {
  readonly log: EmbeddedUnderTest;
  readonly endpoint: EventStoreEndpoint;
  /** Connection string. */
  readonly url: string;
}

export const urlOf = (port: number): string => `esdb://127.0.0.1:${port}?tls=false`;

/** A fault of the endpoint fails the test that meets it. */
export const onFault = (error: unknown): void => {
  throw new Error('the endpoint failed', { cause: error });
};

/** Takes a connection string. */
export type DriverAt = (url: string) => OpenDriver;

export const openStoreAt = (driver: DriverAt, url: string): Promise<EventStore> =>
  openEsdbEventStore({ driver: driver(url), identity: 'log-under-test' });

export async function esdbUnderTest(driver: DriverAt, options: Partial<EndpointOptions> = {}): Promise<EsdbUnderTest> {
  const log = await embeddedUnderTest();
  let port = 0;
  const serve = async () => {
    const endpoint = await openEventStoreEndpoint({
      log: log.store.stored,
      writable: true,
      onFault,
      port,
      ...options,
    });
    ({ port } = endpoint);
    return endpoint;
  };
  let endpoint = await serve();
  let store = await openStoreAt(driver, urlOf(port));
  const restart = async (work: () => Promise<unknown>) => {
    await store.close();
    await endpoint.close();
    await work();
    endpoint = await serve();
    store = await openStoreAt(driver, urlOf(port));
    return store;
  };
  return {
    log,
    get store() {
      return store;
    },
    get endpoint() {
      return endpoint;
    },
    get url() {
      return urlOf(port);
    },
    reopen: () => restart(() => log.reopen()),
    reopenWith: (events) => restart(() => log.reopenWith(events)),
    async dispose() {
      await store.close();
      await endpoint.close();
      await log.dispose();
    },
  };
}
