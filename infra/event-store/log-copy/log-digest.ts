/** What a log holds, as a few numbers and hashes that grow with each item and can be compared between stores. */
import { createHash, type Hash } from 'node:crypto';
import { parseMetadata } from '../embedded/stream-metadata.ts';
import type { LogItem } from './log-side.ts';

export interface LogSummary {
  readonly events: number;
  readonly metadata: number;
  readonly tombstones: number;
  readonly bytes: number;
  /** Of stream, revision, id, type, data and metadata of every event, in order: SHA-256, hexadecimal. */
  readonly eventsHash: string;
  readonly metadataHash: string;
  readonly tombstonesHash: string;
}

/**
 * Each kind has its own order: servers differ in whether the metadata that ends a soft removal stands before or behind
 * the event that causes it. Metadata counts by its meaning: a server that writes it by itself gives it an id of its own.
 */
export class LogDigest {
  readonly #counts = { event: 0, metadata: 0, tombstone: 0 };
  readonly #hashes: Readonly<Record<LogItem['kind'], Hash>> = {
    event: createHash('sha256'),
    metadata: createHash('sha256'),
    tombstone: createHash('sha256'),
  };
  #bytes = 0;

  add(item: LogItem): void {
    this.#counts[item.kind] += 1;
    const hash = this.#hashes[item.kind];
    hash.update(`${headOf(item)}\n`);
    if (item.kind !== 'event') return;
    hash.update(item.data).update('\n').update(item.meta).update('\n');
    this.#bytes += sizeOf(item.data) + sizeOf(item.meta);
  }

  count(kind: LogItem['kind']): number {
    return this.#counts[kind];
  }

  summary(): LogSummary {
    const hex = (kind: LogItem['kind']): string => this.#hashes[kind].copy().digest('hex');
    return {
      events: this.#counts.event,
      metadata: this.#counts.metadata,
      tombstones: this.#counts.tombstone,
      bytes: this.#bytes,
      eventsHash: hex('event'),
      metadataHash: hex('metadata'),
      tombstonesHash: hex('tombstone'),
    };
  }
}

export const sizeOf = (stored: string | Uint8Array): number =>
  typeof stored === 'string' ? Buffer.byteLength(stored) : stored.byteLength;

/** No field holds a line feed but data and metadata, whose lengths are part of the head. */
function headOf({ kind, stream, revision, id, type, json, data, meta }: LogItem): string {
  if (kind === 'tombstone') return stream;
  if (kind === 'metadata') return `${stream} ${JSON.stringify(parseMetadata(String(data)))}`;
  return `${JSON.stringify([stream, type])} ${revision} ${id} ${json} ${sizeOf(data)} ${sizeOf(meta)}`;
}

export async function digestOf(items: AsyncIterable<LogItem>, each: (digest: LogDigest) => void): Promise<LogDigest> {
  const digest = new LogDigest();
  for await (const item of items) {
    digest.add(item);
    each(digest);
  }
  return digest;
}
