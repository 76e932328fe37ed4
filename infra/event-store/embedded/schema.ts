/** The tables of the log's file. Metastreams are ordinary streams, named `$$` and the stream's name. */
import { randomUUID } from 'node:crypto';
import type { Database } from '../../sqlite/database.ts';

export const LOG_FORMAT = 1;

export const PRESENT = 0;
export const SOFT_DELETED = 1;
export const TOMBSTONED = 2;

/**
 * - `log`: one row. `head` is the last position ever given out, never reused; `writer_pid` is null after an orderly stop;
 *   `writer_epoch` changes with every writer, so that a former one finds out in its own transaction.
 * - `stream`: `rev` is the last revision, -1 for none; `retained` streams hide events and are visited by a scavenge.
 * - `event`: `json` is 0 where `data` is not JSON; `created` in epoch milliseconds by the writer's clock.
 */
const TABLES = `
CREATE TABLE IF NOT EXISTS log (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  identity TEXT NOT NULL,
  format INTEGER NOT NULL,
  head INTEGER NOT NULL,
  writer_epoch INTEGER NOT NULL,
  writer_pid INTEGER,
  writer_host TEXT,
  writer_heartbeat INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS stream (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  rev INTEGER NOT NULL,
  state INTEGER NOT NULL,
  tb INTEGER,
  max_count INTEGER,
  max_age_s INTEGER,
  retained INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS stream_retained ON stream (id) WHERE retained = 1;
CREATE TABLE IF NOT EXISTS event (
  pos INTEGER PRIMARY KEY,
  stream INTEGER NOT NULL,
  rev INTEGER NOT NULL,
  id BLOB NOT NULL,
  type TEXT NOT NULL,
  json INTEGER NOT NULL,
  created INTEGER NOT NULL,
  data ANY NOT NULL,
  meta ANY NOT NULL,
  UNIQUE (stream, rev)
) STRICT;
`;

export interface LogRow {
  readonly identity: string;
  readonly format: number;
  readonly head: number;
  readonly writer_epoch: number;
  readonly writer_pid: number | null;
  readonly writer_host: string | null;
  readonly writer_heartbeat: number | null;
}

export function createTables(database: Database): void {
  database.transaction(() => {
    database.exec(TABLES);
    database
      .statement(
        'INSERT INTO log (only, identity, format, head, writer_epoch) VALUES (1, ?, ?, 0, 0) ON CONFLICT DO NOTHING',
      )
      .run(randomUUID(), LOG_FORMAT);
  });
}

export function readLogRow(database: Database): LogRow {
  const row = database.statement('SELECT * FROM log').get() as unknown as LogRow | undefined;
  if (row === undefined) throw new Error('the file holds no log');
  if (row.format !== LOG_FORMAT) throw new Error(`the log has format ${row.format}, this program reads ${LOG_FORMAT}`);
  return row;
}
