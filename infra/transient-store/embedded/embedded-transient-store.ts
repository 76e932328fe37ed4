/** Short-lived state in one SQLite file: reads on the calling thread, writes through one thread that shares its fsyncs. */
import { join } from 'node:path';
import type { Json } from '../../../domain/json.ts';
import { type Database, openDatabase } from '../../sqlite/database.ts';
import { type GroupCommitWriter, startGroupCommitWriter } from '../../sqlite/group-commit.ts';
import type {
  CommitOptions,
  TransientEntry,
  TransientKey,
  TransientOp,
  TransientStore,
  TransientType,
} from '../transient-store.ts';
import type { KeyColumns, OpColumns, TransientJob } from './transient-handler.ts';
import { TRANSIENT_FILE, TRANSIENT_SCHEMA_VERSION } from './transient-schema.ts';
import type { TransientWriterOptions } from './transient-writer.ts';

export const COMMIT_OPS_MAX = 100;
export const VALUE_CHARACTERS_MAX = 262_144;
export const ENTRY_TAGS_MAX = 16;
export const BY_TAG_ENTRIES_MAX = 1_000;
/** Removed in one transaction, so that a sweep never holds up other writes for long. */
export const SWEEP_BATCH_ENTRIES = 500;

const READER_CACHE_KIB = 4_096;

export interface EmbeddedTransientStoreOptions {
  readonly directory: string;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** What is expired by it is removed for good; must not jump ahead. Default: `clock`. */
  readonly sweepClock?: () => number;
  /** Default: a thread of its own. */
  readonly writer?: TransientWriter;
}

export type TransientWriter = Pick<GroupCommitWriter<TransientJob, number, unknown>, 'submit' | 'stopped' | 'close'>;

export async function openEmbeddedTransientStore(options: EmbeddedTransientStoreOptions): Promise<TransientStore> {
  const { directory, clock } = options;
  const file = join(directory, TRANSIENT_FILE);
  const writer = options.writer ?? (await startWriter(file));
  const reader = openDatabase({ file, readOnly: true, cacheKib: READER_CACHE_KIB });
  const schema = reader.statement("SELECT value FROM transient_state WHERE name = 'schema'").get()?.value;
  if (schema !== TRANSIENT_SCHEMA_VERSION) {
    reader.close();
    await writer.close();
    throw new Error(`the transient store ${file} was made by another version of the server`);
  }
  return new EmbeddedTransientStore(reader, writer, { now: clock, sweep: options.sweepClock ?? clock });
}

const startWriter = (file: string): Promise<TransientWriter> =>
  startGroupCommitWriter<TransientJob, number, TransientWriterOptions>({
    entry: new URL('./transient-writer.ts', import.meta.url),
    options: { file },
  });

class EmbeddedTransientStore implements TransientStore {
  readonly #reader: Database;
  readonly #writer: TransientWriter;
  readonly #clock: () => number;
  readonly #sweepClock: () => number;

  constructor(reader: Database, writer: TransientWriter, clocks: { now: () => number; sweep: () => number }) {
    this.#reader = reader;
    this.#writer = writer;
    this.#clock = clocks.now;
    this.#sweepClock = clocks.sweep;
  }

  async get<Value extends Json>({ type, tenant, id }: TransientKey): Promise<TransientEntry<Value> | null> {
    const row = this.#reader.statement(GET).get(type, tenant, id, this.#clock());
    return row === undefined ? null : entryOf<Value>(row as unknown as EntryRow);
  }

  async commit(ops: readonly TransientOp[], { survives }: CommitOptions = {}): Promise<boolean> {
    if (ops.length === 0) return true;
    const kind = survives === 'crash' ? 'light-commit' : 'commit';
    return (await this.#writer.submit([kind, this.#clock(), columnsOf(ops)])) === 1;
  }

  async byTag<Value extends Json>(query: {
    readonly type: TransientType;
    readonly tenant: string;
    readonly tag: string;
    readonly limit: number;
    readonly afterId?: string;
  }): Promise<readonly { readonly id: string; readonly entry: TransientEntry<Value> }[]> {
    const { type, tenant, tag, afterId = '' } = query;
    const limit = Math.min(query.limit, BY_TAG_ENTRIES_MAX);
    const rows = this.#reader.statement(BY_TAG).all(type, tenant, tag, afterId, this.#clock(), limit);
    return rows.map((row) => ({ id: String(row.id), entry: entryOf<Value>(row as unknown as EntryRow) }));
  }

  async sweep(): Promise<number> {
    const nowMs = this.#sweepClock();
    let removed = 0;
    let batch: number;
    do {
      batch = await this.#writer.submit(['sweep', nowMs, SWEEP_BATCH_ENTRIES]);
      removed += batch;
    } while (batch === SWEEP_BATCH_ENTRIES);
    return removed;
  }

  async health(): Promise<{ ok: boolean; detail: string }> {
    const stopped = this.#writer.stopped();
    return stopped === null ? { ok: true, detail: 'writing' } : { ok: false, detail: stopped };
  }

  async close(): Promise<void> {
    this.#reader.close();
    await this.#writer.close();
  }
}

const GET = `
  SELECT value, version, expires_at FROM entries
  WHERE type = ? AND tenant = ? AND id = ? AND expires_at > ?`;

const BY_TAG = `
  SELECT entries.id, value, version, expires_at
  FROM tags JOIN entries USING (type, tenant, id)
  WHERE type = ? AND tenant = ? AND tag = ? AND id > ? AND expires_at > ?
  ORDER BY id LIMIT ?`;

interface EntryRow {
  readonly value: string;
  readonly version: number;
  readonly expires_at: number;
}

const entryOf = <Value extends Json>({ value, version, expires_at }: EntryRow): TransientEntry<Value> => ({
  value: JSON.parse(value) as Value,
  version,
  expiresAtMs: expires_at,
});

function columnsOf(ops: readonly TransientOp[]): readonly OpColumns[] {
  if (ops.length > COMMIT_OPS_MAX) throw new RangeError(`a commit holds at most ${COMMIT_OPS_MAX} operations`);
  const columns = ops.map(opColumns);
  if (ops.length > 1 && new Set(ops.map(({ key }) => JSON.stringify(keyColumns(key)))).size < ops.length) {
    throw new TypeError('a commit of the transient store names one key twice');
  }
  return columns;
}

function opColumns(op: TransientOp): OpColumns {
  const key = keyColumns(op.key);
  if (op.op === 'remove') return [key, op.expect, null];
  const { tags = [], expiresAtMs } = op;
  const value = JSON.stringify(op.value);
  if (value.length > VALUE_CHARACTERS_MAX)
    throw new RangeError(`a ${op.key.type} is beyond ${VALUE_CHARACTERS_MAX} characters`);
  if (tags.length > ENTRY_TAGS_MAX) throw new RangeError(`a ${op.key.type} has more than ${ENTRY_TAGS_MAX} tags`);
  return [key, op.expect, [value, expiresAtMs, tags]];
}

const keyColumns = ({ type, tenant, id }: TransientKey): KeyColumns => [type, tenant, id];
