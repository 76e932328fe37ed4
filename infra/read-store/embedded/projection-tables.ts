/** One generation of one projection, as its engine writes it. Lives in the projector's thread. */
import { setTimeout as pause } from 'node:timers/promises';
import { comparePositions, decodePosition, encodePosition, type Position } from '../../event-store/position.ts';
import { type Database, openDatabase } from '../../sqlite/database.ts';
import type { ProjectionStatus, ProjectionTables, Write } from '../read-store.ts';
import { DocumentWriter, OrgNumbers } from './document-writer.ts';
import {
  databaseFile,
  deleteGeneration,
  formatState,
  type GenerationSpec,
  type GenerationState,
  generationsOf,
  isSameSpec,
  layoutsOf,
  parseState,
  readSpec,
  setLiveGeneration,
} from './generation-file.ts';
import type { BoardSlot } from './progress-board.ts';
import { createIndexes, createTables, GENERATION_TABLES } from './schema.ts';

const CACHE_KIB = 65_536;
/** Index pages are written again and again: moved to the database less often, they are moved fewer times. */
const AUTOCHECKPOINT_PAGES = 8_000;
/** How long `forget` waits for readers to leave the write-ahead log; they hold it for single reads only. */
const FORGET_MS_MAX = 10_000;
const FORGET_PAUSE_MS = 5;
/** While batches hold nothing for the projection, its checkpoint is written this often. */
const CHECKPOINT_UNSAVED_MS_MAX = 1_000;

/** Where a projection's generations live. */
export interface GenerationHome {
  readonly directory: string;
  readonly slot: BoardSlot | null;
  /** What the running code asks for. */
  readonly wanted: GenerationSpec;
  /** Null before the first is opened. Closed when another is promoted. */
  live: EmbeddedTables | null;
  /** Closed when another is begun. */
  building: EmbeddedTables | null;
  /** So that all are closed in the end. */
  readonly opened: (tables: EmbeddedTables) => void;
}

export class EmbeddedTables implements ProjectionTables {
  readonly #home: GenerationHome;
  readonly #db: Database;
  readonly #generation: number;
  readonly #spec: GenerationSpec;
  readonly #orgs: OrgNumbers;
  #writers: ReadonlyMap<string, DocumentWriter>;
  #isLive: boolean;
  #checkpoint: Position | null;
  #state: GenerationState;
  #savedMs = 0;

  constructor(home: GenerationHome, generation: number, isLive: boolean) {
    this.#home = home;
    this.#generation = generation;
    this.#isLive = isLive;
    const { directory, wanted } = home;
    this.#db = openDatabase({
      file: databaseFile(directory, wanted.name, generation),
      durability: 'normal',
      secureDelete: true,
      cacheKib: CACHE_KIB,
    });
    this.#db.exec(`PRAGMA wal_autocheckpoint = ${AUTOCHECKPOINT_PAGES}`);
    this.#spec = readSpec(this.#db) ?? this.#create();
    const row = this.#db.connection.prepare('SELECT position, state FROM checkpoint, generation').get();
    this.#checkpoint = row?.['position'] ? decodePosition(row['position'] as string) : null;
    this.#state = parseState(row?.['state'] as string);
    this.#orgs = new OrgNumbers(this.#db);
    this.#writers = this.#documentWriters(isLive);
    home[isLive ? 'live' : 'building'] = this;
    this.#publish();
    home.opened(this);
  }

  get checkpoint(): Position | null {
    return this.#checkpoint;
  }

  get stale(): boolean {
    return !isSameSpec(this.#spec, this.#home.wanted);
  }

  get parked(): NonNullable<ProjectionStatus['parked']> | null {
    return this.#state.parked ?? null;
  }

  get logIdentity(): string {
    return this.#spec.logIdentity;
  }

  async apply(writes: readonly Write[], checkpoint: Position): Promise<void> {
    if (this.#checkpoint !== null && comparePositions(checkpoint, this.#checkpoint) < 0) {
      throw new RangeError(`projection ${this.#spec.name} would go back from its checkpoint`);
    }
    if (writes.length === 0 && this.#mayWait()) {
      this.#checkpoint = checkpoint;
      this.#publish();
      return;
    }
    try {
      this.#db.transaction(() => this.#write(writes, checkpoint));
      this.#savedMs = performance.now();
    } catch (error) {
      for (const writer of this.#writers.values()) writer.discard();
      this.#orgs.forget();
      throw error;
    }
    this.#checkpoint = checkpoint;
    this.#publish();
  }

  /** A batch without writes changes nothing in the files: after a crash it is read again. The board tells readers. */
  #mayWait(): boolean {
    const { slot } = this.#home;
    return (
      slot !== null && this.#state.parked === undefined && performance.now() - this.#savedMs < CHECKPOINT_UNSAVED_MS_MAX
    );
  }

  #write(writes: readonly Write[], checkpoint: Position): void {
    for (const write of writes) {
      const writer = this.#writers.get(write.collection);
      if (writer === undefined) {
        throw new TypeError(`projection ${this.#spec.name} writes to ${write.collection}, which it does not declare`);
      }
      writer.stage(write);
    }
    for (const writer of this.#writers.values()) writer.flush();
    this.#db.statement('UPDATE checkpoint SET position = ?').run(encodePosition(checkpoint));
    if (this.#state.parked !== undefined) {
      const { parked: _, ...state } = this.#state;
      this.#writeState(state);
    }
  }

  async park(parked: NonNullable<ProjectionStatus['parked']>): Promise<void> {
    this.#writeState({ ...this.#state, state: 'parked', parked });
  }

  async status({ state, progress }: Pick<ProjectionStatus, 'state' | 'progress'>): Promise<void> {
    const { parked } = this.#state;
    this.#writeState({
      state,
      ...(progress === undefined ? {} : { progress }),
      ...(parked === undefined ? {} : { parked }),
    });
  }

  #writeState(state: GenerationState): void {
    this.#state = state;
    this.#db.statement('UPDATE generation SET state = ?').run(formatState(state));
  }

  async beside(): Promise<ProjectionTables> {
    this.#home.building?.close();
    this.#dropOthers();
    return new EmbeddedTables(this.#home, this.#generation + 1, false);
  }

  async promote(): Promise<void> {
    if (this.#isLive) return;
    const { directory, wanted } = this.#home;
    for (const layout of layoutsOf(this.#spec)) createIndexes(this.#db.connection, layout);
    this.#db.exec('PRAGMA journal_mode = WAL');
    this.#db.exec('PRAGMA synchronous = FULL');
    // A write in full durability brings everything before it to the disk.
    this.#writeState({ state: 'live' });
    this.#db.connection.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
    this.#db.exec('PRAGMA synchronous = NORMAL');
    this.#isLive = true;
    this.#writers = this.#documentWriters(true);
    setLiveGeneration(directory, wanted.name, this.#generation);
    this.#home.live?.close();
    this.#home.live = this;
    this.#home.building = null;
    this.#publish();
    this.#dropOthers();
  }

  #dropOthers(): void {
    const { directory, wanted } = this.#home;
    for (const other of generationsOf(directory, wanted.name)) {
      if (other !== this.#generation) deleteGeneration(directory, wanted.name, other);
    }
  }

  async forget(): Promise<void> {
    if (!this.#isLive) return;
    const deadline = performance.now() + FORGET_MS_MAX;
    for (;;) {
      const result = this.#db.connection.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
      if (result?.['busy'] === 0) return;
      if (performance.now() > deadline) {
        throw new Error(`readers kept projection ${this.#spec.name} from forgetting for ${FORGET_MS_MAX} ms`);
      }
      await pause(FORGET_PAUSE_MS);
    }
  }

  close(): void {
    if (!this.#db.connection.isOpen) return;
    if (this.#checkpoint !== null) {
      this.#db.statement('UPDATE checkpoint SET position = ?').run(encodePosition(this.#checkpoint));
    }
    this.#db.close();
  }

  /** A generation beside the live one is built fast and is thrown away by a crash: no durability, indexes at the end. */
  #create(): GenerationSpec {
    const { wanted } = this.#home;
    if (!this.#isLive) {
      this.#db.exec('PRAGMA journal_mode = MEMORY');
      this.#db.exec('PRAGMA synchronous = OFF');
    }
    this.#db.transaction(() => {
      this.#db.exec(GENERATION_TABLES);
      for (const layout of layoutsOf(wanted)) {
        createTables(this.#db.connection, layout);
        if (this.#isLive) createIndexes(this.#db.connection, layout);
      }
      const state: GenerationState = { state: this.#isLive ? 'catching-up' : 'rebuilding' };
      this.#db.statement('INSERT INTO generation VALUES (1, ?, ?)').run(JSON.stringify(wanted), formatState(state));
      this.#db.statement('INSERT INTO checkpoint VALUES (1, NULL)').run();
    });
    return wanted;
  }

  #documentWriters(indexed: boolean): ReadonlyMap<string, DocumentWriter> {
    const writers = layoutsOf(this.#spec).map((layout, k) => {
      const writer = new DocumentWriter({ db: this.#db, layout, k, indexed, orgs: this.#orgs });
      return [layout.name, writer] as const;
    });
    return new Map(writers);
  }

  #publish(): void {
    if (this.#isLive) this.#home.slot?.publish(this.#checkpoint, this.#generation);
  }
}
