/** The reading side of the embedded read store: follows promoted generations and files that were made anew. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { comparePositions, type Position } from '../../event-store/position.ts';
import {
  type Document,
  PAGE_SIZE_MAX,
  type Page,
  type ProjectionStatus,
  type Query,
  type ReadStore,
  UnsearchableField,
} from '../read-store.ts';
import { databaseFile, liveGeneration } from './generation-file.ts';
import { GenerationReader } from './generation-reader.ts';
import { type BoardSlot, boardSlot } from './progress-board.ts';
import type { EmbeddedReadStoreOptions } from './writer.ts';

/** How often progress is looked up where no board tells it. */
const POLL_MS = 5;
/** How often a file on the disk is compared with the one that is open. */
const LOOK_AGAIN_MS = 250;

interface OpenGeneration {
  readonly reader: GenerationReader;
  readonly generation: number;
  readonly inode: bigint;
  lookedAtMs: number;
}

export function openEmbeddedReadStore({ directory, board }: EmbeddedReadStoreOptions): ReadStore {
  return new EmbeddedReadStore(directory, (projection) => (board === undefined ? null : boardSlot(board, projection)));
}

class EmbeddedReadStore implements ReadStore {
  readonly #directory: string;
  readonly #slotOf: (projection: string) => BoardSlot | null;
  /** Null: a projection without a slot on the board. */
  readonly #slots = new Map<string, BoardSlot | null>();
  readonly #open = new Map<string, OpenGeneration>();
  readonly #feeders = new Map<string, string>();

  constructor(directory: string, slotOf: (projection: string) => BoardSlot | null) {
    this.#directory = directory;
    this.#slotOf = slotOf;
  }

  async find(collection: string, tenant: string, id: string): Promise<Document | null> {
    return this.#readerOf(collection).find(collection, tenant, id);
  }

  async findMany(collection: string, tenant: string, ids: readonly string[]): Promise<readonly Document[]> {
    if (ids.length > PAGE_SIZE_MAX) throw new RangeError(`more than ${PAGE_SIZE_MAX} documents asked for by id`);
    return this.#readerOf(collection).findMany(collection, tenant, ids);
  }

  async query(query: Query): Promise<Page> {
    if (query.limit > PAGE_SIZE_MAX) throw new RangeError(`a page of more than ${PAGE_SIZE_MAX} documents`);
    return this.#readerOf(query.collection).query(query);
  }

  async waitFor(collection: string, position: Position, timeoutMs: number): Promise<'reached' | 'behind'> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const projection = this.#feederOf(collection);
      const slot = projection === null ? null : this.#slot(projection);
      if (slot !== null) return slot.waitFor(position, deadline - performance.now());
      const reached = projection === null ? null : (this.#current(projection)?.checkpoint() ?? null);
      if (reached !== null && comparePositions(reached, position) >= 0) return 'reached';
      if (performance.now() >= deadline) return 'behind';
      await pause(POLL_MS);
    }
  }

  async status(): Promise<readonly ProjectionStatus[]> {
    return this.#projections().flatMap((name) => {
      const reader = this.#current(name);
      if (reader === null) return [];
      // The board is ahead of the file while batches hold nothing for the projection.
      const position = this.#slot(name)?.position ?? reader.checkpoint();
      return [{ name, version: reader.spec.version, position, ...reader.state() }];
    });
  }

  async close(): Promise<void> {
    for (const { reader } of this.#open.values()) reader.close();
    this.#open.clear();
    this.#feeders.clear();
  }

  #readerOf(collection: string): GenerationReader {
    const projection = this.#feederOf(collection);
    const reader = projection === null ? null : this.#current(projection);
    // A new version of a projection may have dropped the collection.
    if (reader?.has(collection)) return reader;
    throw new UnsearchableField(collection, '');
  }

  #feederOf(collection: string): string | null {
    const known = this.#feeders.get(collection);
    if (known !== undefined) return known;
    for (const name of this.#projections()) {
      for (const { name: fed } of this.#current(name)?.spec.collections ?? []) this.#feeders.set(fed, name);
    }
    return this.#feeders.get(collection) ?? null;
  }

  #projections(): readonly string[] {
    if (!existsSync(this.#directory)) return [];
    return readdirSync(this.#directory)
      .filter((file) => file.endsWith('.live'))
      .map((file) => file.slice(0, -'.live'.length));
  }

  #slot(projection: string): BoardSlot | null {
    const known = this.#slots.get(projection);
    if (known !== undefined) return known;
    const slot = this.#slotOf(projection);
    this.#slots.set(projection, slot);
    return slot;
  }

  /** The reader of the generation that is live now. Null while its file is being made. */
  #current(projection: string): GenerationReader | null {
    const open = this.#open.get(projection);
    const announced = this.#slot(projection)?.generation ?? 0;
    const isAnnounced = open !== undefined && (announced === 0 || announced === open.generation);
    const now = performance.now();
    if (isAnnounced && now - open.lookedAtMs < LOOK_AGAIN_MS) return open.reader;
    const live = liveGeneration(this.#directory, projection);
    const inode = live === null ? null : this.#inode(projection, live);
    if (live === null || inode === null) return this.#replace(projection, null);
    if (open !== undefined && open.generation === live && open.inode === inode) {
      open.lookedAtMs = now;
      return open.reader;
    }
    try {
      const reader = GenerationReader.open(this.#directory, projection, live);
      return this.#replace(projection, reader === null ? null : { reader, generation: live, inode, lookedAtMs: now });
    } catch (error) {
      // The file went while it was opened, because another generation was promoted.
      if (liveGeneration(this.#directory, projection) !== live) return this.#current(projection);
      throw error;
    }
  }

  #replace(projection: string, next: OpenGeneration | null): GenerationReader | null {
    this.#open.get(projection)?.reader.close();
    if (next === null) this.#open.delete(projection);
    else this.#open.set(projection, next);
    return next?.reader ?? null;
  }

  #inode(projection: string, generation: number): bigint | null {
    const file = statSync(databaseFile(this.#directory, projection, generation), {
      bigint: true,
      throwIfNoEntry: false,
    });
    return file?.ino ?? null;
  }
}
