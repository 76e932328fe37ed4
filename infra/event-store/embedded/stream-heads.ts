/**
 * What the one writer's process knows of streams without asking the file: every change comes back through it.
 *
 * Entries begin with a read of the file and move with the writer's answers. An answer may be that of a repeated append,
 * which names an older revision, so an entry never goes back.
 */
import { LRUCache } from 'lru-cache';
import type { StreamInfo, StreamName } from '../event-store.ts';

export const STREAMS_KNOWN_MAX = 100_000;

export class StreamHeads {
  readonly #known = new LRUCache<StreamName, StreamInfo>({ max: STREAMS_KNOWN_MAX });

  get(stream: StreamName): StreamInfo | undefined {
    return this.#known.get(stream);
  }

  /** What the file says now. */
  learn(stream: StreamName, info: StreamInfo): void {
    this.#known.set(stream, info);
  }

  /** The writer answered an append. */
  advance(stream: StreamName, revision: bigint): void {
    const known = this.#known.get(stream);
    if (known === undefined || (known.revision ?? -1n) >= revision) return;
    this.#known.set(stream, { state: 'present', revision });
  }

  /** Removed or brought back in a way that revisions do not tell. */
  forget(stream: StreamName): void {
    this.#known.delete(stream);
  }

  /** The writer failed: nobody knows what came of what it was given. */
  forgetAll(): void {
    this.#known.clear();
  }
}
