/** The log itself as the stream: each group follows it with a checkpoint of its own, in one partition. */
import { setTimeout as pause } from 'node:timers/promises';
import { arrivals } from '../../event-store/arrivals.ts';
import type { EventStore } from '../../event-store/event-store.ts';
import type { Lease, Leases } from '../../lease/lease.ts';
import type { TransientStore } from '../../transient-store/transient-store.ts';
import { Checkpoint, ForeignCheckpoint } from '../checkpoints.ts';
import { BATCH_EVENTS_MAX, type EventStream, type Following, StreamMisconfigured } from '../stream.ts';

const PARTITION = 'log';
const AGAIN_MS_MIN = 50;
const AGAIN_MS_MAX = 5_000;
/** A checkpoint that only passes over events for others needs no haste. */
const PASS_EVERY_MS = 30_000;

export interface EmbeddedStreamOptions {
  readonly store: EventStore;
  readonly transient: TransientStore;
  readonly clock: () => number;
  /** One node at a time follows for a group; null where no other process shares the stores. */
  readonly leases: Leases | null;
}

export function openEmbeddedStream(options: EmbeddedStreamOptions): EventStream {
  const { store } = options;
  const closing = new AbortController();
  const following = new Set<Promise<void>>();
  return {
    publisher: null,
    async follow(asked) {
      const signal = AbortSignal.any([asked.signal, closing.signal]);
      const work = untilAborted(options, { ...asked, signal });
      following.add(work);
      await work.finally(() => following.delete(work));
    },
    health: async () => await store.health(),
    async close() {
      closing.abort();
      await Promise.allSettled(following);
    },
  };
}

async function untilAborted(options: EmbeddedStreamOptions, following: Following): Promise<void> {
  const { signal, onTrouble } = following;
  for (let againMs = AGAIN_MS_MIN; !signal.aborted; againMs = Math.min(againMs * 2, AGAIN_MS_MAX)) {
    try {
      await followAlone(options, following, () => {
        againMs = AGAIN_MS_MIN;
      });
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ForeignCheckpoint) throw new StreamMisconfigured(error.message, { cause: error });
      onTrouble(error);
    }
    await pauseUnless(signal, againMs * (0.5 + Math.random() / 2));
  }
}

async function pauseUnless(signal: AbortSignal, ms: number): Promise<void> {
  try {
    await pause(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function followAlone(options: EmbeddedStreamOptions, following: Following, onProgress: () => void) {
  const { leases } = options;
  const lease = leases === null ? null : await leases.acquire(`stream-${following.group}`, following.signal);
  try {
    await followLog(options, following, { lease, onProgress });
  } finally {
    await lease?.release();
  }
}

interface Turn {
  readonly lease: Lease | null;
  readonly onProgress: () => void;
}

async function followLog(options: EmbeddedStreamOptions, following: Following, { lease, onProgress }: Turn) {
  const { store } = options;
  const signal = lease === null ? following.signal : AbortSignal.any([following.signal, lease.lost]);
  const checkpoint = new Checkpoint({ ...options, name: `stream-${following.group}`, log: store.identity });
  const after = (await checkpoint.read()) ?? 'start';
  const filter = { streamPrefixes: following.categories.map((category) => `${category}-`) };
  const messages = store.subscribe({ after, filter, signal, bufferEvents: BATCH_EVENTS_MAX });
  let movedMs = performance.now();
  for await (const { events, through } of arrivals(messages, BATCH_EVENTS_MAX)) {
    if (events.length > 0) await following.handle({ partition: PARTITION, events, signal });
    const isDue = events.length > 0 || performance.now() - movedMs >= PASS_EVERY_MS;
    if (through === null || !isDue) continue;
    // A power cut may bring an older one back, and then the same events again: that is the contract anyway.
    await checkpoint.move(through, { survives: 'crash' });
    movedMs = performance.now();
    onProgress();
  }
}
