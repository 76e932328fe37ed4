/** Reads of the client library as the driver gives them. */
import type { AllStreamRecordedEvent, ResolvedEvent, StreamingRead } from '@eventstore/db-client';
import type { Json } from '../../../domain/json.ts';
import { driverFailure } from './db-client-failure.ts';
import type { DriverEvent, DriverRead } from './driver.ts';

/** Null for a link whose event is gone. */
export function driverEvent({
  event,
  commitPosition,
}: ResolvedEvent | { event?: AllStreamRecordedEvent; commitPosition?: bigint }): DriverEvent | null {
  if (event === undefined) return null;
  const commit = commitPosition ?? 0n;
  const { id, type, streamId, revision, created, data, metadata, position } = event as AllStreamRecordedEvent;
  return {
    id,
    type,
    stream: streamId,
    revision,
    position: position ?? { commit, prepare: commit },
    recordedAt: created,
    data: data as Json | Uint8Array,
    meta: metadata === undefined || metadata instanceof Uint8Array ? null : (metadata as Json),
  };
}

export function driverRead(open: () => StreamingRead<ResolvedEvent>): DriverRead {
  const stream = open();
  const cancel = (): void => {
    // Fails where the call could not be begun, which the reader has heard by the stream itself.
    stream.cancel().catch((error: unknown) => stream.destroy(error as Error));
  };
  return {
    cancel,
    async *[Symbol.asyncIterator]() {
      try {
        for await (const resolved of stream) {
          const event = driverEvent(resolved as ResolvedEvent);
          if (event !== null) yield event;
        }
      } catch (error) {
        throw driverFailure(error);
      } finally {
        cancel();
      }
    },
  };
}
