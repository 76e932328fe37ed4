import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClientPool } from '../../../infra/event-store/esdb/client-pool.ts';
import { DriverFailure, type SubscriptionSink } from '../../../infra/event-store/esdb/driver.ts';
import { EsdbSubscription } from '../../../infra/event-store/esdb/subscription.ts';

const OUTAGE_MS = 600_000;
const MINUTE_MS = 60_000;
const nothing = () => undefined;

/** Over a server that nobody reaches; when it was tried, in milliseconds since the beginning. */
function overNoServer() {
  const attempts: number[] = [];
  const beganMs = Date.now();
  const subscribe = (_request: unknown, sink: SubscriptionSink) => {
    attempts.push(Date.now() - beganMs);
    queueMicrotask(() => sink.failed(new DriverFailure('unreached', 'nobody listens')));
    return { pause: nothing, resume: nothing, close: nothing };
  };
  const pool = { lease: () => ({ driver: { subscribe }, release: nothing }) } as unknown as ClientPool;
  const closing = new AbortController();
  const subscription = new EsdbSubscription(
    { pool, closing: closing.signal, broken: new Set() },
    { after: async () => 'start', filter: undefined, bufferEvents: 1, signal: undefined },
  );
  return { attempts, subscription };
}

describe('a subscription whose server is away', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('[E39] tries ten times in the first minute at most, and never waits for ten seconds', async () => {
    const { attempts, subscription } = overNoServer();
    await vi.advanceTimersByTimeAsync(OUTAGE_MS);
    await subscription.return();
    // The one that broke is none of them.
    expect(attempts.filter((ms) => ms < MINUTE_MS).length - 1).toBeLessThanOrEqual(10);
    const pauses = attempts.slice(1).map((ms, at) => ms - (attempts[at] ?? 0));
    expect(Math.max(...pauses)).toBeLessThan(10_000);
    expect(attempts.length).toBeGreaterThan(OUTAGE_MS / 10_000);
  });

  it('does not wait any longer once it is told that the server answers', async () => {
    const { attempts, subscription } = overNoServer();
    await vi.advanceTimersByTimeAsync(MINUTE_MS);
    const before = attempts.length;
    subscription.tryNow();
    await vi.advanceTimersByTimeAsync(0);
    expect(attempts).toHaveLength(before + 1);
    subscription.tryNow();
    await vi.advanceTimersByTimeAsync(0);
    await subscription.return();
    expect(attempts).toHaveLength(before + 2);
    subscription.tryNow();
    await vi.advanceTimersByTimeAsync(0);
    expect(attempts, 'after its end it asks nobody').toHaveLength(before + 2);
  });
});
