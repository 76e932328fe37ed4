/**
 * Keeps the read models level with the log. One subscription feeds all projections that are level; one that is behind,
 * new, or being rebuilt reads the log by itself until it is level, and joins. None ever passes over an event it should
 * have handled: it parks, and the others go on.
 */
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import type { EventCodec } from '../infra/event-codec/event-codec.ts';
import { arrivals } from '../infra/event-store/arrivals.ts';
import { EventStoreError } from '../infra/event-store/errors.ts';
import type { EventStore, RecordedEvent } from '../infra/event-store/event-store.ts';
import { comparePositions, type Position } from '../infra/event-store/position.ts';
import type { ProjectionStatus, ProjectionTables, ReadStoreWriter } from '../infra/read-store/read-store.ts';
import { type BatchItem, decodeBatch } from './engine-batch.ts';
import { ProjectionRunner, type ReportError } from './engine-runner.ts';
import type { Projection } from './projection.ts';

/** Events applied in one transaction while catching up. */
const CHASE_EVENTS_MAX = 1_000;
/** Events applied in one transaction when live: whatever has arrived, up to this. */
const LIVE_EVENTS_MAX = 256;
const RESUBSCRIBE_MS = 250;
const TRY_AGAIN_MS = 500;
const AWAY_REPORTED_EVERY_MS = 60_000;
const PROGRESS_EVERY_MS = 1_000;

export interface ProjectionEngineOptions {
  readonly store: EventStore;
  readonly codec: EventCodec;
  readonly writer: ReadStoreWriter;
  readonly projections: readonly Projection[];
  /** For the log: parked events, and faults that are tried again. */
  readonly onError: ReportError;
  readonly signal?: AbortSignal;
  /** A server cannot be reached now: no projection parks for it, and the work is tried again. Default: what the log says. */
  readonly isAway?: (error: unknown) => boolean;
}

const isRetryable = (error: unknown): boolean => error instanceof EventStoreError && error.retryable;

/** Opens every projection's tables and starts; resolves before they are level. Rejects when tables are of another log. */
export async function runProjections(options: ProjectionEngineOptions): Promise<ProjectionEngine> {
  const engine = new ProjectionEngine(options);
  await engine.start();
  return engine;
}

interface Entry {
  readonly projection: Projection;
  runner: ProjectionRunner;
  state: ProjectionStatus['state'];
  progress: number | null;
  /** One chase or rebuild at a time. */
  work: Promise<void>;
}

export class ProjectionEngine {
  readonly #options: ProjectionEngineOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #stopping = new AbortController();
  /** Level with the subscription. */
  readonly #followers = new Set<ProjectionRunner>();
  /** What the subscription has brought to all followers. */
  #followed: Position | null = null;
  #following: Promise<void> = Promise.resolve();
  #awayReportedMs: number | null = null;

  constructor(options: ProjectionEngineOptions) {
    this.#options = options;
    options.signal?.addEventListener('abort', () => this.#stopping.abort(), { once: true });
  }

  async start(): Promise<void> {
    const { writer, store, projections } = this.#options;
    for (const projection of projections) {
      const { name, version, collections } = projection;
      const tables = await writer.open({ name, version, collections, logIdentity: store.identity });
      const runner = this.#runner(projection, tables);
      this.#entries.set(name, { projection, runner, state: 'catching-up', progress: null, work: Promise.resolve() });
    }
    this.#followed = await store.head();
    this.#following = this.#follow();
    for (const entry of this.#entries.values()) this.#begin(entry, () => this.#bringLevel(entry));
  }

  status(): readonly ProjectionStatus[] {
    return [...this.#entries.values()].map(({ projection, runner, state, progress }) => ({
      name: projection.name,
      version: projection.version,
      position: runner.tables.checkpoint,
      state: runner.parked === null ? state : 'parked',
      ...(progress === null ? {} : { progress }),
      ...(runner.parked === null ? {} : { parked: runner.parked }),
    }));
  }

  /** Builds the projection anew beside the live one, and resolves once it took its place. Rejects when it cannot. */
  async rebuild(name: string): Promise<void> {
    const entry = this.#entry(name);
    await entry.work;
    const rebuilding = this.#untilReached(entry, () => this.#rebuild(entry));
    entry.work = rebuilding.catch(() => undefined);
    await rebuilding;
  }

  /** Tries the parked event again; resolves when the projection is level, or parked again. */
  async retry(name: string): Promise<void> {
    const entry = this.#entry(name);
    await entry.work;
    if (entry.runner.parked === null) return;
    entry.runner = this.#runner(entry.projection, entry.runner.tables);
    this.#begin(entry, () => this.#bringLevel(entry));
    await entry.work;
  }

  /** Resolves when nothing of it runs any more. The writer stays open. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([this.#following, ...[...this.#entries.values()].map(({ work }) => work)]);
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw new RangeError(`there is no projection ${name}`);
    return entry;
  }

  #runner(projection: Projection, tables: ProjectionTables): ProjectionRunner {
    return new ProjectionRunner(projection, tables, {
      report: this.#options.onError,
      isAway: (error) => this.#isAway(error),
    });
  }

  #begin(entry: Entry, work: () => Promise<void>): void {
    entry.work = this.#untilReached(entry, work).catch((error: unknown) => {
      // What it stopped in the middle is done again by whoever comes next.
      if (!this.#isStopping) this.#options.onError(error, { projection: entry.projection.name });
    });
  }

  /** Begins again while a server is away: what was applied is passed over. */
  async #untilReached(entry: Entry, work: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (this.#isStopping || !this.#isAway(error)) throw error;
        this.#report(error, entry.projection.name);
      }
      await pause(TRY_AGAIN_MS, undefined, { signal: this.#stopping.signal });
    }
  }

  /** A server that is away is tried often, and spoken of seldom. */
  #report(error: unknown, projection: string): void {
    const nowMs = performance.now();
    const wasTold = this.#awayReportedMs !== null && nowMs - this.#awayReportedMs < AWAY_REPORTED_EVERY_MS;
    if (this.#isAway(error)) {
      if (wasTold) return;
      this.#awayReportedMs = nowMs;
    }
    this.#options.onError(error, { projection });
  }

  #isAway(error: unknown): boolean {
    return (this.#options.isAway ?? isRetryable)(error);
  }

  #decoded(events: readonly RecordedEvent[]): Promise<readonly BatchItem[]> {
    return decodeBatch(this.#options.codec, events, (error) => this.#isAway(error));
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #bringLevel(entry: Entry): Promise<void> {
    const { runner } = entry;
    const isEmpty = runner.tables.checkpoint === null && this.#followed !== null;
    if (runner.tables.stale || isEmpty) return this.#rebuild(entry);
    // A crash may have come between an erasure's commit and this.
    await runner.forget();
    await this.#enter(entry, 'catching-up');
    await this.#chase(entry, runner);
    await this.#goLive(entry, runner);
  }

  async #rebuild(entry: Entry): Promise<void> {
    const { projection, runner: former } = entry;
    const runner = this.#runner(projection, await former.tables.beside());
    await this.#enter(entry, 'rebuilding', 0);
    await this.#chase(entry, runner);
    if (this.#isStopping) return;
    const isFirst = former.tables.checkpoint === null && !former.tables.stale;
    // For the first time, what came before the event that it cannot handle is better than nothing.
    if (runner.parked !== null && !isFirst) return this.#abandonRebuild(entry, runner.parked);
    this.#followers.delete(former);
    await runner.tables.promote();
    entry.runner = runner;
    if (runner.parked !== null) return runner.parkAt(runner.parked);
    // What was appended meanwhile.
    await this.#chase(entry, runner);
    await this.#goLive(entry, runner);
  }

  /** The live generation goes on where it can; one of another version has no handlers any more. */
  async #abandonRebuild(entry: Entry, parked: NonNullable<ProjectionStatus['parked']>): Promise<void> {
    if (entry.runner.tables.stale) await entry.runner.parkAt(parked);
    else await this.#enter(entry, 'live');
    throw new Error(`projection ${entry.projection.name} cannot be rebuilt past event ${parked.eventId}`);
  }

  async #enter(entry: Entry, state: ProjectionStatus['state'], progress: number | null = null): Promise<void> {
    entry.state = state;
    entry.progress = progress;
    await entry.runner.tables.status({ state, ...(progress === null ? {} : { progress }) });
  }

  async #goLive(entry: Entry, runner: ProjectionRunner): Promise<void> {
    if (runner.parked !== null || this.#isStopping) return;
    await this.#enter(entry, 'live');
  }

  /** Reads the log until the runner is level with the followers, and makes it one of them unless it is still beside. */
  async #chase(entry: Entry, runner: ProjectionRunner): Promise<void> {
    let reportedMs = performance.now();
    while (!this.#isStopping && runner.parked === null) {
      const head = await this.#options.store.head();
      for await (const events of this.#chunks(runner)) {
        await runner.consume(await this.#decoded(events));
        if (this.#isStopping || runner.parked !== null) return;
        if (performance.now() - reportedMs < PROGRESS_EVERY_MS) continue;
        reportedMs = performance.now();
        await this.#showProgress(entry, runner);
      }
      if (head !== null) await runner.passTo(head);
      const { checkpoint } = runner.tables;
      const isLevel =
        this.#followed === null || (checkpoint !== null && comparePositions(checkpoint, this.#followed) >= 0);
      if (!isLevel) continue;
      // Nothing is awaited between the comparison and this: no event can slip in between.
      if (entry.runner === runner) this.#followers.add(runner);
      return;
    }
  }

  async #showProgress(entry: Entry, runner: ProjectionRunner): Promise<void> {
    if (entry.state !== 'rebuilding') return;
    const head = this.#followed?.commit ?? 0n;
    const at = runner.tables.checkpoint?.commit ?? 0n;
    const progress = head === 0n ? 1 : Math.min(1, Number(at) / Number(head));
    await this.#enter(entry, 'rebuilding', progress);
  }

  async *#chunks({ tables, typePrefixes }: ProjectionRunner): AsyncIterable<readonly RecordedEvent[]> {
    const { signal } = this.#stopping;
    const after = tables.checkpoint ?? 'start';
    let chunk: RecordedEvent[] = [];
    for await (const event of this.#options.store.readAll({ after, filter: { typePrefixes }, signal })) {
      chunk.push(event);
      if (chunk.length < CHASE_EVENTS_MAX) continue;
      yield chunk;
      chunk = [];
      // The followers come first.
      await nextTurn();
    }
    if (chunk.length > 0) yield chunk;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    while (!this.#isStopping) {
      try {
        await this.#followOnce(signal);
      } catch (error) {
        if (this.#isStopping) return;
        this.#report(error, 'all');
        await pause(RESUBSCRIBE_MS, undefined, { signal }).catch(ignoreAbort);
      }
    }
  }

  async #followOnce(signal: AbortSignal): Promise<void> {
    const messages = this.#options.store.subscribe({ after: this.#followed ?? 'start', signal });
    for await (const { events } of arrivals(messages, LIVE_EVENTS_MAX)) {
      if (events.length === 0) continue;
      const items = await this.#decoded(events);
      for (const runner of this.#followers) {
        await runner.consume(items);
        if (runner.parked !== null) this.#followers.delete(runner);
      }
      this.#followed = events.at(-1)?.position ?? this.#followed;
      this.#awayReportedMs = null;
    }
  }
}

function ignoreAbort(error: unknown): void {
  if ((error as Error).name !== 'AbortError') throw error;
}
