/** The driver over the official client for the protocol's first version, which every server speaks. */
import {
  BACKWARDS,
  END,
  EventStoreDBClient,
  eventTypeFilter,
  FORWARDS,
  jsonEvent,
  START,
  streamNameFilter,
} from '@eventstore/db-client';
import { driverRead } from './db-client-read.ts';
import type { OpenDriver } from './driver.ts';
import { closeChannelOf, officialDriver, withOwnConnection } from './official-driver.ts';

/** `url` is a connection string of EventStoreDB; one client is one connection. */
export const dbClientDriver =
  (url: string): OpenDriver =>
  () => {
    const client = EventStoreDBClient.connectionString(withOwnConnection(url));
    return officialDriver({
      client,
      jsonEvent,
      eventTypeFilter,
      streamNameFilter,
      appendAtomic: null,
      appendOptions: (expectedRevision) => ({ expectedRevision }),
      readStream: (stream, { from, direction, max }) =>
        driverRead(() =>
          client.readStream(stream, {
            direction: direction === 'forward' ? FORWARDS : BACKWARDS,
            fromRevision: from,
            ...(max === undefined ? {} : { maxCount: max }),
          }),
        ),
      readAll: (read) =>
        driverRead(() =>
          'backward' in read
            ? client.readAll({ direction: BACKWARDS, fromPosition: END })
            : client.readAll({ direction: FORWARDS, fromPosition: read.from === 'start' ? START : read.from }),
        ),
    });
  };

/** For a client that is used beside a driver. */
export const closeDbClient = (client: EventStoreDBClient): Promise<void> => closeChannelOf(client);
