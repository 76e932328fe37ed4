/**
 * Leases over any table that can compare and swap a row. A holder raises its row's beat; who waits takes over when the
 * beat stood still for `holdMs` by its own watch, counted from when it saw it. The holder counts from before it sent
 * its last beat, and takes the lease for lost earlier. So no clocks are compared, and two never hold it at once unless
 * a process stands still longer than that: then the token tells them apart.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Lease, Leases } from './lease.ts';

export interface LeaseRow {
  readonly token: number;
  readonly beat: number;
  /** Null: released. */
  readonly holder: string | null;
}

export interface LeaseTable {
  read(name: string): Promise<LeaseRow | null>;
  /** False, and nothing is written, unless the row is as expected; null: it is not there. Durable when it resolves. */
  swap(name: string, expected: LeaseRow | null, next: LeaseRow): Promise<boolean>;
  close(): Promise<void>;
}

export interface LeasePace {
  /** How long a row stands still before it may be taken. */
  readonly holdMs: number;
  /** How much earlier its holder gives up. */
  readonly marginMs: number;
  readonly beatMs: number;
  readonly pollMs: number;
}

export const LEASE_PACE: LeasePace = { holdMs: 6_000, marginMs: 1_000, beatMs: 1_500, pollMs: 1_000 };

export function watchedLeases(table: LeaseTable, pace: LeasePace = LEASE_PACE): Leases {
  const held = new Set<WatchedLease>();
  /** Under which names this process held what it lost, as in an outage of the store: it need not wait for itself. */
  const lostAs = new Map<string, string>();
  return {
    async acquire(name, signal) {
      const holder = lostAs.get(name) ?? randomUUID();
      lostAs.delete(name);
      const lease = await turnOf({ table, pace, name, holder }, signal);
      held.add(lease);
      const end = () => {
        held.delete(lease);
        lostAs.set(name, holder);
      };
      lease.lost.addEventListener('abort', end, { once: true });
      return lease;
    },
    lastToken: async (name) => (await table.read(name))?.token ?? null,
    async close() {
      await Promise.all([...held].map((lease) => lease.release()));
      await table.close();
    },
  };
}

interface Claim {
  readonly table: LeaseTable;
  readonly pace: LeasePace;
  readonly name: string;
  readonly holder: string;
}

async function turnOf(claim: Claim, signal?: AbortSignal): Promise<WatchedLease> {
  const { table, pace, name, holder } = claim;
  let seen: { readonly row: LeaseRow; readonly sinceMs: number } | null = null;
  for (;;) {
    signal?.throwIfAborted();
    const row = await table.read(name);
    if (row !== null && !isSame(seen?.row, row)) seen = { row, sinceMs: performance.now() };
    const isStill = seen !== null && performance.now() - seen.sinceMs >= pace.holdMs;
    // Its own name stands there when the answer to an earlier try was lost.
    if (row === null || row.holder === null || row.holder === holder || isStill) {
      const sentAtMs = performance.now();
      const next = { token: (row?.token ?? 0) + 1, beat: (row?.beat ?? 0) + 1, holder };
      if (await table.swap(name, row, next)) return new WatchedLease(claim, next, sentAtMs);
    }
    await pause(pace.pollMs * (0.5 + Math.random() / 2), undefined, signal === undefined ? {} : { signal });
  }
}

const isSame = (a: LeaseRow | undefined, b: LeaseRow): boolean =>
  a !== undefined && a.token === b.token && a.beat === b.beat && a.holder === b.holder;

class WatchedLease implements Lease {
  readonly name: string;
  readonly token: number;
  readonly #claim: Claim;
  readonly #lost = new AbortController();
  #row: LeaseRow;
  #beat: NodeJS.Timeout;
  #end: NodeJS.Timeout;

  constructor(claim: Claim, row: LeaseRow, sentAtMs: number) {
    this.#claim = claim;
    this.name = claim.name;
    this.token = row.token;
    this.#row = row;
    this.#beat = this.#beatLater();
    this.#end = this.#endAfter(sentAtMs);
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async isHeld(): Promise<boolean> {
    if (this.lost.aborted) return false;
    const row = await this.#claim.table.read(this.name);
    return this.#isOwn(row);
  }

  async release(): Promise<void> {
    if (this.lost.aborted) return;
    this.#lose('released');
    // A beat under way may come between once.
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const row = await this.#claim.table.read(this.name);
      if (row === null || !this.#isOwn(row)) return;
      if (await this.#claim.table.swap(this.name, row, { ...row, holder: null })) return;
    }
  }

  #isOwn(row: LeaseRow | null): boolean {
    return row !== null && row.token === this.token && row.holder === this.#claim.holder;
  }

  #lose(why: string): void {
    clearTimeout(this.#beat);
    clearTimeout(this.#end);
    this.#lost.abort(new Error(`lease ${this.name} is ${why}`));
  }

  #beatLater(): NodeJS.Timeout {
    const timer = setTimeout(() => void this.#renew(), this.#claim.pace.beatMs);
    timer.unref();
    return timer;
  }

  #endAfter(sentAtMs: number): NodeJS.Timeout {
    const { holdMs, marginMs } = this.#claim.pace;
    const leftMs = sentAtMs + holdMs - marginMs - performance.now();
    const timer = setTimeout(() => this.#lose('not renewed in time'), Math.max(0, leftMs));
    timer.unref();
    return timer;
  }

  async #renew(): Promise<void> {
    let isOwn: boolean;
    try {
      isOwn = await this.#raiseBeat();
    } catch {
      // The store cannot be asked: it is tried again until `#end` decides.
      isOwn = true;
    }
    if (this.lost.aborted) return;
    if (isOwn) this.#beat = this.#beatLater();
    else this.#lose('taken by another');
  }

  async #raiseBeat(): Promise<boolean> {
    const { table } = this.#claim;
    const sentAtMs = performance.now();
    const next = { ...this.#row, beat: this.#row.beat + 1 };
    if (await table.swap(this.name, this.#row, next)) {
      this.#row = next;
      if (this.lost.aborted) return true;
      clearTimeout(this.#end);
      this.#end = this.#endAfter(sentAtMs);
      return true;
    }
    const row = await table.read(this.name);
    if (row === null || !this.#isOwn(row)) return false;
    // A beat arrived whose answer was lost.
    this.#row = row;
    return true;
  }
}
