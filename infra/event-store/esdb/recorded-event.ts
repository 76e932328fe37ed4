import type { RecordedEvent } from '../event-store.ts';
import { dataOfBytes, dataOfJson, metaOfJson } from '../foreign-event.ts';
import type { DriverEvent } from './driver.ts';

/** Null for the system's. */
export function recordedEvent(event: DriverEvent): RecordedEvent | null {
  const { id, type, stream, revision, position, recordedAt, data, meta } = event;
  if (type.startsWith('$') || stream.startsWith('$')) return null;
  return {
    id,
    type,
    data: data instanceof Uint8Array ? dataOfBytes(data) : dataOfJson(data),
    meta: metaOfJson(meta, { id, recordedAt }),
    stream,
    revision,
    position,
    recordedAt,
  };
}
