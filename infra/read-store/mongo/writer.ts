/** The writing side of the read store in MongoDB: for the one node that holds the projector's lease. */
import { connectMongo, type MongoPlace } from '../../mongo/connection.ts';
import { formatState } from '../embedded/generation-file.ts';
import { ReadModelOfAnotherLog } from '../errors.ts';
import type { ReadStoreWriter } from '../read-store.ts';
import {
  createGeneration,
  createIndexes,
  dropGenerations,
  type GenerationDocument,
  type GenerationSpec,
  type Generations,
  generationId,
  generationsIn,
  isOfThisForm,
  type Leadership,
  setLive,
  specIn,
  takeLead,
  wantedSpec,
} from './generations.ts';
import { MongoTables } from './tables.ts';

export interface MongoReadStoreWriter extends ReadStoreWriter {
  close(): Promise<void>;
}

export async function openMongoReadStoreWriter(place: MongoPlace): Promise<MongoReadStoreWriter> {
  const connection = await connectMongo(place);
  const all = generationsIn(connection.db);
  const pending = new Map<NodeJS.Timeout, () => Promise<void>>();
  const later = (work: () => Promise<void>, afterMs: number) => {
    const timer = setTimeout(() => {
      pending.delete(timer);
      // What stays is dropped when the projection is opened the next time.
      work().catch(() => undefined);
    }, afterMs);
    timer.unref();
    pending.set(timer, work);
  };
  return {
    async open(projection) {
      const wanted = wantedSpec(projection);
      const leadership = { projection: wanted.name, fence: projection.fence ?? 0 };
      await takeLead(all, leadership);
      const generation = (await liveGeneration(all, wanted)) ?? (await firstGeneration(all, wanted, leadership));
      await dropGenerations(all, wanted.name, [generation.number]);
      return new MongoTables({ all, wanted, later, leadership }, generation, true);
    },
    async close() {
      for (const timer of pending.keys()) clearTimeout(timer);
      pending.clear();
      await connection.close();
    },
  };
}

async function liveGeneration(all: Generations, wanted: GenerationSpec): Promise<GenerationDocument | null> {
  const projection = await all.projections.findOne({ _id: wanted.name });
  if (projection?.live === undefined) return null;
  const generation = await all.generations.findOne({ _id: generationId(wanted.name, projection.live) });
  if (generation === null) return null;
  const spec = specIn(generation);
  if (!isOfThisForm(spec)) return null;
  if (spec.logIdentity !== wanted.logIdentity) {
    throw new ReadModelOfAnotherLog(wanted.name, wanted.logIdentity, spec.logIdentity);
  }
  return generation;
}

async function firstGeneration(
  all: Generations,
  wanted: GenerationSpec,
  leadership: Leadership,
): Promise<GenerationDocument> {
  const newest = await all.generations.find({ projection: wanted.name }).sort({ number: -1 }).limit(1).toArray();
  const live = await all.projections.findOne({ _id: wanted.name });
  // Never a number that a reader may still look at.
  const number = Math.max(newest[0]?.number ?? 0, live?.live ?? 0) + 1;
  const state = formatState({ state: 'catching-up' });
  const made = await createGeneration(all, { spec: wanted, number, state });
  await createIndexes(all, made._id, wanted);
  await setLive(all, leadership, number);
  return made;
}
