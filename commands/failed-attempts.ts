/**
 * Records failed attempts, up to a number. Anybody can make them, and each takes room for as long as the technical record
 * is kept; what a burst adds beyond the first is its size alone, and that is one line of the log.
 */
import { LRUCache } from 'lru-cache';
import type { Kernel } from './kernel.ts';
import { recordTechnical, type TechnicalRecord } from './technical-stream.ts';

/** Of one stream, that is of one user, application or organization, within a minute. */
export const FAILURES_RECORDED_MAX = 60;
const WINDOW_MS = 60_000;
const STREAMS_WATCHED_MAX = 10_000;

interface Window {
  readonly sinceMs: number;
  count: number;
}

/** A store is a log: what is counted for one says nothing of another. */
const windows = new WeakMap<Kernel['store'], LRUCache<string, Window>>();

export async function recordFailedAttempt(kernel: Kernel, record: TechnicalRecord): Promise<void> {
  const { stream } = record;
  const window = windowOf(kernel, stream);
  window.count += 1;
  if (window.count <= FAILURES_RECORDED_MAX) return void (await recordTechnical(kernel, record));
  if (window.count > FAILURES_RECORDED_MAX + 1) return;
  kernel.telemetry.log.warn('attempts.unrecorded', {
    stream,
    recorded: FAILURES_RECORDED_MAX,
    action:
      'Somebody fails more often than is recorded; see the rate of refused requests and the addresses in the record.',
  });
}

function windowOf({ store, clock }: Kernel, stream: string): Window {
  const known = windows.get(store) ?? new LRUCache<string, Window>({ max: STREAMS_WATCHED_MAX });
  windows.set(store, known);
  const nowMs = clock();
  const current = known.get(stream);
  if (current !== undefined && Math.abs(nowMs - current.sinceMs) < WINDOW_MS) return current;
  const fresh = { sinceMs: nowMs, count: 0 };
  known.set(stream, fresh);
  return fresh;
}
