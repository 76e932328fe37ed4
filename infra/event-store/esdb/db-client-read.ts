/** Reads of the client library as the driver gives them. */
import type { ResolvedEvent, StreamingRead } from '@eventstore/db-client';
import { driverFailure } from './client-failure.ts';
import type { DriverRead } from './driver.ts';
import { driverEvent } from './driver-event.ts';

export function driverRead(open: () => StreamingRead<ResolvedEvent>): DriverRead {
  const stream = open();
  // Who reads hears of it by the iteration; who has left does not ask.
  stream.on('error', () => undefined);
  const cancel = (): void => {
    // Fails where the call could not be begun, which the reader has heard by the stream itself.
    stream.cancel().catch((error: unknown) => stream.destroy(error as Error));
  };
  return {
    cancel,
    async *[Symbol.asyncIterator]() {
      try {
        for await (const resolved of stream.iterator({ destroyOnReturn: false })) {
          const event = driverEvent(resolved as ResolvedEvent);
          if (event !== null) yield event;
        }
      } catch (error) {
        throw driverFailure(error);
      } finally {
        cancel();
        // A call that the server ended while its last event was read counts as open until its end is read, too.
        stream.resume();
      }
    },
  };
}
