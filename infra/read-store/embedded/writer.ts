/** The writing side of the embedded read store; one per data directory, in the projector's thread. */
import { mkdirSync } from 'node:fs';
import { openDatabase } from '../../sqlite/database.ts';
import { ReadModelOfAnotherLog } from '../errors.ts';
import type { ReadStoreWriter } from '../read-store.ts';
import {
  databaseFile,
  deleteGeneration,
  type GenerationSpec,
  generationsOf,
  liveGeneration,
  readSpec,
  setLiveGeneration,
  specOf,
} from './generation-file.ts';
import { boardSlot, type ProgressBoard } from './progress-board.ts';
import { EmbeddedTables, type GenerationHome } from './projection-tables.ts';
import { FILE_FORM } from './schema.ts';

export interface EmbeddedReadStoreOptions {
  readonly directory: string;
  /** Without it, or for a projection that it does not name, readers look into the files for progress. */
  readonly board?: ProgressBoard;
}

export interface EmbeddedReadStoreWriter extends ReadStoreWriter {
  close(): Promise<void>;
}

export function openEmbeddedReadStoreWriter({ directory, board }: EmbeddedReadStoreOptions): EmbeddedReadStoreWriter {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const opened = new Set<EmbeddedTables>();
  return {
    async open(projection) {
      const wanted = specOf(projection);
      const slot = board === undefined ? null : boardSlot(board, wanted.name);
      const generation = prepareGenerations(directory, wanted);
      const home: GenerationHome = {
        directory,
        slot,
        wanted,
        live: null,
        building: null,
        opened: (tables) => opened.add(tables),
      };
      return new EmbeddedTables(home, generation, true);
    },
    async close() {
      for (const tables of opened) tables.close();
      opened.clear();
    },
  };
}

/** The live generation's number; one is begun where there is none. Half-built ones of a former run are dropped. */
function prepareGenerations(directory: string, wanted: GenerationSpec): number {
  const { name } = wanted;
  const live = liveGeneration(directory, name);
  const usable = live !== null && isUsable(directory, live, wanted) ? live : null;
  const others = generationsOf(directory, name).filter((generation) => generation !== usable);
  for (const generation of others) deleteGeneration(directory, name, generation);
  if (usable !== null) return usable;
  // Never a number that a reader may still hold open.
  const fresh = Math.max(live ?? 0, ...others) + 1;
  setLiveGeneration(directory, name, fresh);
  return fresh;
}

function isUsable(directory: string, generation: number, wanted: GenerationSpec): boolean {
  if (!generationsOf(directory, wanted.name).includes(generation)) return false;
  const db = openDatabase({ file: databaseFile(directory, wanted.name, generation), durability: 'normal' });
  try {
    const spec = readSpec(db);
    if (spec === null || spec.form !== FILE_FORM) return false;
    if (spec.logIdentity !== wanted.logIdentity) {
      throw new ReadModelOfAnotherLog(wanted.name, wanted.logIdentity, spec.logIdentity);
    }
    return true;
  } finally {
    db.close();
  }
}
