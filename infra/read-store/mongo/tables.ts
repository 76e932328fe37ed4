/**
 * One generation of one projection, as its engine writes it.
 *
 * A batch is no transaction. Documents are written first, the checkpoint after them; each document carries the position
 * of the batch that wrote it last, and a batch of an older or the same position passes it over. Writes are absolute, so
 * applying a batch to documents that are ahead of it in part ends in the same documents. So replay after a crash,
 * redelivery, and a writer that does not know yet that another took its place change nothing in the end. Readers may
 * see a batch's documents before its checkpoint.
 */
import { MongoBulkWriteError } from 'mongodb';
import { comparePositions, decodePosition, encodePosition, type Position } from '../../event-store/position.ts';
import { withPatience } from '../../mongo/patience.ts';
import { formatState, isSameSpec, layoutsOf, parseState } from '../embedded/generation-file.ts';
import type { Layout } from '../embedded/layout.ts';
import { parsePath, withoutValue, withValue } from '../path.ts';
import type { Document, ProjectionStatus, ProjectionTables, Write } from '../read-store.ts';
import {
  assertLeads,
  createGeneration,
  createIndexes,
  dropGenerations,
  type GenerationDocument,
  type GenerationSpec,
  type GenerationState,
  type Generations,
  type Leadership,
  moveCheckpoint,
  setLive,
  specIn,
  storedIn,
} from './generations.ts';
import { documentIn } from './page.ts';
import { type StoredDocument, storedOf, tombstoneOf } from './stored.ts';

/** Readers go on with the former generation until they look again. */
const FORMER_KEPT_MS = 5_000;
const DUPLICATE_KEY = 11_000;

/** Where a projection's generations live. */
export interface GenerationHome {
  readonly all: Generations;
  /** What the running code asks for. */
  readonly wanted: GenerationSpec;
  /** Runs later, or when the writer is closed. */
  readonly later: (work: () => Promise<void>, afterMs: number) => void;
  readonly leadership: Leadership;
}

export class MongoTables implements ProjectionTables {
  readonly #home: GenerationHome;
  readonly #id: string;
  readonly #number: number;
  readonly #spec: GenerationSpec;
  readonly #layouts: ReadonlyMap<string, Layout>;
  #isLive: boolean;
  #checkpoint: Position | null;
  #state: GenerationState;

  constructor(home: GenerationHome, generation: GenerationDocument, isLive: boolean) {
    this.#home = home;
    this.#id = generation._id;
    this.#number = generation.number;
    this.#spec = specIn(generation);
    this.#layouts = new Map(layoutsOf(this.#spec).map((layout) => [layout.name, layout]));
    this.#isLive = isLive;
    this.#checkpoint = generation.checkpoint === null ? null : decodePosition(generation.checkpoint);
    this.#state = parseState(generation.state);
  }

  get checkpoint(): Position | null {
    return this.#checkpoint;
  }

  get stale(): boolean {
    return !isSameSpec(this.#spec, this.#home.wanted);
  }

  get parked(): NonNullable<ProjectionStatus['parked']> | null {
    return this.#state.parked ?? null;
  }

  async apply(writes: readonly Write[], checkpoint: Position): Promise<void> {
    if (this.#checkpoint !== null && comparePositions(checkpoint, this.#checkpoint) < 0) {
      throw new RangeError(`projection ${this.#spec.name} was asked to go back from its checkpoint`);
    }
    const byCollection = Map.groupBy(writes, ({ collection }) => collection);
    for (const collection of byCollection.keys()) this.#layoutOf(collection);
    // A server that is away for a moment is no reason to park.
    await withPatience(() => this.#bring(byCollection, checkpoint));
    if (this.#state.parked !== undefined) {
      const { parked: _, ...state } = this.#state;
      await this.#writeState(state);
    }
    this.#checkpoint = checkpoint;
  }

  async park(parked: NonNullable<ProjectionStatus['parked']>): Promise<void> {
    await this.#writeState({ ...this.#state, state: 'parked', parked });
  }

  async status({ state, progress }: Pick<ProjectionStatus, 'state' | 'progress'>): Promise<void> {
    const { parked } = this.#state;
    await this.#writeState({
      state,
      ...(progress === undefined ? {} : { progress }),
      ...(parked === undefined ? {} : { parked }),
    });
  }

  async beside(): Promise<ProjectionTables> {
    const { all, wanted, leadership } = this.#home;
    await assertLeads(all, leadership);
    await dropGenerations(all, wanted.name, [this.#number]);
    const state = formatState({ state: 'rebuilding' });
    const made = await createGeneration(all, { spec: wanted, number: this.#number + 1, state });
    return new MongoTables(this.#home, made, false);
  }

  async promote(): Promise<void> {
    if (this.#isLive) return;
    const { all, wanted, later, leadership } = this.#home;
    await assertLeads(all, leadership);
    await createIndexes(all, this.#id, this.#spec);
    await this.#writeState({ state: 'live' });
    await setLive(all, leadership, this.#number);
    this.#isLive = true;
    later(async () => {
      await assertLeads(all, leadership);
      await dropGenerations(all, wanted.name, [this.#number, this.#number + 1]);
    }, FORMER_KEPT_MS);
  }

  /** Nothing to do here: what was removed left its document at once. The server's own logs are beyond our reach. */
  async forget(): Promise<void> {
    // Removed documents hold no more than id and position.
  }

  async #bring(byCollection: ReadonlyMap<string, readonly Write[]>, checkpoint: Position): Promise<void> {
    const at = encodePosition(checkpoint);
    await assertLeads(this.#home.all, this.#home.leadership);
    for (const [collection, own] of byCollection) await this.#write(this.#layoutOf(collection), own, at);
    await moveCheckpoint(this.#home.all, this.#id, checkpoint);
  }

  #layoutOf(collection: string): Layout {
    const layout = this.#layouts.get(collection);
    if (layout !== undefined) return layout;
    throw new TypeError(`projection ${this.#spec.name} wants to write to ${collection}, which it does not declare`);
  }

  async #write(layout: Layout, writes: readonly Write[], at: string): Promise<void> {
    const stored = storedIn(this.#home.all, this.#id, layout.name);
    const byId = Map.groupBy(writes, (write) => (write.kind === 'put' ? write.document.id : write.id));
    const found = await stored
      .find({ _id: { $in: [...byId.keys()] } })
      .project<Pick<StoredDocument, '_id' | 'at' | 'body'>>({ at: 1, body: 1 })
      .toArray();
    const former = new Map(found.map((document) => [document._id, document]));
    const replacements = [...byId].flatMap(([id, own]) => {
      const known = former.get(id);
      if (known !== undefined && known.at >= at) return [];
      const next = written(known?.body === undefined ? null : documentIn(known), own);
      if (next === 'untouched') return [];
      const replacement = next === null ? tombstoneOf(id, at) : storedOf(layout, next, at);
      return [{ replaceOne: { filter: { _id: id, at: { $lt: at } }, replacement, upsert: true } }];
    });
    if (replacements.length === 0) return;
    try {
      await stored.bulkWrite(replacements, { ordered: false });
    } catch (error) {
      if (!isPassedOver(error)) throw error;
    }
  }

  async #writeState(state: GenerationState): Promise<void> {
    this.#state = state;
    await assertLeads(this.#home.all, this.#home.leadership);
    await this.#home.all.generations.updateOne({ _id: this.#id }, { $set: { state: formatState(state) } });
  }
}

/** Null: removed. `untouched`: only patches, of a document that is not there. */
function written(former: Document | null, writes: readonly Write[]): Document | null | 'untouched' {
  let document = former;
  let isTouched = former !== null;
  for (const write of writes) {
    if (write.kind === 'put') document = write.document;
    else if (write.kind === 'remove') document = null;
    else if (document !== null) document = patched(document, write);
    isTouched ||= write.kind !== 'patch';
  }
  return isTouched ? document : 'untouched';
}

function patched(document: Document, { set = {}, unset = [] }: Extract<Write, { kind: 'patch' }>): Document {
  let result: Document = document;
  // The path ends below the document's root, so what comes back is an object with the document's id.
  for (const [path, value] of Object.entries(set)) result = withValue(result, parsePath(path), value) as Document;
  for (const path of unset) result = withoutValue(result, parsePath(path)) as Document;
  return result;
}

/** Another writer brought some of the documents further meanwhile, and nothing else went wrong. */
function isPassedOver(error: unknown): boolean {
  if (!(error instanceof MongoBulkWriteError)) return false;
  const failures = Array.isArray(error.writeErrors) ? error.writeErrors : [error.writeErrors];
  return failures.length > 0 && failures.every(({ code }) => code === DUPLICATE_KEY);
}
