/** A read-only connection to one generation; synchronous, for short reads in the calling thread. */
import { decodePosition, type Position } from '../../event-store/position.ts';
import { type Database, openDatabase } from '../../sqlite/database.ts';
import type { Document, Page, Query } from '../read-store.ts';
import { AnswerCache } from './answer-cache.ts';
import type { Row, Tables } from './asked.ts';
import type { Sql } from './filter-sql.ts';
import {
  databaseFile,
  type GenerationSpec,
  type GenerationState,
  layoutsOf,
  parseState,
  readSpec,
} from './generation-file.ts';
import type { Layout } from './layout.ts';
import { pageOf } from './page.ts';
import { type OrgScope, type Question, questionOf } from './question.ts';

const CACHE_KIB = 65_536;
const MAPPED_BYTES_MAX = 2_147_418_112;

interface Collected {
  readonly layout: Layout;
  readonly k: number;
  readonly cache: AnswerCache;
}

const EMPTY: Page = { documents: [], total: null, next: null, previous: null };

export class GenerationReader implements Tables {
  readonly spec: GenerationSpec;
  readonly #db: Database;
  readonly #collections: ReadonlyMap<string, Collected>;
  /** Numbers of organizations never change within a generation. */
  readonly #orgs = new Map<string, number>();

  private constructor(db: Database, spec: GenerationSpec) {
    this.#db = db;
    this.spec = spec;
    this.#collections = new Map(
      layoutsOf(spec).map((layout, k) => [layout.name, { layout, k, cache: new AnswerCache() }]),
    );
  }

  /** Null: the file holds no finished tables yet. */
  static open(directory: string, name: string, generation: number): GenerationReader | null {
    const db = openDatabase({ file: databaseFile(directory, name, generation), readOnly: true, cacheKib: CACHE_KIB });
    db.exec(`PRAGMA mmap_size = ${MAPPED_BYTES_MAX}`);
    const spec = readSpec(db);
    if (spec !== null) return new GenerationReader(db, spec);
    db.close();
    return null;
  }

  has(collection: string): boolean {
    return this.#collections.has(collection);
  }

  find(collection: string, tenant: string, id: string): Document | null {
    const { prefix } = this.#collected(collection).layout;
    const row = this.#db
      .statement(
        `SELECT b.json, g.tenant FROM ${prefix}doc d JOIN ${prefix}body b ON b.n = d.n JOIN org g ON g.o = d.o WHERE d.id = ?`,
      )
      .get(id);
    return row === undefined || row['tenant'] !== tenant ? null : parsed(row['json']);
  }

  findMany(collection: string, tenant: string, ids: readonly string[]): readonly Document[] {
    const { prefix } = this.#collected(collection).layout;
    const rows = this.#db
      .statement(
        `SELECT b.json FROM json_each(?) j CROSS JOIN ${prefix}doc d ON d.id = j.value JOIN ${prefix}body b ON b.n = d.n
        JOIN org g ON g.o = d.o WHERE g.tenant = ? ORDER BY j.key`,
      )
      .all(JSON.stringify([...new Set(ids)]), tenant);
    return rows.map(({ json }) => parsed(json));
  }

  query(query: Query): Page {
    const { layout, k, cache } = this.#collected(query.collection);
    this.#db.statement('BEGIN').run();
    try {
      cache.at(Number(this.#db.statement('SELECT counter FROM writes WHERE k = ?').get(k)?.['counter'] ?? 0));
      const org = this.#scope(query);
      const asked = questionOf({ layout, k, org: org ?? { sql: { text: '= ?', params: [0] }, single: true }, query });
      if (org === null) return query.total ? { ...EMPTY, total: 0 } : EMPTY;
      return pageOf(this, asked, query);
    } finally {
      this.#db.statement('COMMIT').run();
    }
  }

  checkpoint(): Position | null {
    const text = this.#db.statement('SELECT position FROM checkpoint').get()?.['position'];
    return typeof text === 'string' ? decodePosition(text) : null;
  }

  state(): GenerationState {
    return parseState(this.#db.statement('SELECT state FROM generation').get()?.['state'] as string);
  }

  close(): void {
    this.#db.close();
  }

  all({ text, params }: Sql): readonly Row[] {
    // Columns as `rowsSql` names them.
    return this.#db.statement(text).all(...params) as unknown as readonly Row[];
  }

  count({ text, params }: Sql): number {
    return Number(this.#db.statement(text).get(...params)?.['total']);
  }

  numbers({ text, params }: Sql): readonly number[] {
    // One text for thousands of numbers: a row each would cost many times as much.
    const row = this.#db.statement(`SELECT json_group_array(n) AS list FROM (${text})`).get(...params);
    return JSON.parse(row?.['list'] as string) as number[];
  }

  bodies({ layout }: Question, rows: readonly number[]): readonly Document[] {
    const body = this.#db.statement(`SELECT json FROM ${layout.prefix}body WHERE n = ?`);
    return rows.map((n) => parsed(body.get(n)?.['json']));
  }

  row({ layout, sort }: Question, n: number): Row {
    const key = sort.expression ?? { text: 'NULL', params: [] };
    const sql = `SELECT d.n AS n, d.id AS id, ${key.text} AS sortkey FROM ${layout.prefix}doc d WHERE d.n = ?`;
    return this.#db.statement(sql).get(...key.params, n) as unknown as Row;
  }

  documents({ k, org }: Question): number {
    return this.count({
      text: `SELECT coalesce(sum(count), 0) AS total FROM documents WHERE k = ? AND o ${org.sql.text}`,
      params: [k, ...org.sql.params],
    });
  }

  cache({ layout }: Question): AnswerCache {
    return this.#collected(layout.name).cache;
  }

  #collected(collection: string): Collected {
    const collected = this.#collections.get(collection);
    if (collected === undefined) throw new TypeError(`projection ${this.spec.name} has no collection ${collection}`);
    return collected;
  }

  /** Null: no document was ever written there. */
  #scope({ tenant, org }: Query): OrgScope | null {
    if (org === undefined) return this.#scopeOfTenant(tenant);
    const key = `${tenant}\n${org}`;
    const number = this.#orgs.get(key) ?? this.#orgNumber(tenant, org);
    if (number === null) return null;
    this.#orgs.set(key, number);
    return { sql: { text: '= ?', params: [number] }, single: true };
  }

  #orgNumber(tenant: string, org: string): number | null {
    const row = this.#db.statement('SELECT o FROM org WHERE tenant = ? AND org = ?').get(tenant, org);
    return row === undefined ? null : Number(row['o']);
  }

  #scopeOfTenant(tenant: string): OrgScope | null {
    const rows = this.#db.statement('SELECT o FROM org WHERE tenant = ? LIMIT 2').all(tenant);
    const [only] = rows;
    if (only === undefined) return null;
    if (rows.length === 1) return { sql: { text: '= ?', params: [Number(only['o'])] }, single: true };
    return { sql: { text: 'IN (SELECT o FROM org WHERE tenant = ?)', params: [tenant] }, single: false };
  }
}

const parsed = (json: unknown): Document => JSON.parse(json as string) as Document;
