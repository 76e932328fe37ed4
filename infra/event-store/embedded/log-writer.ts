/** Applies jobs to the log's tables, inside the transaction of their group. */
import { randomUUID } from 'node:crypto';
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Database } from '../../sqlite/database.ts';
import { WriterFenced } from '../../sqlite/group-commit-worker.ts';
import { decideAppend, type EventsOfStream } from '../append-decision.ts';
import { EVENT_STRIDE } from '../encode-append.ts';
import type { StoredBytes } from '../stored-log.ts';
import { inOrder } from './append-order.ts';
import { conflict, type Decided, refusalOf, refuse, violationsOf } from './append-refusal.ts';
import { RecentEvents } from './recent-events.ts';
import { scavenge } from './scavenge.ts';
import { PRESENT, SOFT_DELETED, TOMBSTONED } from './schema.ts';
import { METASTREAM_PREFIX, metadataText, parseMetadata, type StreamMetadata } from './stream-metadata.ts';
import { metadataOf, type StreamRow, StreamRows, stateOf } from './stream-rows.ts';
import { uuidOfHex } from './uuid-text.ts';
import type {
  AppendPart,
  AppendReply,
  LogJob,
  LogReply,
  LogWriterOptions,
  RemovalJob,
  RetentionJob,
  SessionJob,
} from './writer-jobs.ts';

const SPACE_CHECK_MS = 500;
const METADATA_OF_METASTREAM: StreamMetadata = { maxCount: 1, maxAgeSeconds: null, truncateBefore: null };

export class LogWriter {
  readonly database: Database;
  readonly #options: LogWriterOptions;
  readonly #epoch: number;
  readonly #streams: StreamRows;
  readonly #recent = new RecentEvents();
  readonly #signal: BigInt64Array;
  /** Last position given out, and the one that is committed. */
  #head: number;
  #committedHead: number;
  #lastEventPosition = 0;
  #written = false;
  #freeBytes = 0;
  #spaceCheckedMs = 0;

  constructor(database: Database, options: LogWriterOptions, former: { epoch: number; head: number }) {
    this.database = database;
    this.#options = options;
    this.#epoch = former.epoch;
    this.#streams = new StreamRows(database);
    this.#signal = new BigInt64Array(options.headSignal);
    this.#head = former.head;
    this.#committedHead = former.head;
    this.#announce();
  }

  apply(job: LogJob): LogReply {
    const nowMs = Date.now();
    if (!('kind' in job)) {
      this.#checkSpace(nowMs);
      return this.#append(job, nowMs);
    }
    if (job.kind !== 'scavenge') this.#checkSpace(nowMs);
    this.#written = true;
    switch (job.kind) {
      case 'session':
        return this.#appendInOrder(job, nowMs);
      case 'retention':
        return this.#setRetention(job, nowMs);
      case 'delete':
      case 'tombstone':
        return this.#remove(job, nowMs);
      case 'scavenge':
        return scavenge(this.database, job, nowMs);
      default:
        throw new Error(`job ${job.kind} runs alone`);
    }
  }

  beforeCommit(): void {
    if (!this.#written) return;
    this.#streams.flush();
    const { changes } = this.database
      .statement('UPDATE log SET head = ? WHERE writer_epoch = ?')
      .run(this.#head, this.#epoch);
    if (Number(changes) === 0) throw new WriterFenced(`another process has taken over the log ${this.#options.file}`);
  }

  afterCommit(): void {
    this.#written = false;
    this.#streams.trim();
    if (this.#head === this.#committedHead) return;
    this.#committedHead = this.#head;
    this.#announce();
  }

  afterRollback(): void {
    this.#written = false;
    this.#streams.forget();
    this.#recent.clear();
    // Inside a group that goes on, what earlier jobs have written is in the table already.
    this.#head = Number(this.database.statement('SELECT head FROM log').get()?.head ?? this.#committedHead);
  }

  #announce(): void {
    Atomics.store(this.#signal, 0, BigInt(this.#committedHead));
    Atomics.notify(this.#signal, 0);
  }

  #checkSpace(nowMs: number): void {
    const { file, freeBytesMin } = this.#options;
    if (nowMs - this.#spaceCheckedMs > SPACE_CHECK_MS) {
      const { bavail, bsize } = statfsSync(dirname(file));
      this.#freeBytes = bavail * bsize;
      this.#spaceCheckedMs = nowMs;
    }
    if (this.#freeBytes < freeBytesMin) throw refuse({ kind: 'no-space', freeBytes: this.#freeBytes, freeBytesMin });
  }

  #append(parts: readonly AppendPart[], nowMs: number): AppendReply {
    const [first] = parts;
    if (parts.length === 1 && first !== undefined) return this.#appendOne(first, nowMs);

    const decided = parts.map((part) => this.#decide(part));
    const repeated = decided.filter(({ decision }) => decision.kind === 'repeat').length;
    const writing = parts.filter(([, , events]) => events.length > 0).length;
    if (repeated === writing) return this.#repeated(decided);
    // Written before in one stream and not in another: not the same append.
    for (const one of decided) if (one.decision.kind !== 'append') throw refusalOf(one);

    const revisions = decided.map((one) => this.#write(one, nowMs));
    // An undelete behind the last event has its own position; the answer is the last event's.
    return [this.#lastEventPosition, ...revisions];
  }

  #appendOne(part: AppendPart, nowMs: number): AppendReply {
    const decided = this.#decide(part);
    if (decided.decision.kind === 'repeat') return this.#repeated([decided]);
    if (decided.decision.kind !== 'append') throw refusalOf(decided);
    const revision = this.#write(decided, nowMs);
    return [this.#lastEventPosition, revision];
  }

  #appendInOrder({ parts, order }: SessionJob, nowMs: number): AppendReply {
    const decided = parts.map((part) => this.#decide(part));
    const writing = decided.filter(({ part }) => part[2].length > 0);
    const repeats = writing.length > 0 && writing.every(({ decision }) => decision.kind === 'repeat');
    if (repeats) return this.#repeated(decided);
    const wrong = violationsOf(decided);
    if (wrong.length > 0) throw refuse({ kind: 'violations', violations: wrong });
    for (const part of inOrder(parts, order)) {
      this.#write({ part, row: this.#streams.find(part[0]), decision: { kind: 'append' } }, nowMs);
    }
    return [this.#lastEventPosition, ...parts.map(([stream]) => this.#streams.find(stream)?.rev ?? -1)];
  }

  #decide(part: AppendPart): Decided {
    const [name, expected, events] = part;
    const row = this.#streams.find(name);
    const ids: string[] = [];
    for (let index = 0; index < events.length; index += EVENT_STRIDE) ids.push(events[index] as string);
    return { part, row, decision: decideAppend(stateOf(row), expected, { ids, events: this.#eventsOf(row) }) };
  }

  #eventsOf(row: StreamRow | null): EventsOfStream {
    if (row === null) return NO_EVENTS;
    const idAt = (revision: number): string | null => {
      const found = this.database
        .statement('SELECT hex(id) AS id FROM event WHERE stream = ? AND rev = ?')
        .get(row.id, revision);
      return found === undefined ? null : uuidOfHex(String(found.id));
    };
    const recentRevision = (id: string): number | null => {
      const revision = this.#recent.revisionOf(id, row.id);
      return revision !== null && idAt(revision) === id ? revision : null;
    };
    return { idAt, recentRevision };
  }

  #repeated(decided: readonly Decided[]): AppendReply {
    let last = 0;
    const revisions = decided.map(({ row, decision }) => {
      if (decision.kind !== 'repeat' || row === null) return row?.rev ?? -1;
      const found = this.database
        .statement('SELECT pos FROM event WHERE stream = ? AND rev = ?')
        .get(row.id, decision.revision);
      last = Math.max(last, Number(found?.pos));
      return decision.revision;
    });
    return [last, ...revisions];
  }

  /** Returns the last revision of the stream. */
  #write({ part: [name, , events], row: found }: Decided, nowMs: number): number {
    const count = events.length / EVENT_STRIDE;
    if (count === 0) return found?.rev ?? -1;
    this.#written = true;
    const row = found ?? this.#streams.create(name, count - 1);
    const first = found === null ? 0 : row.rev + 1;
    const insert = this.database.statement(INSERT_EVENT);
    for (let index = 0; index < count; index += 1) {
      const at = index * EVENT_STRIDE;
      const id = events[at] as string;
      this.#head += 1;
      insert.run(
        this.#head,
        row.id,
        first + index,
        id,
        events[at + 1] as string,
        typeof events[at + 2] === 'string' ? 1 : 0,
        nowMs,
        events[at + 2] as StoredBytes,
        events[at + 3] as StoredBytes,
      );
      this.#recent.add(id, row.id, first + index);
    }
    this.#lastEventPosition = this.#head;
    if (found !== null) this.#streams.advance(row, first + count - 1);
    if (name.startsWith(METASTREAM_PREFIX)) this.#applyMetadata(name, events.at(-2) as StoredBytes);
    if (row.state === SOFT_DELETED) this.#setMetadata(row, { ...metadataOf(row), truncateBefore: first }, nowMs);
    return first + count - 1;
  }

  #setRetention({ stream, maxCount, maxAgeSeconds, truncateBefore }: RetentionJob, nowMs: number): null {
    const row = this.#streams.find(stream) ?? this.#streams.create(stream, -1);
    if (row.state === TOMBSTONED) throw refuse({ kind: 'tombstoned', stream });
    // What was hidden stays hidden.
    const first = Math.max(row.tb ?? 0, truncateBefore ?? 0);
    const hidden = row.state === SOFT_DELETED ? 'everything' : first;
    this.#setMetadata(row, { maxCount, maxAgeSeconds, truncateBefore: hidden === 0 ? null : hidden }, nowMs);
    return null;
  }

  /** Somebody wrote the metadata of a stream himself. */
  #applyMetadata(metastream: string, data: StoredBytes): void {
    const stream = metastream.slice(METASTREAM_PREFIX.length);
    const row = this.#streams.find(stream) ?? this.#streams.create(stream, -1);
    if (row.state === TOMBSTONED) throw refuse({ kind: 'tombstoned', stream });
    this.#streams.hide(row, parseMetadata(String(data)));
    this.#streams.hide(this.#metastreamOf(row), METADATA_OF_METASTREAM);
  }

  #setMetadata(row: StreamRow, metadata: StreamMetadata, nowMs: number): void {
    this.#streams.hide(row, metadata);
    this.#writeSystemEvent(this.#metastreamOf(row), { type: '$metadata', data: metadataText(metadata), nowMs });
  }

  #metastreamOf(row: StreamRow): StreamRow {
    const name = `${METASTREAM_PREFIX}${row.name}`;
    const known = this.#streams.find(name);
    if (known !== null) return known;
    const created = this.#streams.create(name, -1);
    created.max_count = 1;
    this.#streams.update(created);
    return created;
  }

  #writeSystemEvent(row: StreamRow, { type, data, nowMs }: { type: string; data: string; nowMs: number }): void {
    this.#head += 1;
    this.database
      .statement(INSERT_EVENT)
      .run(this.#head, row.id, row.rev + 1, randomUUID(), type, 1, nowMs, data, '{}');
    this.#streams.advance(row, row.rev + 1);
  }

  /** Answers with the position of the event that removes, or where the log ends when there was nothing to do. */
  #remove({ kind, stream, expected }: RemovalJob, nowMs: number): AppendReply {
    const decided = this.#decide([stream, expected, []]);
    if (decided.decision.kind !== 'append') throw refusalOf(decided);
    const { row } = decided;
    if (kind === 'tombstone') {
      const dead = row ?? this.#streams.create(stream, -1);
      this.#writeSystemEvent(dead, { type: '$streamDeleted', data: '{}', nowMs });
      dead.state = TOMBSTONED;
      this.#streams.update(dead);
      return [this.#head];
    }
    if (row === null || row.rev < 0) throw conflict(decided);
    if (row.state === PRESENT) {
      this.#setMetadata(row, { maxCount: null, maxAgeSeconds: null, truncateBefore: 'everything' }, nowMs);
    }
    return [this.#head];
  }
}

const INSERT_EVENT = `INSERT INTO event (pos, stream, rev, id, type, json, created, data, meta)
  VALUES (?, ?, ?, unhex(?, '-'), ?, ?, ?, ?, ?)`;

const NO_EVENTS: EventsOfStream = { idAt: () => null, recentRevision: () => null };
