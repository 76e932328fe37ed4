/** Leases between processes that share a data folder, in a SQLite file of their own. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, openDatabase } from '../../sqlite/database.ts';
import type { Leases } from '../lease.ts';
import { LEASE_PACE, type LeasePace, type LeaseRow, watchedLeases } from '../watched-leases.ts';

export const LEASE_FILE = 'leases.sqlite';

const SCHEMA = `CREATE TABLE IF NOT EXISTS leases (
  name TEXT PRIMARY KEY, token INTEGER NOT NULL, beat INTEGER NOT NULL, holder TEXT
) STRICT, WITHOUT ROWID`;

const CACHE_KIB = 256;

export interface EmbeddedLeasesOptions {
  readonly directory: string;
  readonly pace?: LeasePace;
}

export function openEmbeddedLeases({ directory, pace = LEASE_PACE }: EmbeddedLeasesOptions): Leases {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  // A power cut ends every holder: only that a token never comes twice must outlive it, and `swap` sees to that.
  const database = openDatabase({ file: join(directory, LEASE_FILE), durability: 'normal', cacheKib: CACHE_KIB });
  database.exec(SCHEMA);
  return watchedLeases(
    {
      read: async (name) => rowOf(database, name),
      swap: async (name, expected, next) => swap(database, { name, expected, next }),
      close: async () => database.close(),
    },
    pace,
  );
}

function rowOf(database: Database, name: string): LeaseRow | null {
  const row = database.statement('SELECT token, beat, holder FROM leases WHERE name = ?').get(name);
  if (row === undefined) return null;
  return { token: Number(row['token']), beat: Number(row['beat']), holder: row['holder'] as string | null };
}

interface Swap {
  readonly name: string;
  readonly expected: LeaseRow | null;
  readonly next: LeaseRow;
}

function swap(database: Database, { name, expected, next }: Swap): boolean {
  const { token, beat, holder } = next;
  const isNewToken = token !== expected?.token;
  if (isNewToken) database.exec('PRAGMA synchronous = FULL');
  try {
    const { changes } =
      expected === null
        ? database.statement('INSERT OR IGNORE INTO leases VALUES (?, ?, ?, ?)').run(name, token, beat, holder)
        : database
            .statement(
              `UPDATE leases SET token = ?, beat = ?, holder = ?
              WHERE name = ? AND token = ? AND beat = ? AND holder IS ?`,
            )
            .run(token, beat, holder, name, expected.token, expected.beat, expected.holder);
    return Number(changes) === 1;
  } finally {
    if (isNewToken) database.exec('PRAGMA synchronous = NORMAL');
  }
}
