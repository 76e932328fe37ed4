/** The text of a `$metadata` event, in the keys of EventStoreDB. */

export const METASTREAM_PREFIX = '$$';

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

/** Of a `$metadata` event; a key that cannot be meant counts as absent, text that is no JSON object sets nothing. */
export function parseMetadata(text: string): StreamMetadata {
  const keys = parsedKeys(text);
  const atLeast = (least: number, key: string): number | null => {
    const value = keys[key];
    return typeof value === 'number' && value >= least ? Math.floor(value) : null;
  };
  const first = atLeast(0, '$tb');
  return {
    maxCount: atLeast(1, '$maxCount'),
    maxAgeSeconds: atLeast(1, '$maxAge'),
    truncateBefore: first !== null && first > Number.MAX_SAFE_INTEGER ? 'everything' : first,
  };
}

function parsedKeys(text: string): Readonly<Record<string, unknown>> {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
