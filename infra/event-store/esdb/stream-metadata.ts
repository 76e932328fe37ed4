/** Metadata of a stream in the keys of EventStoreDB, read and written whole. */
import type { Json, JsonObject } from '../../../domain/json.ts';
import type { Retention } from '../event-store.ts';

/** 2^63−1 hides everything. It is no double: read, it is the next one; written, it must be text. */
const EVERYTHING = 2 ** 63;
const RAW = JSON as unknown as { rawJSON(text: string): Json };

export const isSoftDelete = (metadata: JsonObject | null): boolean => Number(metadata?.$tb ?? 0) >= EVERYTHING;

/** What was hidden stays hidden; keys of others stay. */
export function withRetention(metadata: JsonObject | null, retention: Retention): JsonObject {
  const { $maxCount, $maxAge, $tb, ...others } = metadata ?? {};
  const first = Math.max(Number($tb ?? 0), Number(retention.truncateBefore ?? 0n));
  return {
    ...others,
    ...(retention.maxCount === undefined ? {} : { $maxCount: retention.maxCount }),
    ...(retention.maxAgeSeconds === undefined ? {} : { $maxAge: retention.maxAgeSeconds }),
    ...(first === 0 ? {} : { $tb: first >= EVERYTHING ? RAW.rawJSON('9223372036854775807') : first }),
  };
}
