/** One projection on one generation of its tables: takes batches in log order, and stops at what it cannot handle. */
import { comparePositions, type Position } from '../infra/event-store/position.ts';
import type { ProjectionStatus, ProjectionTables, Write } from '../infra/read-store/read-store.ts';
import type { BatchItem } from './engine-batch.ts';
import type { Projection } from './projection.ts';

/** After it nothing of the person may be left in the files. */
const ERASURE = 'identity.user.erased.v1';
const VERSIONED = /^(.+)\.v([1-9][0-9]*)$/;

type Parked = NonNullable<ProjectionStatus['parked']>;

export type ReportError = (error: unknown, about: { readonly projection: string; readonly eventId?: string }) => void;

export interface RunnerReports {
  readonly report: ReportError;
  /** Thrown on: nothing is wrong with an event, and it is to be brought again. */
  readonly isAway: (error: unknown) => boolean;
}

/** The highest version with a handler, per type without its version. */
function newestVersions({ handlers }: Projection): ReadonlyMap<string, number> {
  const newest = new Map<string, number>();
  for (const type of handlers.keys()) {
    const [, family = type, version = '0'] = VERSIONED.exec(type) ?? [];
    newest.set(family, Math.max(newest.get(family) ?? 0, Number(version)));
  }
  return newest;
}

/**
 * What the projection needs of the log: its handlers' contexts (`identity.` of `identity.user.created.v1`), since an
 * upcaster lifts within its context, and erasures, which concern every projection.
 */
function contextsOf({ handlers }: Projection): readonly string[] {
  const contexts = new Set([...handlers.keys()].map((type) => type.slice(0, type.indexOf('.') + 1)));
  return contexts.has('identity.') ? [...contexts] : [...contexts, ERASURE];
}

interface Gathered {
  readonly writes: readonly Write[];
  /** Everything up to here is in the writes. */
  readonly position: Position | null;
  readonly stuck: { readonly item: BatchItem; readonly error: unknown } | null;
}

export class ProjectionRunner {
  readonly projection: Projection;
  readonly tables: ProjectionTables;
  readonly #report: ReportError;
  readonly #isAway: (error: unknown) => boolean;
  readonly #newest: ReadonlyMap<string, number>;
  /** Type prefixes: no event with another type concerns the projection. */
  readonly typePrefixes: readonly string[];
  #parked: Parked | null = null;
  #mustForget = false;

  constructor(projection: Projection, tables: ProjectionTables, { report, isAway }: RunnerReports) {
    this.projection = projection;
    this.tables = tables;
    this.#report = report;
    this.#isAway = isAway;
    this.#newest = newestVersions(projection);
    this.typePrefixes = contextsOf(projection);
  }

  get parked(): Parked | null {
    return this.#parked;
  }

  /** Stands still for what another generation of it met. */
  async parkAt(parked: Parked): Promise<void> {
    this.#parked = parked;
    await this.tables.park(parked);
  }

  /** Does nothing when parked. What it has already seen it passes over. */
  async consume(items: readonly BatchItem[]): Promise<void> {
    if (this.#parked !== null) return;
    const fresh = items.filter(({ recorded }) => isAfter(recorded.position, this.tables.checkpoint));
    if (fresh.length === 0) return;
    const gathered = this.#gather(fresh);
    const isApplied = await this.#apply(gathered, fresh);
    if (isApplied && gathered.stuck !== null) await this.#park(gathered.stuck.item, gathered.stuck.error);
    if (fresh.some(({ recorded }) => recorded.type === ERASURE)) this.#mustForget = true;
    if (this.#mustForget) await this.forget();
  }

  /** Nothing up to here concerns it any more. */
  async passTo(position: Position): Promise<void> {
    if (this.#parked !== null || !isAfter(position, this.tables.checkpoint)) return;
    await this.tables.apply([], position);
  }

  /** Kept as owed until it works: readers may hold the files open for a moment. */
  async forget(): Promise<void> {
    try {
      await this.tables.forget();
      this.#mustForget = false;
    } catch (error) {
      this.#mustForget = true;
      this.#report(error, { projection: this.projection.name });
    }
  }

  #gather(items: readonly BatchItem[]): Gathered {
    const writes: Write[] = [];
    let position: Position | null = null;
    for (const item of items) {
      try {
        writes.push(...this.#writesOf(item));
      } catch (error) {
        return { writes, position, stuck: { item, error } };
      }
      position = item.recorded.position;
    }
    return { writes, position, stuck: null };
  }

  #writesOf({ recorded, facts, error }: BatchItem): readonly Write[] {
    if (error !== undefined && this.#newest.has(familyOf(recorded.type))) throw error;
    const writes: Write[] = [];
    for (const fact of facts) {
      const handler = this.projection.handlers.get(fact.type);
      if (handler !== undefined) writes.push(...handler(fact));
      else this.#assertNotNewer(fact.type);
    }
    return writes;
  }

  #assertNotNewer(type: string): void {
    const [, family = type, version = '0'] = VERSIONED.exec(type) ?? [];
    const newest = this.#newest.get(family);
    if (newest !== undefined && Number(version) > newest) {
      throw new TypeError(`${type} is newer than version ${newest}, which this release knows`);
    }
  }

  /** False when it parked on the way. */
  async #apply({ writes, position }: Gathered, items: readonly BatchItem[]): Promise<boolean> {
    if (position === null) return true;
    try {
      await this.tables.apply(writes, position);
      return true;
    } catch (error) {
      if (this.#isAway(error)) throw error;
      if (items.length === 1 && items[0] !== undefined) {
        await this.#park(items[0], error);
        return false;
      }
    }
    return this.#applySingly(items.filter(({ recorded }) => !isAfter(recorded.position, position)));
  }

  /** Finds the event whose writes the tables refuse; those before it are kept. */
  async #applySingly(items: readonly BatchItem[]): Promise<boolean> {
    for (const item of items) {
      try {
        await this.tables.apply(this.#writesOf(item), item.recorded.position);
      } catch (error) {
        if (this.#isAway(error)) throw error;
        await this.#park(item, error);
        return false;
      }
    }
    return true;
  }

  async #park({ recorded }: BatchItem, error: unknown): Promise<void> {
    const { id: eventId, type: eventType, position } = recorded;
    const { name } = this.projection;
    this.#parked = { position, eventId, eventType, error: describe(error) };
    this.#report(error, { projection: name, eventId });
    try {
      await this.tables.park(this.#parked);
    } catch (failure) {
      // The disk may be full; parked it stays, in memory.
      this.#report(failure, { projection: name, eventId });
    }
  }
}

const isAfter = (position: Position, checkpoint: Position | null): boolean =>
  checkpoint === null || comparePositions(position, checkpoint) > 0;

const familyOf = (type: string): string => VERSIONED.exec(type)?.[1] ?? type;

const describe = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);
