/** What a data folder keeps of a log that it no longer has: all of it comes back from the log. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { deleteGeneration, generationsOf } from '../infra/read-store/embedded/generation-file.ts';
import { openDatabase } from '../infra/sqlite/database.ts';
import { TRANSIENT_FILE } from '../infra/transient-store/embedded/transient-schema.ts';
import { projections } from '../projections/catalogue.ts';

export interface DroppedState {
  readonly readModels: number;
  readonly checkpoints: number;
}

/** Read models and the places in the log that consumers had reached. While no server runs on the folder. */
export async function dropDerivedState(directory: string): Promise<DroppedState> {
  return { readModels: await dropReadModels(directory), checkpoints: dropCheckpoints(directory) };
}

async function dropReadModels(directory: string): Promise<number> {
  let dropped = 0;
  for (const { name } of projections) {
    const generations = generationsOf(directory, name);
    // First what readers find them by.
    await rm(join(directory, `${name}.live`), { force: true });
    for (const generation of generations) deleteGeneration(directory, name, generation);
    if (generations.length > 0) dropped += 1;
  }
  return dropped;
}

function dropCheckpoints(directory: string): number {
  const file = join(directory, TRANSIENT_FILE);
  if (!existsSync(file)) return 0;
  const database = openDatabase({ file });
  try {
    const { changes } = database.statement("DELETE FROM entries WHERE type = 'consumer'").run();
    database.statement("DELETE FROM tags WHERE type = 'consumer'").run();
    return Number(changes);
  } finally {
    database.close();
  }
}
