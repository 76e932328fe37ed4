/** Builds every read model from the log in a temporary folder, to be compared with those in use. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { EventCodec } from '../infra/event-codec/event-codec.ts';
import type { EventStore } from '../infra/event-store/event-store.ts';
import { comparePositions, type Position } from '../infra/event-store/position.ts';
import { openEmbeddedReadStore } from '../infra/read-store/embedded/reader.ts';
import { openEmbeddedReadStoreWriter } from '../infra/read-store/embedded/writer.ts';
import type { ReadStore } from '../infra/read-store/read-store.ts';
import { projections } from '../projections/catalogue.ts';
import { runProjections } from '../projections/engine.ts';
import { CannotDo } from './command-line.ts';
import type { ReadModelsToCompare } from './doctor-read-models.ts';

const WATCH_MS = 100;
const PROGRESS_MS = 2_000;

export interface ComparedStores {
  readonly store: EventStore;
  readonly codec: EventCodec;
  /** The read models in use; closed with the rest. */
  readonly live: ReadStore;
}

export async function openReadModels(
  { store, codec, live }: ComparedStores,
  head: Position,
  progress: (text: string) => void,
): Promise<ReadModelsToCompare> {
  const folder = await mkdtemp(join(tmpdir(), 'muniment-doctor-'));
  const writer = openEmbeddedReadStoreWriter({ directory: folder });
  const abort = new AbortController();
  let failure: string | null = null;
  const engine = await runProjections({
    store,
    codec,
    writer,
    projections,
    signal: abort.signal,
    onError: (error, { projection }) => {
      failure = `${projection} cannot be built: ${error instanceof Error ? error.message : String(error)}`;
    },
  });
  const rebuilt = openEmbeddedReadStore({ directory: folder });
  const close = async (): Promise<void> => {
    abort.abort();
    await engine.stop();
    await rebuilt.close();
    await live.close();
    await writer.close();
    await rm(folder, { recursive: true, force: true });
  };
  let told = performance.now();
  for (;;) {
    const statuses = await engine.status();
    if (failure !== null) {
      await close();
      throw new CannotDo(failure);
    }
    if (statuses.every(({ position }) => position !== null && comparePositions(position, head) >= 0)) break;
    if (performance.now() - told > PROGRESS_MS) {
      told = performance.now();
      progress(`read models: building ${statuses.map(({ name, state }) => `${name} (${state})`).join(', ')}`);
    }
    await pause(WATCH_MS);
  }
  const collections = projections.flatMap((projection) => projection.collections.map(({ name }) => name));
  return { head, live, rebuilt, collections, close };
}
