/** Reads pages of events over a read-only connection of the calling thread. No statement stays open between pages. */
import type { StatementSync } from 'node:sqlite';
import type { Json } from '../../../domain/json.ts';
import type { Database } from '../../sqlite/database.ts';
import type { RecordedEvent, StreamInfo, StreamName } from '../event-store.ts';
import { dataOfBytes, dataOfJson, metaOfJson } from '../foreign-event.ts';
import type { CompiledFilter } from './event-filter.ts';
import { PRESENT, SOFT_DELETED, TOMBSTONED } from './schema.ts';
import { uuidOfHex } from './uuid-text.ts';

export const PAGE_EVENTS = 512;
/** Positions searched at a time: bounds how long a filter that skips much holds the thread. */
const WINDOW_POSITIONS = 2_048;

export const COLUMNS = 'e.pos, e.rev, hex(e.id), e.type, e.json, e.created, e.data, e.meta';

/** Of a stream's rows only those that its retention does not hide. */
const VISIBLE = `s.name = ?1 AND s.state = ${PRESENT}
  AND e.rev >= max(coalesce(s.tb, 0), coalesce(s.rev - s.max_count + 1, 0))
  AND e.created >= coalesce(?2 - s.max_age_s * 1000, 0)`;

export const FORWARD = `SELECT ${COLUMNS} FROM stream s CROSS JOIN event e ON e.stream = s.id
  WHERE ${VISIBLE} AND e.rev >= ?3 ORDER BY e.rev LIMIT ?4`;
export const BACKWARD = `SELECT ${COLUMNS} FROM stream s CROSS JOIN event e ON e.stream = s.id
  WHERE ${VISIBLE} AND e.rev <= ?3 ORDER BY e.rev DESC LIMIT ?4`;

const NOT_SYSTEM = "(e.type < '$' OR e.type >= '%')";

type EventRow = [
  pos: bigint,
  rev: bigint,
  id: string,
  type: string,
  json: bigint,
  created: bigint,
  data: string | Uint8Array,
  meta: string | Uint8Array,
  stream: string,
];

export interface StreamPage {
  readonly stream: StreamName;
  readonly direction: 'forward' | 'backward';
  /** Inclusive. */
  readonly from: bigint;
  readonly limit: number;
}

export interface LogPage {
  readonly events: readonly RecordedEvent[];
  /** Everything up to here was looked at. */
  readonly scannedTo: bigint;
}

export class LogReader {
  readonly database: Database;

  constructor(database: Database) {
    this.database = database;
  }

  streamPage({ stream, direction, from, limit }: StreamPage): RecordedEvent[] {
    const statement = this.#rows(direction === 'forward' ? FORWARD : BACKWARD);
    const rows = statement.all(stream, Date.now(), from, limit) as unknown as EventRow[];
    return rows.map((row) => recordedEvent(row, stream));
  }

  /** Events behind `after`, at most `limit`, from a bounded stretch of the log that ends at `head`. */
  logPage({
    after,
    head,
    limit,
    filter,
  }: {
    after: bigint;
    head: bigint;
    limit: number;
    filter: CompiledFilter | null;
  }): LogPage {
    const end = after + BigInt(filter === null ? limit : WINDOW_POSITIONS);
    const until = end < head ? end : head;
    const condition = filter === null ? '' : `AND ${filter.sql}`;
    const rows = this.#rows(
      `SELECT ${COLUMNS}, s.name FROM event e CROSS JOIN stream s ON s.id = e.stream
       WHERE e.pos > ? AND e.pos <= ? AND ${NOT_SYSTEM} ${condition} ORDER BY e.pos LIMIT ?`,
    ).all(after, until, ...(filter?.parameters ?? []), limit) as unknown as EventRow[];
    const events = rows.map((row) => recordedEvent(row, row[8]));
    const last = events.at(-1);
    return { events, scannedTo: events.length === limit && last !== undefined ? last.position.commit : until };
  }

  /** Position of the last event that is not the system's; null for an empty log. */
  lastPosition(): bigint | null {
    const row = this.#rows(`SELECT e.pos FROM event e WHERE ${NOT_SYSTEM} ORDER BY e.pos DESC LIMIT 1`).get();
    return row === undefined ? null : (row as unknown as [bigint])[0];
  }

  /** Last position given out, the system's events included. */
  head(): bigint {
    const row = this.#rows('SELECT head FROM log').get() as unknown as [bigint];
    return row[0];
  }

  streamInfo(stream: StreamName): StreamInfo {
    const row = this.#rows('SELECT state, rev FROM stream WHERE name = ?').get(stream);
    const [state, revision] = (row ?? [BigInt(PRESENT), -1n]) as unknown as [bigint, bigint];
    if (state === BigInt(TOMBSTONED)) return { state: 'tombstoned' };
    if (revision < 0n) return { state: 'absent' };
    return { state: state === BigInt(SOFT_DELETED) ? 'soft-deleted' : 'present', revision };
  }

  #rows(sql: string): StatementSync {
    const statement = this.database.statement(sql);
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    return statement;
  }
}

function recordedEvent([pos, rev, hexId, type, json, created, data, meta]: EventRow, stream: string): RecordedEvent {
  const id = uuidOfHex(hexId);
  const recordedAt = new Date(Number(created));
  return {
    id,
    type,
    data: json === 1n ? dataOfJson(JSON.parse(textOf(data)) as Json) : dataOfBytes(data as Uint8Array),
    meta: metaOfJson(parsedMeta(textOf(meta)), { id, recordedAt }),
    stream,
    revision: rev,
    position: { commit: pos, prepare: pos },
    recordedAt,
  };
}

const textOf = (stored: string | Uint8Array): string =>
  typeof stored === 'string' ? stored : Buffer.from(stored).toString();

/** Events of foreign writers may have metadata that is no JSON. */
function parsedMeta(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
