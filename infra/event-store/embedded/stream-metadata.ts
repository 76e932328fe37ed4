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

/** Of a `$metadata` event; keys that cannot be meant count as absent. Text that is no JSON object sets nothing. */
export function parseMetadata(text: string): StreamMetadata {
  const number = (key: string): number | null => {
    const found = new RegExp(`"\\${key}"\\s*:\\s*(\\d{1,19})(?![\\d.eE])`).exec(text)?.[1];
    return found === undefined ? null : Number(found);
  };
  const positive = (value: number | null): number | null => (value !== null && value >= 1 ? value : null);
  const first = number('$tb');
  return {
    maxCount: positive(number('$maxCount')),
    maxAgeSeconds: positive(number('$maxAge')),
    truncateBefore: first !== null && first > Number.MAX_SAFE_INTEGER ? 'everything' : first,
  };
}
