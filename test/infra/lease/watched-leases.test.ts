import { describe, expect, it } from 'vitest';
import { type LeasePace, type LeaseRow, type LeaseTable, watchedLeases } from '../../../infra/lease/watched-leases.ts';

const PACE: LeasePace = { holdMs: 400, marginMs: 150, beatMs: 50, pollMs: 30 };

/** Rows that nodes share, each over a connection that can be cut: its calls are then never answered, or fail. */
function sharedTable() {
  const rows = new Map<string, LeaseRow>();
  const connect = () => {
    let state: 'open' | 'silent' | 'broken' = 'open';
    const answered = async <Value>(work: () => Value): Promise<Value> => {
      if (state === 'broken') throw new Error('the connection broke');
      if (state === 'silent') return new Promise(() => undefined);
      return work();
    };
    const table: LeaseTable = {
      read: (name) => answered(() => rows.get(name) ?? null),
      swap: (name, expected, next) =>
        answered(() => {
          if (JSON.stringify(rows.get(name) ?? null) !== JSON.stringify(expected)) return false;
          rows.set(name, { token: next.token, beat: next.beat, holder: next.holder });
          return true;
        }),
      close: async () => undefined,
    };
    const turn = (to: typeof state) => {
      state = to;
    };
    return { leases: watchedLeases(table, PACE), turn };
  };
  return { rows, connect };
}

describe('a lease', () => {
  for (const state of ['silent', 'broken'] as const) {
    it(`is lost to a holder whose store is ${state} before another can have it`, async () => {
      const { connect } = sharedTable();
      const [one, other] = [connect(), connect()];
      const lease = await one.leases.acquire('projector');
      one.turn(state);
      const next = await other.leases.acquire('projector').then((got) => ({ got, wasLost: lease.lost.aborted }));
      expect(next.wasLost).toBe(true);
      expect(next.got.token).toBe(lease.token + 1);
      expect(lease.lost.reason).toMatchObject({ message: 'lease projector is not renewed in time' });
      await other.leases.close();
    });
  }

  it('is kept by a holder whose store fails for less than it may', async () => {
    const { connect } = sharedTable();
    const [one, other] = [connect(), connect()];
    const lease = await one.leases.acquire('projector');
    const waiting = new AbortController();
    const asking = other.leases.acquire('projector', waiting.signal);
    const outcome = asking.then(
      () => 'taken',
      () => 'waited',
    );
    for (let cut = 0; cut < 5; cut += 1) {
      one.turn('broken');
      await new Promise((resolve) => setTimeout(resolve, 100));
      one.turn('open');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(await lease.isHeld()).toBe(true);
    waiting.abort(new Error('waited long enough'));
    expect(await outcome).toBe('waited');
    await one.leases.close();
  });

  it('is lost at the next beat of a holder that another overtook', async () => {
    const { rows, connect } = sharedTable();
    const lease = await connect().leases.acquire('projector');
    rows.set('projector', { token: lease.token + 1, beat: 99, holder: 'another' });
    await expect.poll(() => lease.lost.aborted).toBe(true);
    expect(lease.lost.reason).toMatchObject({ message: 'lease projector is taken by another' });
    expect(rows.get('projector')?.holder).toBe('another');
  });
});
