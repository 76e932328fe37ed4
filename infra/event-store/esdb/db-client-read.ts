/** Reads of the client library as the driver gives them. */
import { finished, type Readable } from 'node:stream';
import type { AllStreamRecordedEvent, ResolvedEvent, StreamingRead } from '@eventstore/db-client';
import type { Json } from '../../../domain/json.ts';
import type { CallGate } from './call-gate.ts';
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

export interface ReadCall {
  readonly open: () => StreamingRead<ResolvedEvent>;
  /** What the server was told to send at most. */
  readonly max?: number | undefined;
}

export function driverRead(gate: CallGate, { open, max }: ReadCall): DriverRead {
  let stream: StreamingRead<ResolvedEvent> | null = null;
  let cancelled = false;
  const cancel = (): void => {
    cancelled = true;
    // Fails where the call could not be begun, which the reader has heard by the stream itself.
    stream?.cancel().catch((error: unknown) => stream?.destroy(error as Error));
  };
  return {
    cancel,
    async *[Symbol.asyncIterator]() {
      const leave = await gate.enter();
      let seen = 0;
      try {
        if (cancelled) return;
        stream = open();
        const events = (stream as unknown as Readable).iterator({ destroyOnReturn: false });
        for await (const resolved of events) {
          seen += 1;
          const event = driverEvent(resolved as ResolvedEvent);
          if (event !== null) yield event;
        }
      } catch (error) {
        throw driverFailure(error);
      } finally {
        if (stream !== null && seen === max) letEnd(stream as unknown as Readable, leave);
        else {
          stream?.destroy();
          cancel();
          leave();
        }
      }
    },
  };
}

/** All has come, and the server ends the call by itself: servers take many resets of calls for an attack. */
function letEnd(stream: Readable, ended: () => void): void {
  finished(stream, () => ended());
  stream.resume();
}
