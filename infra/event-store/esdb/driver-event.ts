/** Events of the client libraries as the driver gives them. */
import type { AllStreamRecordedEvent, ResolvedEvent } from '@eventstore/db-client';
import type { Json } from '../../../domain/json.ts';
import type { DriverEvent } from './driver.ts';

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
