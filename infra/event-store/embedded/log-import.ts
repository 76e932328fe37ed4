/** Fills a log's file with what another log held: revisions, ids, bytes and times as they were, positions anew. */
import type { Database } from '../../sqlite/database.ts';
import type { LogItem } from '../log-copy/log-side.ts';
import { TOMBSTONED } from './schema.ts';
import { METASTREAM_PREFIX, parseMetadata } from './stream-metadata.ts';
import { type StreamRow, StreamRows } from './stream-rows.ts';

const NONE = -1;

export class LogImport {
  readonly #database: Database;
  readonly #streams: StreamRows;

  constructor(database: Database) {
    this.#database = database;
    this.#streams = new StreamRows(database);
  }

  /** All of them or none. */
  write(items: readonly LogItem[]): void {
    this.#database.transaction(() => {
      let head = Number(this.#database.statement('SELECT head FROM log').get()?.head);
      for (const item of items) {
        head += 1;
        this.#write(item, head);
      }
      this.#streams.flush();
      this.#database.statement('UPDATE log SET head = ?').run(head);
    });
    this.#streams.trim();
  }

  #write(item: LogItem, position: number): void {
    const isMetadata = item.kind === 'metadata';
    const row = this.#find(isMetadata ? `${METASTREAM_PREFIX}${item.stream}` : item.stream);
    // A server numbers its mark of a tombstone with the greatest number there is.
    const revision = item.kind === 'tombstone' ? row.rev + 1 : Number(item.revision);
    if (revision <= row.rev) throw new Error(`stream ${row.name} goes on with revision ${revision} after ${row.rev}`);
    const { id, type, json, recordedAtMs, data, meta } = item;
    this.#database
      .statement(INSERT_EVENT)
      .run(position, row.id, revision, id, type, json ? 1 : 0, recordedAtMs, data, meta);
    this.#streams.advance(row, revision);
    if (item.kind === 'event') return;
    if (isMetadata) {
      this.#streams.hide(row, { maxCount: 1, maxAgeSeconds: null, truncateBefore: null });
      this.#streams.hide(this.#find(item.stream), parseMetadata(String(data)));
      return;
    }
    row.state = TOMBSTONED;
    this.#streams.update(row);
  }

  #find(name: string): StreamRow {
    return this.#streams.find(name) ?? this.#streams.create(name, NONE);
  }
}

const INSERT_EVENT = `INSERT INTO event (pos, stream, rev, id, type, json, created, data, meta)
  VALUES (?, ?, ?, unhex(?, '-'), ?, ?, ?, ?, ?)`;
