/** The text of a `$metadata` event, in the keys of EventStoreDB. */

/** `everything`: the stream is softly deleted. */
export interface StreamMetadata {
  readonly maxCount: number | null;
  readonly maxAgeSeconds: number | null;
  readonly truncateBefore: number | 'everything' | null;
}

/** 2^63−1 is no double, so the text is not made by JSON.stringify. */
const EVERYTHING = '9223372036854775807';

export function metadataText({ maxCount, maxAgeSeconds, truncateBefore }: StreamMetadata): string {
  const entries: string[] = [];
  if (maxAgeSeconds !== null) entries.push(`"$maxAge":${maxAgeSeconds}`);
  if (maxCount !== null) entries.push(`"$maxCount":${maxCount}`);
  if (truncateBefore !== null) entries.push(`"$tb":${truncateBefore === 'everything' ? EVERYTHING : truncateBefore}`);
  return `{${entries.join(',')}}`;
}
