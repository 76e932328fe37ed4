/** Which generations of which projections there are, how far each has come, and which of them readers see. */
import type { Collection, Db, IndexDescription } from 'mongodb';
import { encodePosition, type Position } from '../../event-store/position.ts';
import { isDuplicateKey } from '../../mongo/connection.ts';
import { type GenerationSpec, type GenerationState, layoutsOf, specOf } from '../embedded/generation-file.ts';
import type { Layout } from '../embedded/layout.ts';
import { FormerLeader } from '../errors.ts';
import type { ReadStoreWriter } from '../read-store.ts';
import type { Stored } from './page.ts';
import { type StoredDocument, singleField } from './stored.ts';

/** Raised when stored documents change shape: collections of another form are built anew from the log. */
const DOCUMENT_FORM = 1;
/** The server takes 64 indexes in a collection; four are not of a field. Fields beyond are searched without one. */
export const INDEXED_FIELDS_MAX = 60;
/** How long a removed document keeps late writes of older positions out. */
const TOMBSTONE_S = 3_600;

export interface GenerationDocument {
  readonly _id: string;
  readonly projection: string;
  readonly number: number;
  /** JSON text of a `GenerationSpec`. */
  readonly spec: string;
  /** Encoded; null before the first batch. */
  readonly checkpoint: string | null;
  /** As `formatState` makes it. */
  readonly state: string;
}

export interface ProjectionDocument {
  readonly _id: string;
  /** Number of the generation that readers see; absent before the first. */
  readonly live?: number;
  /** Of the lease under which it was written last. */
  readonly fence?: number;
}

export interface Generations {
  readonly db: Db;
  readonly projections: Collection<ProjectionDocument>;
  readonly generations: Collection<GenerationDocument>;
}

export const generationsIn = (db: Db): Generations => ({
  db,
  projections: db.collection<ProjectionDocument>('read_projections'),
  generations: db.collection<GenerationDocument>('read_generations'),
});

export const generationId = (projection: string, number: number): string => `${projection}.${number}`;

export const storedIn = ({ db }: Generations, generation: string, collection: string): Stored =>
  db.collection<StoredDocument>(`read.${generation}.${collection}`);

export const wantedSpec = (projection: Parameters<ReadStoreWriter['open']>[0]): GenerationSpec => ({
  ...specOf(projection),
  form: DOCUMENT_FORM,
});

/** Of what `createGeneration` wrote. */
export const specIn = ({ spec }: Pick<GenerationDocument, 'spec'>): GenerationSpec =>
  JSON.parse(spec) as GenerationSpec;

export const isOfThisForm = (spec: GenerationSpec): boolean => spec.form === DOCUMENT_FORM;

export async function createGeneration(
  all: Generations,
  { spec, number, state }: { readonly spec: GenerationSpec; readonly number: number; readonly state: string },
): Promise<GenerationDocument> {
  const made: GenerationDocument = {
    _id: generationId(spec.name, number),
    projection: spec.name,
    number,
    spec: JSON.stringify(spec),
    checkpoint: null,
    state,
  };
  await all.generations.replaceOne({ _id: made._id }, made, { upsert: true });
  return made;
}

/** Never moves it back: a writer that was replaced meanwhile may be behind the one that came after it. */
export async function moveCheckpoint(all: Generations, id: string, position: Position): Promise<void> {
  const checkpoint = encodePosition(position);
  const behind = { $or: [{ checkpoint: null }, { checkpoint: { $lt: checkpoint } }] };
  await all.generations.updateOne({ _id: id, ...behind }, { $set: { checkpoint } });
}

/** What readers see from now on; in force at the next look of each. */
export async function setLive(all: Generations, { projection, fence }: Leadership, live: number): Promise<void> {
  const { matchedCount } = await all.projections.updateOne({ _id: projection, fence }, { $set: { live } });
  if (matchedCount === 0) throw new FormerLeader(projection, fence);
}

/** Under which lease a projection is written. */
export interface Leadership {
  readonly projection: string;
  readonly fence: number;
}

/** From now on everybody with a smaller fence is refused. */
export async function takeLead(all: Generations, { projection, fence }: Leadership): Promise<void> {
  try {
    const former = { _id: projection, fence: { $not: { $gt: fence } } };
    await all.projections.updateOne(former, { $set: { fence } }, { upsert: true });
  } catch (error) {
    if (isDuplicateKey(error)) throw new FormerLeader(projection, fence);
    throw error;
  }
}

/** Asked before each batch: a process that stood still may wake up long after its lease. */
export async function assertLeads(all: Generations, { projection, fence }: Leadership): Promise<void> {
  const found = await all.projections.findOne({ _id: projection }, { projection: { fence: 1 } });
  if (found?.fence !== fence) throw new FormerLeader(projection, fence);
}

/** Also collections that a late write made anew after their generation was dropped. */
export async function dropGenerations(all: Generations, projection: string, kept: readonly number[]): Promise<void> {
  const keeps = new Set(kept.map((number) => generationId(projection, number)));
  const names = await all.db.listCollections({}, { nameOnly: true }).toArray();
  for (const { name } of names) {
    const [, generation] = /^read\.([a-z][a-z0-9-]*\.\d+)\./.exec(name) ?? [];
    if (generation?.startsWith(`${projection}.`) && !keeps.has(generation)) await all.db.dropCollection(name);
  }
  await all.generations.deleteMany({ projection, number: { $nin: [...kept] } });
}

export async function createIndexes(all: Generations, generation: string, spec: GenerationSpec): Promise<void> {
  for (const layout of layoutsOf(spec)) {
    await storedIn(all, generation, layout.name).createIndexes([...indexesOf(layout)]);
  }
}

function indexesOf(layout: Layout): readonly IndexDescription[] {
  const singles = layout.singles.map((column) => ({ key: { tenant: 1, org: 1, [singleField(column)]: 1, _id: 1 } }));
  const members = layout.groups.flatMap(({ table, columns }) =>
    columns.map(({ name }) => ({ key: { tenant: 1, [`${table}.${name}`]: 1 } })),
  );
  const dynamic =
    layout.dynamic === null ? [] : [{ key: { tenant: 1, 'dynamic.rows.path': 1, 'dynamic.rows.value': 1 } }];
  return [
    { key: { tenant: 1, org: 1, _id: 1 } },
    { key: { tenant: 1, _id: 1 } },
    { key: { gone: 1 }, expireAfterSeconds: TOMBSTONE_S },
    ...dynamic,
    ...[...singles, ...members].slice(0, INDEXED_FIELDS_MAX - 1),
  ];
}

export type { GenerationSpec, GenerationState };
