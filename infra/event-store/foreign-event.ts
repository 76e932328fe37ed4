/** Reads events as they come: other programs write data that is no object, and other metadata or none. */
import type { EventMeta } from '../../domain/event.ts';
import type { Json, JsonObject } from '../../domain/json.ts';

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const dataOfBytes = (bytes: Uint8Array): JsonObject => ({ $base64: Buffer.from(bytes).toString('base64') });

export const dataOfJson = (value: Json): JsonObject => (isObject(value) ? value : { $value: value });

/** Null: there is none, or it is no JSON. */
export function metaOfJson(value: Json, { id, recordedAt }: { id: string; recordedAt: Date }): EventMeta {
  const meta = isObject(value) ? value : null;
  if (meta !== null && '$correlationId' in meta && '$causationId' in meta && 'at' in meta)
    return meta as unknown as EventMeta;
  return { $correlationId: id, $causationId: id, at: recordedAt.toISOString(), ...meta };
}
