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
      const { generation, made } = prepareGenerations(directory, wanted);
      const home: GenerationHome = {
        directory,
        slot,
        wanted,
        live: null,
        building: null,
        opened: (tables) => opened.add(tables),
      };
      const tables = new EmbeddedTables(home, generation, true);
      // Readers are shown a finished file only: one that is being made cannot be opened at every moment.
      if (!made) setLiveGeneration(directory, wanted.name, generation);
      return tables;
    },
    async close() {
      for (const tables of opened) tables.close();
      opened.clear();
    },
  };
}

interface Prepared {
  readonly generation: number;
  /** False: its file is still to be made, and to be shown to readers then. */
  readonly made: boolean;
}

/** The live generation's number, or that of one to begin. Half-built ones of a former run are dropped. */
function prepareGenerations(directory: string, wanted: GenerationSpec): Prepared {
  const { name } = wanted;
  const live = liveGeneration(directory, name);
  const usable = live !== null && isUsable(directory, live, wanted) ? live : null;
  const others = generationsOf(directory, name).filter((generation) => generation !== usable);
  for (const generation of others) deleteGeneration(directory, name, generation);
  if (usable !== null) return { generation: usable, made: true };
  // Never a number that a reader may still hold open.
  return { generation: Math.max(live ?? 0, ...others) + 1, made: false };
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
