/**
 * One SQLite file per projection and generation, `<projection>.<generation>.db`, and beside it `<projection>.live`,
 * which names the generation that readers see. Dropping a generation deletes its file.
 */
import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { decodePosition, encodePosition } from '../../event-store/position.ts';
import type { Database } from '../../sqlite/database.ts';
import type { Collection, ProjectionStatus } from '../read-store.ts';
import { type Layout, layoutOf } from './layout.ts';
import { FILE_FORM } from './schema.ts';

/** What a generation was made for. */
export interface GenerationSpec {
  readonly form: number;
  readonly name: string;
  readonly version: number;
  readonly collections: readonly Collection[];
  readonly logIdentity: string;
}

export type GenerationState = Pick<ProjectionStatus, 'state' | 'progress' | 'parked'>;

const NAME = /^[a-z][a-z0-9-]*$/;

export function specOf(projection: Omit<GenerationSpec, 'form'>): GenerationSpec {
  const { name, version, collections, logIdentity } = projection;
  if (!NAME.test(name)) throw new TypeError(`projection name ${name} is not in lower case with dashes`);
  return { form: FILE_FORM, name, version, collections, logIdentity };
}

export const databaseFile = (directory: string, name: string, generation: number): string =>
  join(directory, `${name}.${generation}.db`);

/** Null: no generation was ever promoted, or the files were deleted. */
export function liveGeneration(directory: string, name: string): number | null {
  try {
    return Number.parseInt(readFileSync(join(directory, `${name}.live`), 'utf8'), 10);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Atomic: readers see the former or the new one. */
export function setLiveGeneration(directory: string, name: string, generation: number): void {
  const temporary = join(directory, `${name}.live.new`);
  const descriptor = openSync(temporary, 'w', 0o600);
  try {
    writeSync(descriptor, String(generation));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, join(directory, `${name}.live`));
}

/** Ascending. */
export function generationsOf(directory: string, name: string): readonly number[] {
  const pattern = new RegExp(`^${name}\\.(\\d+)\\.db$`);
  return readdirSync(directory)
    .map((file) => pattern.exec(file)?.[1])
    .filter((number) => number !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}

export function deleteGeneration(directory: string, name: string, generation: number): void {
  for (const ending of ['', '-wal', '-shm', '-journal']) {
    try {
      rmSync(`${databaseFile(directory, name, generation)}${ending}`, { force: true });
    } catch (error) {
      // Windows keeps a file while a reader has it open; the next start deletes what is left.
      if (!['EBUSY', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
}

/** Null: the file holds no finished generation. */
export function readSpec(db: Database): GenerationSpec | null {
  const made = db.connection.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'generation'").get();
  if (made === undefined) return null;
  const row = db.connection.prepare('SELECT spec FROM generation').get();
  // Written by `createGeneration` alone.
  return row === undefined ? null : (JSON.parse(row['spec'] as string) as GenerationSpec);
}

export const layoutsOf = (spec: GenerationSpec): readonly Layout[] => spec.collections.map(layoutOf);

export const isSameSpec = (a: GenerationSpec, b: GenerationSpec): boolean =>
  a.version === b.version && JSON.stringify(a.collections) === JSON.stringify(b.collections);

export function formatState({ parked, ...state }: GenerationState): string {
  if (parked === undefined) return JSON.stringify(state);
  return JSON.stringify({ ...state, parked: { ...parked, position: encodePosition(parked.position) } });
}

/** Of what `formatState` made. */
export function parseState(text: string): GenerationState {
  const { parked, ...state } = JSON.parse(text);
  if (parked === undefined) return state;
  return { ...state, parked: { ...parked, position: decodePosition(parked.position) } };
}
