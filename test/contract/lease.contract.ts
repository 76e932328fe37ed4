/** What leases do, wherever they are kept. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Lease, type Leases, TAKEOVER_MS_MAX } from '../../infra/lease/lease.ts';
import { LEASE_PACE, type LeasePace } from '../../infra/lease/watched-leases.ts';

export interface LeasePlace {
  /** One node's view. */
  open(pace: LeasePace): Promise<Leases>;
  /** A process that acquires `name`, is killed once it holds it, and was never heard of again. Resolves to its token. */
  killedHolder(name: string): Promise<number>;
  remove(): Promise<void>;
}

/** A holder is late only when its process stands still for a second: tests share few cores. */
const PACE: LeasePace = { holdMs: 1_500, marginMs: 300, beatMs: 100, pollMs: 40 };
const NODES = 4;
const TAKEOVER_TEST_MS = 30_000;

export const leaseContract = (name: string, make: () => Promise<LeasePlace>) =>
  describe(`lease contract: ${name}`, () => {
    let place: LeasePlace;
    let nodes: readonly Leases[];
    beforeEach(async () => {
      place = await make();
      nodes = await Promise.all(Array.from({ length: NODES }, () => place.open(PACE)));
    });
    afterEach(async () => {
      await Promise.all(nodes.map((node) => node.close()));
      await place.remove();
    });
    const node = (at: number) => nodes[at] as Leases;
    const isPending = (acquiring: Promise<Lease>) => Promise.race([acquiring.then(() => false), pause(250, true)]);

    it('are held by one of many that ask at once', async () => {
      const asking = nodes.map((each) => each.acquire('projector'));
      const first = await Promise.race(asking);
      const states = await Promise.all(asking.map(isPending));
      expect(states.filter((pending) => !pending)).toHaveLength(1);
      expect(await first.isHeld()).toBe(true);
      let lease = first;
      const left = new Set(asking);
      for (let turn = 1; turn < NODES; turn += 1) {
        for (const each of left) if (!(await isPending(each)) && (await each) === lease) left.delete(each);
        await lease.release();
        lease = await Promise.race(left);
        expect(await lease.isHeld()).toBe(true);
      }
      expect(lease.token).toBe(first.token + NODES - 1);
    });

    it('have a greater token with each holder', async () => {
      const tokens: number[] = [];
      expect(await node(0).lastToken('projector')).toBeNull();
      for (const each of nodes) {
        const lease = await each.acquire('projector');
        tokens.push(lease.token);
        expect(await each.lastToken('projector')).toBe(lease.token);
        await lease.release();
      }
      expect(tokens).toEqual(tokens.toSorted((a, b) => a - b));
      expect(new Set(tokens).size).toBe(NODES);
    });

    it('of different names do not wait for each other', async () => {
      const [one, other] = await Promise.all([node(0).acquire('projector'), node(1).acquire('relay')]);
      expect([await one.isHeld(), await other.isHeld()]).toEqual([true, true]);
    });

    it('stay with a holder that lives, for many times the time after which a dead one loses it', async () => {
      const lease = await node(0).acquire('projector');
      const waiting = new AbortController();
      const asking = node(1).acquire('projector', waiting.signal);
      asking.catch(() => undefined);
      await pause(3 * PACE.holdMs);
      expect(await isPending(asking)).toBe(true);
      expect(lease.lost.aborted).toBe(false);
      waiting.abort(new Error('tired of waiting'));
      await expect(asking).rejects.toThrow();
    });

    it('go on to the next at once when released', async () => {
      const lease = await node(0).acquire('projector');
      const asking = node(1).acquire('projector');
      await lease.release();
      const next = await asking;
      expect(next.token).toBeGreaterThan(lease.token);
      expect(lease.lost.aborted).toBe(true);
      expect(await lease.isHeld()).toBe(false);
      await lease.release();
      expect(await next.isHeld()).toBe(true);
    });

    it('are released when their node closes', async () => {
      const closing = await place.open(PACE);
      const lease = await closing.acquire('projector');
      await closing.close();
      expect(lease.lost.aborted).toBe(true);
      expect((await node(1).acquire('projector')).token).toBeGreaterThan(lease.token);
    });

    it('are taken over within 10 s from a process that was killed', { timeout: TAKEOVER_TEST_MS }, async () => {
      const patient = await place.open(LEASE_PACE);
      try {
        const token = await place.killedHolder('projector');
        const killedAt = performance.now();
        const next = await patient.acquire('projector');
        expect(performance.now() - killedAt).toBeLessThan(TAKEOVER_MS_MAX);
        expect(next.token).toBeGreaterThan(token);
      } finally {
        await patient.close();
      }
    });
  });
