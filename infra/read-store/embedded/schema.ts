/** The tables of one generation's file. */
import type { DatabaseSync } from 'node:sqlite';
import type { Layout } from './layout.ts';

/** Raised when the tables below change shape: files of another form are built anew from the log. */
export const FILE_FORM = 1;

export const GENERATION_TABLES = `
  CREATE TABLE generation (one INTEGER PRIMARY KEY CHECK (one = 1), spec TEXT NOT NULL, state TEXT NOT NULL);
  CREATE TABLE checkpoint (one INTEGER PRIMARY KEY CHECK (one = 1), position TEXT);
  CREATE TABLE org (o INTEGER PRIMARY KEY, tenant TEXT NOT NULL, org TEXT NOT NULL, UNIQUE (tenant, org));
  CREATE TABLE documents (k INTEGER, o INTEGER, count INTEGER NOT NULL, PRIMARY KEY (k, o)) WITHOUT ROWID;
  CREATE TABLE writes (k INTEGER PRIMARY KEY, counter INTEGER NOT NULL);
`;

/** Bodies stand apart from search columns, so that a scan of thousands of keys does not read them. */
export function createTables(db: DatabaseSync, layout: Layout): void {
  const { prefix } = layout;
  const columns = layout.singles.map(({ name }) => `, ${name}`).join('');
  db.exec(`CREATE TABLE ${prefix}doc (n INTEGER PRIMARY KEY, id TEXT NOT NULL, o INTEGER NOT NULL${columns});
    CREATE UNIQUE INDEX ${prefix}doc_id ON ${prefix}doc (id);
    CREATE TABLE ${prefix}body (n INTEGER PRIMARY KEY, json TEXT NOT NULL);`);
  for (const { table, columns: members } of layout.groups) {
    const names = members.map(({ name }) => `, ${name}`).join('');
    db.exec(
      `CREATE TABLE ${table} (n INTEGER, i INTEGER, o INTEGER NOT NULL${names}, PRIMARY KEY (n, i)) WITHOUT ROWID`,
    );
  }
  if (layout.dynamic !== null) {
    db.exec(`CREATE TABLE ${prefix}dyn (n INTEGER, path TEXT, i INTEGER, k INTEGER, o INTEGER NOT NULL, value,
      PRIMARY KEY (n, path, i, k)) WITHOUT ROWID`);
  }
}

export const sortIndex = (layout: Layout, column: string): string => `${layout.prefix}doc_${column}`;
export const idIndex = (layout: Layout): string => `${layout.prefix}doc_o`;
export const groupIndex = (table: string, column: string): string => `${table}_${column}`;

/** Apart from the tables: a rebuild fills the tables first and sorts each index once. */
export function createIndexes(db: DatabaseSync, layout: Layout): void {
  const { prefix } = layout;
  db.exec(`CREATE INDEX ${idIndex(layout)} ON ${prefix}doc (o, id)`);
  for (const { name } of layout.singles) {
    db.exec(`CREATE INDEX ${sortIndex(layout, name)} ON ${prefix}doc (o, ${name}, id) WHERE ${name} IS NOT NULL`);
  }
  for (const { table, columns } of layout.groups) {
    for (const { name } of columns) {
      db.exec(`CREATE INDEX ${groupIndex(table, name)} ON ${table} (o, ${name}, n) WHERE ${name} IS NOT NULL`);
    }
  }
  if (layout.dynamic !== null) db.exec(`CREATE INDEX ${prefix}dyn_value ON ${prefix}dyn (o, path, value, n)`);
  if (layout.trigrams.length > 0) createTrigramIndex(db, layout);
}

const TRIGRAM_SEPARATOR = '\n';

/** All values of an array are one text to the trigram index; whoever finds a document by it looks at the values again. */
export const trigramText = (values: readonly (string | null)[]): string | null => {
  const present = values.filter((value) => value !== null);
  return present.length === 0 ? null : present.join(TRIGRAM_SEPARATOR);
};

function createTrigramIndex(db: DatabaseSync, layout: Layout): void {
  const table = `${layout.prefix}fts`;
  const names = layout.trigrams.map(({ name }) => name).join(', ');
  // The text itself is not kept a second time, and only which documents have a trigram, not where.
  db.exec(`CREATE VIRTUAL TABLE ${table} USING fts5(${names}, content='', detail=column, columnsize=0,
    tokenize='trigram case_sensitive 1')`);
  // Removed entries leave the index at once instead of waiting for a merge.
  db.exec(`INSERT INTO ${table} (${table}, rank) VALUES ('secure-delete', 1)`);
  const texts = layout.trigrams.map(({ group, column }) =>
    group === null
      ? `d.${column.name}`
      : `(SELECT group_concat(e.${column.name}, char(10) ORDER BY e.i) FROM ${group.table} e WHERE e.n = d.n)`,
  );
  db.exec(`INSERT INTO ${table} (rowid, ${names}) SELECT d.n, ${texts.join(', ')} FROM ${layout.prefix}doc d`);
}
