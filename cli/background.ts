/** Parts that go on beside the requests, each on one node at a time; one that fails is reported and started again. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Kernel } from '../commands/kernel.ts';
import { followErasures } from '../consumers/erasure.ts';
import { followUniqueness } from '../consumers/uniqueness.ts';
import { scavengeOf } from '../infra/event-store/stored-log.ts';
import type { Leases } from '../infra/lease/lease.ts';
import type { ReadStore } from '../infra/read-store/read-store.ts';

const SWEEP_EVERY_MS = 60_000;
/** Retention hides at once; the room comes back within this time. */
const SCAVENGE_EVERY_MS = 6 * 60 * 60_000;
const RESTART_AFTER_MS = 1_000;

export interface BackgroundParts {
  readonly kernel: Kernel;
  readonly reads: ReadStore;
  readonly leases: Leases;
}

interface Work {
  /** Of its lease. */
  readonly name: string;
  readonly failed: { readonly event: string; readonly action: string };
  /** Until the signal aborts. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** The function that ends them. */
export function startBackground({ kernel, reads, leases }: BackgroundParts): () => Promise<void> {
  const abort = new AbortController();
  const works: Work[] = [
    {
      name: 'erasures',
      failed: {
        event: 'erasure.follow.failed',
        action: 'Erasures are not verified until this succeeds; it is tried again by itself.',
      },
      run: (signal) => followErasures(kernel, reads, signal),
    },
    {
      name: 'uniqueness',
      failed: {
        event: 'uniqueness.follow.failed',
        action: 'Attributes asked to be unique are not until this succeeds; it is tried again by itself.',
      },
      run: (signal) => followUniqueness(kernel, reads, signal),
    },
    {
      name: 'transient-sweep',
      failed: {
        event: 'transient.sweep.failed',
        action: 'Expired sessions, codes and grants take room until this succeeds; it is tried again by itself.',
      },
      run: (signal) => sweep(kernel, signal),
    },
  ];
  const scavenge = scavengeOf(kernel.store);
  if (scavenge !== null) works.push(scavenging(scavenge));
  const running = works.map((work) => untilStopped({ kernel, leases, work }, abort.signal));
  return async () => {
    abort.abort();
    await Promise.all(running);
  };
}

const scavenging = (scavenge: () => Promise<unknown>): Work => ({
  name: 'log-scavenge',
  failed: {
    event: 'log.scavenge.failed',
    action: 'Events that retention hides take room until this succeeds; it is tried again by itself.',
  },
  async run(signal) {
    while (!signal.aborted) {
      await pause(SCAVENGE_EVERY_MS, undefined, { signal, ref: false });
      await scavenge();
    }
  },
});

async function sweep({ transient }: Kernel, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await pause(SWEEP_EVERY_MS, undefined, { signal, ref: false });
    await transient.sweep();
  }
}

interface Led {
  readonly kernel: Kernel;
  readonly leases: Leases;
  readonly work: Work;
}

async function untilStopped({ kernel, leases, work }: Led, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await underLease(leases, work, signal);
    } catch (error) {
      if (signal.aborted) return;
      kernel.telemetry.log.error(work.failed.event, { error, action: work.failed.action });
      await pause(RESTART_AFTER_MS, undefined, { ref: false });
    }
  }
}

async function underLease(leases: Leases, { name, run }: Work, signal: AbortSignal): Promise<void> {
  const lease = await leases.acquire(name, signal);
  const during = AbortSignal.any([lease.lost, signal]);
  try {
    await run(during);
  } catch (error) {
    // What breaks off because another took over is no failure.
    if (!during.aborted) throw error;
  } finally {
    await lease.release();
  }
}
