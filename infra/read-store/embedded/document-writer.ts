/** Brings documents and their index entries into the tables of one generation. Runs inside the caller's transaction. */
import type { SQLInputValue } from 'node:sqlite';
import type { Database } from '../../sqlite/database.ts';
import { parsePath, withoutValue, withValue } from '../path.ts';
import type { Document, Write } from '../read-store.ts';
import { type Image, imageOf } from './image.ts';
import type { Layout } from './layout.ts';

interface Stored {
  readonly n: number;
  readonly o: number;
  readonly json: string;
}

/** Several writes to a document in one batch touch the tables once. */
interface Pending {
  document: Document | null;
  readonly stored: Stored | null;
}

export class DocumentWriter {
  readonly #db: Database;
  readonly #layout: Layout;
  /** Number of the collection in its file. */
  readonly #k: number;
  /** False while a rebuild fills the tables: the trigram index is made at its end. */
  readonly #indexed: boolean;
  readonly #orgs: OrgNumbers;
  readonly #pending = new Map<string, Pending>();
  readonly #countChange = new Map<number, number>();
  readonly #sql: ReturnType<typeof statementsOf>;

  constructor(parts: { db: Database; layout: Layout; k: number; indexed: boolean; orgs: OrgNumbers }) {
    this.#db = parts.db;
    this.#layout = parts.layout;
    this.#k = parts.k;
    this.#indexed = parts.indexed;
    this.#orgs = parts.orgs;
    this.#sql = statementsOf(parts.layout);
  }

  stage(write: Write): void {
    const id = write.kind === 'put' ? write.document.id : write.id;
    const pending = this.#pending.get(id) ?? this.#load(id);
    this.#pending.set(id, pending);
    if (write.kind === 'put') pending.document = write.document;
    else if (write.kind === 'remove') pending.document = null;
    else if (pending.document !== null) pending.document = patched(pending.document, write);
  }

  /** Forgets what was staged: the batch failed. */
  discard(): void {
    this.#pending.clear();
    this.#countChange.clear();
  }

  /** True when the collection changed. */
  flush(): boolean {
    let changed = false;
    for (const { document, stored } of this.#pending.values()) {
      if (document === null) {
        if (stored === null) continue;
        this.#remove(stored);
      } else if (stored === null) {
        this.#insert(document);
      } else if (!this.#update(document, stored)) {
        continue;
      }
      changed = true;
    }
    if (changed) this.#writeCounts();
    this.discard();
    return changed;
  }

  #load(id: string): Pending {
    const row = this.#db.statement(this.#sql.load).get(id);
    if (row === undefined) return { document: null, stored: null };
    // Columns of our own table.
    const stored = row as unknown as Stored;
    return { document: JSON.parse(stored.json) as Document, stored };
  }

  #insert(document: Document): void {
    const image = imageOf(this.#layout, document);
    const o = this.#orgs.numberOf(document);
    const inserted = this.#db.statement(this.#sql.insertDoc).run(document.id, o, ...image.singles);
    const n = Number(inserted.lastInsertRowid);
    this.#db.statement(this.#sql.insertBody).run(n, JSON.stringify(document));
    this.#insertRows({ n, o }, image);
    if (this.#indexed && hasText(image)) this.#db.statement(this.#sql.insertTrigrams).run(n, ...image.trigrams);
    this.#count(o, 1);
  }

  #insertRows(key: Pick<Stored, 'n' | 'o'>, image: Image): void {
    for (let at = 0; at < image.groups.length; at += 1) this.#insertGroup(key, at, image);
    this.#insertDynamic(key, image);
  }

  #insertGroup({ n, o }: Pick<Stored, 'n' | 'o'>, at: number, image: Image): void {
    const rows = image.groups[at] ?? [];
    if (rows.length === 0) return;
    const insert = this.#db.statement(this.#sql.insertElement[at] as string);
    for (const [i, row] of rows.entries()) insert.run(n, i, o, ...row);
  }

  #insertDynamic({ n, o }: Pick<Stored, 'n' | 'o'>, image: Image): void {
    if (image.dynamic.length === 0) return;
    const insert = this.#db.statement(this.#sql.insertDynamic);
    for (const [k, { path, element, value }] of image.dynamic.entries()) insert.run(n, path, element, k, o, value);
  }

  #remove({ n, o, json }: Stored): void {
    const image = imageOf(this.#layout, JSON.parse(json) as Document);
    this.#db.statement(this.#sql.deleteDoc).run(n);
    this.#db.statement(this.#sql.deleteBody).run(n);
    for (const sql of this.#sql.deleteElements) this.#db.statement(sql).run(n);
    if (this.#layout.dynamic !== null) this.#db.statement(this.#sql.deleteDynamic).run(n);
    if (this.#indexed && hasText(image)) this.#db.statement(this.#sql.deleteTrigrams).run(n, ...image.trigrams);
    this.#count(o, -1);
  }

  /** Touches only the index entries that differ. False when nothing does. */
  #update(document: Document, { n, o: formerOrg, json: formerJson }: Stored): boolean {
    const json = JSON.stringify(document);
    if (json === formerJson) return false;
    const former = imageOf(this.#layout, JSON.parse(formerJson) as Document);
    const image = imageOf(this.#layout, document);
    const o = this.#orgs.numberOf(document);
    this.#db.statement(this.#sql.updateBody).run(json, n);
    this.#updateColumns({ n, o }, { former, image, moved: o !== formerOrg });
    this.#layout.groups.forEach((_, at) => {
      if (o === formerOrg && isSame(former.groups[at], image.groups[at])) return;
      this.#db.statement(this.#sql.deleteElements[at] as string).run(n);
      this.#insertGroup({ n, o }, at, image);
    });
    if (o !== formerOrg || !isSame(former.dynamic, image.dynamic)) {
      if (former.dynamic.length > 0) this.#db.statement(this.#sql.deleteDynamic).run(n);
      this.#insertDynamic({ n, o }, image);
    }
    this.#updateTrigrams(n, former, image);
    if (o !== formerOrg) {
      this.#count(formerOrg, -1);
      this.#count(o, 1);
    }
    return true;
  }

  #updateColumns({ n, o }: Pick<Stored, 'n' | 'o'>, change: { former: Image; image: Image; moved: boolean }): void {
    const names: string[] = change.moved ? ['o'] : [];
    const values: SQLInputValue[] = change.moved ? [o] : [];
    this.#layout.singles.forEach(({ name }, at) => {
      const value = change.image.singles[at] ?? null;
      if (value === change.former.singles[at]) return;
      names.push(name);
      values.push(value);
    });
    if (names.length === 0) return;
    const sets = names.map((name) => `${name} = ?`).join(', ');
    this.#db.statement(`UPDATE ${this.#layout.prefix}doc SET ${sets} WHERE n = ?`).run(...values, n);
  }

  #updateTrigrams(n: number, former: Image, image: Image): void {
    if (!this.#indexed || isSame(former.trigrams, image.trigrams)) return;
    if (hasText(former)) this.#db.statement(this.#sql.deleteTrigrams).run(n, ...former.trigrams);
    if (hasText(image)) this.#db.statement(this.#sql.insertTrigrams).run(n, ...image.trigrams);
  }

  #count(o: number, change: number): void {
    this.#countChange.set(o, (this.#countChange.get(o) ?? 0) + change);
  }

  #writeCounts(): void {
    const upsert = this.#db.statement(
      'INSERT INTO documents (k, o, count) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count',
    );
    for (const [o, change] of this.#countChange) if (change !== 0) upsert.run(this.#k, o, change);
    this.#db
      .statement('INSERT INTO writes (k, counter) VALUES (?, 1) ON CONFLICT DO UPDATE SET counter = counter + 1')
      .run(this.#k);
  }
}

const hasText = (image: Image): boolean => image.trigrams.some((text) => text !== null);

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

function patched(document: Document, { set = {}, unset = [] }: Extract<Write, { kind: 'patch' }>): Document {
  let result: Document = document;
  // The path ends below the document's root, so what comes back is an object with the document's id.
  for (const [path, value] of Object.entries(set)) result = withValue(result, parsePath(path), value) as Document;
  for (const path of unset) result = withoutValue(result, parsePath(path)) as Document;
  return result;
}

const places = (count: number): string => Array.from({ length: count }, () => '?').join(', ');

function statementsOf({ prefix, singles, groups, trigrams }: Layout) {
  const fts = `${prefix}fts`;
  const texts = trigrams.map(({ name }) => name).join(', ');
  return {
    load: `SELECT d.n, d.o, b.json FROM ${prefix}doc d JOIN ${prefix}body b ON b.n = d.n WHERE d.id = ?`,
    insertDoc: `INSERT INTO ${prefix}doc (${['id', 'o', ...singles.map(({ name }) => name)].join(', ')})
      VALUES (${places(singles.length + 2)})`,
    insertBody: `INSERT INTO ${prefix}body (n, json) VALUES (?, ?)`,
    updateBody: `UPDATE ${prefix}body SET json = ? WHERE n = ?`,
    deleteDoc: `DELETE FROM ${prefix}doc WHERE n = ?`,
    deleteBody: `DELETE FROM ${prefix}body WHERE n = ?`,
    insertElement: groups.map(({ table, columns }) => `INSERT INTO ${table} VALUES (${places(columns.length + 3)})`),
    deleteElements: groups.map(({ table }) => `DELETE FROM ${table} WHERE n = ?`),
    insertDynamic: `INSERT INTO ${prefix}dyn (n, path, i, k, o, value) VALUES (?, ?, ?, ?, ?, ?)`,
    deleteDynamic: `DELETE FROM ${prefix}dyn WHERE n = ?`,
    insertTrigrams: `INSERT INTO ${fts} (rowid, ${texts}) VALUES (${places(trigrams.length + 1)})`,
    deleteTrigrams: `INSERT INTO ${fts} (${fts}, rowid, ${texts}) VALUES ('delete', ${places(trigrams.length + 1)})`,
  };
}

/** Organizations by small numbers: they stand in every index entry. */
export class OrgNumbers {
  readonly #db: Database;
  readonly #known = new Map<string, number>();

  constructor(db: Database) {
    this.#db = db;
  }

  numberOf({ tenant, org }: Document): number {
    const key = `${tenant}\n${org}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#db.statement('INSERT INTO org (tenant, org) VALUES (?, ?) ON CONFLICT DO NOTHING').run(tenant, org);
    const row = this.#db.statement('SELECT o FROM org WHERE tenant = ? AND org = ?').get(tenant, org);
    const number = Number(row?.['o']);
    this.#known.set(key, number);
    return number;
  }

  /** After a roll-back, numbers given in it no longer hold. */
  forget(): void {
    this.#known.clear();
  }
}
