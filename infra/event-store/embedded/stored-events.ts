/** Pages of events as they lie in the tables, those of the system included. */
import type { StatementSync } from 'node:sqlite';
import type { Database } from '../../sqlite/database.ts';
import type { StoredBytes, StoredEvent, StoredLogEvents, StoredLogPage, StoredStreamPage } from '../stored-log.ts';
import type { CompiledFilter } from './event-filter.ts';
import { BACKWARD, COLUMNS, FORWARD } from './log-reader.ts';
import { uuidOfHex } from './uuid-text.ts';

type StoredRow = [
  pos: bigint,
  rev: bigint,
  id: string,
  type: string,
  json: bigint,
  created: bigint,
  data: StoredBytes,
  meta: StoredBytes,
  stream: string,
];

/** SQLite's integers end here. */
const INTEGER_MAX = 2n ** 63n - 1n;

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

export function readStoredStream(database: Database, page: StoredStreamPage): StoredEvent[] {
  const { stream, direction, from, limit } = page;
  const statement = rowsOf(database, direction === 'forward' ? FORWARD : BACKWARD);
  const rows = statement.all(stream, Date.now(), least(from, INTEGER_MAX), limit) as unknown as StoredRow[];
  return rows.map((row) => storedEvent(row, stream));
}

export function readStoredLog(
  database: Database,
  page: StoredLogPage & { readonly head: bigint; readonly compiled: CompiledFilter | null },
): StoredLogEvents {
  const { direction, head, limit, compiled } = page;
  const { low, high } = stretchOf(page);
  const condition = compiled === null ? '' : `AND ${compiled.sql}`;
  const order = direction === 'forward' ? '' : 'DESC';
  const rows = rowsOf(
    database,
    `SELECT ${COLUMNS}, s.name FROM event e CROSS JOIN stream s ON s.id = e.stream
     WHERE e.pos >= ? AND e.pos < ? ${condition} ORDER BY e.pos ${order} LIMIT ?`,
  ).all(low, high, ...(compiled?.parameters ?? []), limit) as unknown as StoredRow[];
  const events = rows.map((row) => storedEvent(row, row[8]));
  const last = events.length === limit ? events.at(-1)?.position : undefined;
  if (direction === 'backward') {
    const next = last ?? low;
    return { events, next: next <= 1n ? null : next };
  }
  const next = last === undefined ? high : last + 1n;
  return { events, next: next > head ? null : next };
}

/** From `low` to before `high`. */
function stretchOf({ direction, from, window, head }: StoredLogPage & { readonly head: bigint }): {
  low: bigint;
  high: bigint;
} {
  const end = head + 1n;
  if (direction === 'forward') {
    const low = least(from, end);
    return { low, high: least(low + BigInt(window), end) };
  }
  const high = least(from, end);
  const low = high - BigInt(window);
  return { low: low < 0n ? 0n : low, high };
}

function rowsOf(database: Database, sql: string): StatementSync {
  const statement = database.statement(sql);
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  return statement;
}

const storedEvent = (row: StoredRow, stream: string): StoredEvent => {
  const [position, revision, hexId, type, json, created, data, meta] = row;
  const [id, recordedAtMs] = [uuidOfHex(hexId), Number(created)];
  return { id, type, stream, revision, position, recordedAtMs, json: json === 1n, data, meta };
};
