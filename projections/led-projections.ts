/**
 * Keeps read models level that several processes could write: each is written by the one that holds its lease. Another
 * follows a leader that died, and a leader that only stood still is refused by the read store.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Lease, Leases } from '../infra/lease/lease.ts';
import type { ProjectionStatus, ReadStore } from '../infra/read-store/read-store.ts';
import { type ProjectionEngine, type ProjectionEngineOptions, runProjections } from './engine.ts';
import type { Projection } from './projection.ts';

const TRY_AGAIN_MS = 1_000;

export const leaseOf = ({ name }: Pick<Projection, 'name'>): string => `projection-${name}`;

export interface LedProjectionsOptions extends Omit<ProjectionEngineOptions, 'signal'> {
  readonly leases: Leases;
  /** What others have written. */
  readonly reads: Pick<ReadStore, 'status'>;
}

/** Another process leads it: only there can it be rebuilt. */
export class LedElsewhere extends Error {
  constructor(projection: string) {
    super(`projection ${projection} is led by another node: ask there`);
    this.name = 'LedElsewhere';
  }
}

export class LedProjections {
  readonly #options: LedProjectionsOptions;
  readonly #engines = new Map<string, ProjectionEngine>();
  readonly #stopping = new AbortController();
  readonly #leading: Promise<unknown>;

  /** Begins at once, and goes on until it is stopped. */
  constructor(options: LedProjectionsOptions) {
    this.#options = options;
    this.#leading = Promise.all(options.projections.map((projection) => this.#lead(projection)));
  }

  async status(): Promise<readonly ProjectionStatus[]> {
    const own = new Map([...this.#engines.values()].flatMap((engine) => engine.status()).map((one) => [one.name, one]));
    const all = new Map((await this.#options.reads.status()).map((one) => [one.name, one]));
    return this.#options.projections.map(
      ({ name, version }) => own.get(name) ?? all.get(name) ?? { name, version, position: null, state: 'catching-up' },
    );
  }

  async rebuild(name: string): Promise<void> {
    await this.#engineOf(name).rebuild(name);
  }

  async retry(name: string): Promise<void> {
    await this.#engineOf(name).retry(name);
  }

  /** Resolves when nothing of it runs any more; the leases are free then. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#leading;
  }

  #engineOf(name: string): ProjectionEngine {
    const engine = this.#engines.get(name);
    if (engine === undefined) throw new LedElsewhere(name);
    return engine;
  }

  async #lead(projection: Projection): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        const lease = await this.#options.leases.acquire(leaseOf(projection), signal);
        await this.#leadUnder(lease, projection);
      } catch (error) {
        if (signal.aborted) return;
        this.#options.onError(error, { projection: projection.name });
        await pause(TRY_AGAIN_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #leadUnder(lease: Lease, projection: Projection): Promise<void> {
    const { writer, leases: _, reads: __, ...options } = this.#options;
    const ended = AbortSignal.any([lease.lost, this.#stopping.signal]);
    try {
      const engine = await runProjections({
        ...options,
        writer: { open: (asked) => writer.open({ ...asked, fence: lease.token }) },
        projections: [projection],
        signal: ended,
      });
      this.#engines.set(projection.name, engine);
      if (!ended.aborted) await new Promise((resolve) => ended.addEventListener('abort', resolve, { once: true }));
      await engine.stop();
    } finally {
      this.#engines.delete(projection.name);
      await lease.release();
    }
  }
}
