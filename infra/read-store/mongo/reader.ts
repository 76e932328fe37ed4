/** The reading side of the read store in MongoDB: any number of nodes. It follows promoted generations. */
import { setTimeout as pause } from 'node:timers/promises';
import { decodePosition, encodePosition, type Position } from '../../event-store/position.ts';
import { connectMongo, type MongoConnection, type MongoPlace } from '../../mongo/connection.ts';
import { layoutsOf, parseState } from '../embedded/generation-file.ts';
import type { Layout } from '../embedded/layout.ts';
import {
  type Document,
  PAGE_SIZE_MAX,
  type Page,
  type ProjectionStatus,
  type Query,
  type ReadStore,
  UnsearchableField,
} from '../read-store.ts';
import {
  type GenerationDocument,
  type Generations,
  generationId,
  generationsIn,
  specIn,
  storedIn,
} from './generations.ts';
import { documentIn, pageOf, type Stored } from './page.ts';

/** How often a waiting reader asks how far a projection has come. */
const POLL_MS_MIN = 5;
const POLL_MS_MAX = 50;
/** How often a reader asks which generation is live. */
const LOOK_AGAIN_MS = 250;

interface Live {
  readonly id: string;
  readonly layouts: ReadonlyMap<string, Layout>;
  readonly lookedAtMs: number;
}

export async function openMongoReadStore(place: MongoPlace): Promise<ReadStore> {
  const connection = await connectMongo(place);
  return new MongoReadStore(connection, generationsIn(connection.db));
}

class MongoReadStore implements ReadStore {
  readonly #connection: MongoConnection;
  readonly #all: Generations;
  readonly #live = new Map<string, Live>();
  readonly #feeders = new Map<string, string>();

  constructor(connection: MongoConnection, all: Generations) {
    this.#connection = connection;
    this.#all = all;
  }

  async find(collection: string, tenant: string, id: string): Promise<Document | null> {
    const { stored } = await this.#collected(collection);
    const found = await stored.findOne({ _id: id, tenant }, { projection: { body: 1 } });
    return found === null ? null : documentIn(found);
  }

  async findMany(collection: string, tenant: string, ids: readonly string[]): Promise<readonly Document[]> {
    if (ids.length > PAGE_SIZE_MAX) throw new RangeError(`more than ${PAGE_SIZE_MAX} documents wanted by id`);
    const { stored } = await this.#collected(collection);
    const wanted = [...new Set(ids)];
    const found = await stored.find({ _id: { $in: wanted }, tenant }, { projection: { body: 1 } }).toArray();
    const byId = new Map(found.map((document) => [document._id, document]));
    return wanted.flatMap((id) => {
      const document = byId.get(id);
      return document === undefined ? [] : [documentIn(document)];
    });
  }

  async query(query: Query): Promise<Page> {
    if (query.limit > PAGE_SIZE_MAX) throw new RangeError(`a page holds at most ${PAGE_SIZE_MAX} documents`);
    const { stored, layout } = await this.#collected(query.collection);
    return pageOf(stored, layout, query);
  }

  async waitFor(collection: string, position: Position, timeoutMs: number): Promise<'reached' | 'behind'> {
    const deadline = performance.now() + timeoutMs;
    const wanted = encodePosition(position);
    for (let pauseMs = POLL_MS_MIN; ; pauseMs = Math.min(pauseMs * 2, POLL_MS_MAX)) {
      const projection = await this.#feederOf(collection);
      const live = projection === null ? null : await this.#current(projection);
      const reached = live === null ? null : await this.#checkpoint(live.id);
      if (reached !== null && reached >= wanted) return 'reached';
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) return 'behind';
      await pause(Math.min(pauseMs, leftMs));
    }
  }

  async status(): Promise<readonly ProjectionStatus[]> {
    const generations = await this.#liveGenerations();
    return generations.map((generation) => {
      const { name, version } = specIn(generation);
      const { checkpoint, state } = generation;
      const position = checkpoint === null ? null : decodePosition(checkpoint);
      return { name, version, position, ...parseState(state) };
    });
  }

  async close(): Promise<void> {
    this.#live.clear();
    this.#feeders.clear();
    await this.#connection.close();
  }

  async #collected(collection: string): Promise<{ readonly stored: Stored; readonly layout: Layout }> {
    const projection = await this.#feederOf(collection);
    const live = projection === null ? null : await this.#current(projection);
    // A new version of a projection may have dropped the collection.
    const layout = live?.layouts.get(collection);
    if (live === null || layout === undefined) throw new UnsearchableField(collection, '');
    return { stored: storedIn(this.#all, live.id, collection), layout };
  }

  async #feederOf(collection: string): Promise<string | null> {
    const known = this.#feeders.get(collection);
    if (known !== undefined) return known;
    for (const generation of await this.#liveGenerations()) {
      for (const { name } of specIn(generation).collections) this.#feeders.set(name, generation.projection);
    }
    return this.#feeders.get(collection) ?? null;
  }

  async #current(projection: string): Promise<Live | null> {
    const known = this.#live.get(projection);
    const lookedAtMs = performance.now();
    if (known !== undefined && lookedAtMs - known.lookedAtMs < LOOK_AGAIN_MS) return known;
    const pointer = await this.#all.projections.findOne({ _id: projection });
    if (pointer?.live === undefined) return null;
    const id = generationId(projection, pointer.live);
    const layouts = known?.id === id ? known.layouts : await this.#layoutsOf(id);
    if (layouts === null) return null;
    const live = { id, layouts, lookedAtMs };
    this.#live.set(projection, live);
    return live;
  }

  async #layoutsOf(id: string): Promise<ReadonlyMap<string, Layout> | null> {
    const generation = await this.#all.generations.findOne({ _id: id });
    if (generation === null) return null;
    return new Map(layoutsOf(specIn(generation)).map((layout) => [layout.name, layout]));
  }

  async #checkpoint(id: string): Promise<string | null> {
    const found = await this.#all.generations.findOne({ _id: id }, { projection: { checkpoint: 1 } });
    return found?.checkpoint ?? null;
  }

  async #liveGenerations(): Promise<readonly GenerationDocument[]> {
    const projections = await this.#all.projections.find().sort({ _id: 1 }).toArray();
    const ids = projections.flatMap(({ _id, live }) => (live === undefined ? [] : [generationId(_id, live)]));
    return this.#all.generations
      .find({ _id: { $in: ids } })
      .sort({ _id: 1 })
      .toArray();
  }
}
