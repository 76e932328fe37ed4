/** What the transient store's writer thread does with its jobs: decides compare-and-set and writes. */
import { type Database, openDatabase } from '../../sqlite/database.ts';
import type { GroupCommitHandler } from '../../sqlite/group-commit-worker.ts';
import { TRANSIENT_SCHEMA, TRANSIENT_SCHEMA_VERSION } from './transient-schema.ts';

const CACHE_KIB = 8_192;

/** Lists, not objects: they cross to the thread with every write. Type, tenant, id. */
export type KeyColumns = readonly [type: string, tenant: string, id: string];
/** `null`: a removal. */
export type OpColumns = readonly [
  key: KeyColumns,
  expect: 'absent' | 'any' | number,
  put: readonly [value: string, expiresAtMs: number, tags: readonly string[]] | null,
];

/** A light commit need not outlive a power cut. Reply to a commit: 1 done, 0 an expectation did not hold. Reply to a sweep: how many went. */
export type TransientJob =
  | readonly [kind: 'commit' | 'light-commit', nowMs: number, ops: readonly OpColumns[]]
  | readonly [kind: 'sweep', nowMs: number, entriesMax: number];

interface Found {
  readonly version: number;
  readonly expires_at: number;
  readonly tags: string | null;
}

export function transientHandler(database: Database): GroupCommitHandler<TransientJob, number> {
  const find = database.statement(
    'SELECT version, expires_at, tags FROM entries WHERE type = ? AND tenant = ? AND id = ?',
  );
  const put = database.statement(
    `INSERT OR REPLACE INTO entries (type, tenant, id, value, version, expires_at, tags) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const remove = database.statement('DELETE FROM entries WHERE type = ? AND tenant = ? AND id = ?');
  const addTag = database.statement('INSERT OR IGNORE INTO tags (type, tenant, id, tag) VALUES (?, ?, ?, ?)');
  const removeTag = database.statement('DELETE FROM tags WHERE type = ? AND tenant = ? AND id = ? AND tag = ?');
  const expired = database.statement('SELECT type, tenant, id, tags FROM entries WHERE expires_at <= ? LIMIT ?');
  let lastVersion = 0;
  let synchronous: 'NORMAL' | 'FULL' = 'FULL';

  /** Without an fsync a commit outlives the process, not the machine. The next full one brings it to the disk too. */
  function synchronise(wanted: 'NORMAL' | 'FULL'): void {
    if (wanted === synchronous) return;
    database.statement(`PRAGMA main.synchronous = ${wanted}`).run();
    synchronous = wanted;
  }

  /** Grows with every write and with the clock, so that it never comes twice, not even for a key made anew. */
  function nextVersion(nowMs: number): number {
    lastVersion = Math.max(lastVersion + 1, nowMs * 1_000);
    return lastVersion;
  }

  function commit(nowMs: number, ops: readonly OpColumns[]): number {
    // All expectations first: a commit that is refused has written nothing.
    const former = ops.map(([key]) => find.get(...key) as unknown as Found | undefined);
    for (let index = 0; index < ops.length; index += 1) {
      if (!holds(ops[index]?.[1] ?? 'any', former[index], nowMs)) return 0;
    }
    for (const [index, op] of ops.entries()) apply(op, former[index], nowMs);
    return 1;
  }

  function apply([key, , change]: OpColumns, former: Found | undefined, nowMs: number): void {
    const formerTags = tagsOf(former?.tags);
    if (change === null) {
      for (const tag of formerTags) removeTag.run(...key, tag);
      if (former !== undefined) remove.run(...key);
      return;
    }
    const [value, expiresAtMs, tags] = change;
    for (const tag of formerTags) if (!tags.includes(tag)) removeTag.run(...key, tag);
    for (const tag of tags) if (!formerTags.includes(tag)) addTag.run(...key, tag);
    put.run(...key, value, nextVersion(nowMs), expiresAtMs, tags.length === 0 ? null : JSON.stringify(tags));
  }

  function sweep(nowMs: number, entriesMax: number): number {
    const rows = expired.all(nowMs, entriesMax);
    for (const row of rows) {
      const key = [String(row.type), String(row.tenant), String(row.id)] as const;
      for (const tag of tagsOf(row.tags as string | null)) removeTag.run(...key, tag);
      remove.run(...key);
    }
    return rows.length;
  }

  return {
    database,
    apply: (job) => (job[0] === 'sweep' ? sweep(job[1], job[2]) : commit(job[1], job[2])),
    beforeGroup: (jobs) => synchronise(jobs.every(([kind]) => kind === 'light-commit') ? 'NORMAL' : 'FULL'),
  };
}

function holds(expect: 'absent' | 'any' | number, found: Found | undefined, nowMs: number): boolean {
  if (expect === 'any') return true;
  const isLive = found !== undefined && found.expires_at > nowMs;
  return expect === 'absent' ? !isLive : isLive && found.version === expect;
}

const NO_TAGS: readonly string[] = [];
const tagsOf = (tags: string | null | undefined): readonly string[] =>
  tags === null || tags === undefined ? NO_TAGS : (JSON.parse(tags) as string[]);

/** A connection that may write, to a file that has the store's tables. */
export function openTransientDatabase(file: string): Database {
  const database = openDatabase({ file, durability: 'full', cacheKib: CACHE_KIB });
  database.transaction(() => {
    database.exec(TRANSIENT_SCHEMA);
    database.statement("INSERT OR IGNORE INTO transient_state VALUES ('schema', ?)").run(TRANSIENT_SCHEMA_VERSION);
  });
  return database;
}
