/** The writer's view of streams: rows of the `stream` table, kept in memory, with changes of the current group. */
import type { Database } from '../../sqlite/database.ts';
import type { StreamState } from '../append-decision.ts';
import { PRESENT, SOFT_DELETED } from './schema.ts';
import type { StreamMetadata } from './stream-metadata.ts';

export const CACHED_STREAMS_MAX = 20_000;

export interface StreamRow {
  readonly id: number;
  readonly name: string;
  rev: number;
  state: number;
  tb: number | null;
  max_count: number | null;
  max_age_s: number | null;
}

const ABSENT: StreamState = { state: 'absent', revision: -1 };

export function stateOf(row: StreamRow | null): StreamState {
  if (row === null) return ABSENT;
  if (row.state === PRESENT) return { state: 'present', revision: row.rev };
  return { state: row.state === SOFT_DELETED ? 'soft-deleted' : 'tombstoned', revision: row.rev };
}

export const metadataOf = (row: StreamRow): StreamMetadata => ({
  maxCount: row.max_count,
  maxAgeSeconds: row.max_age_s,
  truncateBefore: row.state === SOFT_DELETED ? 'everything' : row.tb,
});

export class StreamRows {
  readonly #database: Database;
  readonly #rows = new Map<string, StreamRow>();
  /** Rows whose `rev` in the table is behind. */
  readonly #behind = new Set<StreamRow>();

  constructor(database: Database) {
    this.#database = database;
  }

  find(name: string): StreamRow | null {
    const known = this.#rows.get(name);
    if (known !== undefined) return known;
    const row = this.#database
      .statement('SELECT id, name, rev, state, tb, max_count, max_age_s FROM stream WHERE name = ?')
      .get(name) as unknown as StreamRow | undefined;
    if (row === undefined) return null;
    this.#rows.set(name, row);
    return row;
  }

  create(name: string, rev: number): StreamRow {
    const { lastInsertRowid } = this.#database
      .statement('INSERT INTO stream (name, rev, state, retained) VALUES (?, ?, 0, 0)')
      .run(name, rev);
    const row: StreamRow = {
      id: Number(lastInsertRowid),
      name,
      rev,
      state: PRESENT,
      tb: null,
      max_count: null,
      max_age_s: null,
    };
    this.#rows.set(name, row);
    return row;
  }

  /** The new last revision reaches the table with {@link flush}, once for the group. */
  advance(row: StreamRow, rev: number): void {
    row.rev = rev;
    this.#behind.add(row);
  }

  /** Writes state and retention at once. */
  update(row: StreamRow): void {
    const { id, state, tb, max_count: maxCount, max_age_s: maxAgeS } = row;
    const retained = state !== PRESENT || tb !== null || maxCount !== null || maxAgeS !== null;
    this.#database
      .statement('UPDATE stream SET state = ?, tb = ?, max_count = ?, max_age_s = ?, retained = ? WHERE id = ?')
      .run(state, tb, maxCount, maxAgeS, retained ? 1 : 0, id);
  }

  /** What metadata of the stream says of its events. */
  hide(row: StreamRow, { truncateBefore, maxCount, maxAgeSeconds }: StreamMetadata): void {
    row.state = truncateBefore === 'everything' ? SOFT_DELETED : PRESENT;
    row.tb = truncateBefore === 'everything' ? null : truncateBefore;
    row.max_count = maxCount;
    row.max_age_s = maxAgeSeconds;
    this.update(row);
  }

  flush(): void {
    const statement = this.#database.statement('UPDATE stream SET rev = ? WHERE id = ?');
    for (const { rev, id } of this.#behind) statement.run(rev, id);
    this.#behind.clear();
  }

  /** After a commit only: a row that is behind must not be read from the table. */
  trim(): void {
    for (const name of this.#rows.keys()) {
      if (this.#rows.size <= CACHED_STREAMS_MAX) return;
      this.#rows.delete(name);
    }
  }

  forget(): void {
    this.#rows.clear();
    this.#behind.clear();
  }
}
