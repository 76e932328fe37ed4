import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../domain/event.ts';
import {
  decideLockAfterFailures,
  decideUnlockAfterTime,
  LOCK_GROWS_TO_MS,
  LOCKOUTS_REMEMBERED_MS,
  type LockRule,
} from '../../domain/users/failed-attempts.ts';
import { users } from '../../domain/users/user.ts';
import { stateAfter, storiesOf, TENANT } from '../support/decider.ts';

const MINUTE_MS = 60_000;
const NOW_MS = Date.UTC(2026, 5, 1);
const at = (ms: number) => new Date(ms).toISOString();
const created: Fact = { type: 'identity.user.created.v1', data: { org: TENANT, userName: 'kim', attributes: {} } };
const rule: LockRule = { attemptsMax: 5, lockMs: 5 * MINUTE_MS, ratio: 2 };
const { records } = storiesOf(users);

const lock = (until: number | null, lockouts: number, state = 'LOCKED'): Fact => ({
  type: 'identity.user.locked.v1',
  data: { reason: 'MAX_ATTEMPTS_EXCEEDED', state, lockouts, ...(until === null ? {} : { until: at(until) }) },
});
const failing = (over: Partial<LockRule> = {}, isOwner = false, nowMs = NOW_MS) => ({
  rule: { ...rule, ...over },
  nowMs,
  isOwner,
});
/** Events of a test are of January: how long ago that is. */
const JUST_AFTER_MS = Date.UTC(2026, 0, 1, 1);

describe('too many failed attempts', () => {
  it('lock for the configured time', () =>
    records({ given: [created], when: (user) => decideLockAfterFailures(user, failing()) }, [
      lock(NOW_MS + 5 * MINUTE_MS, 1),
    ]));

  it('lock longer by the factor each time, however the lock before ended', () => {
    const former = lock(Date.UTC(2026, 0, 1, 0, 5), 1);
    const unlocked: Fact = { type: 'identity.user.unlocked.v1', data: { state: 'UNLOCKED', by: 'time' } };
    for (const given of [
      [created, former],
      [created, former, unlocked],
    ]) {
      records({ given, when: (user) => decideLockAfterFailures(user, failing({}, false, JUST_AFTER_MS)) }, [
        lock(JUST_AFTER_MS + 10 * MINUTE_MS, 2),
      ]);
    }
  });

  it('begin anew once an administrator has unlocked, or long after', () => {
    const unlocked: Fact = { type: 'identity.user.unlocked.v1', data: { state: 'UNLOCKED' } };
    records(
      {
        given: [created, lock(1, 3), unlocked],
        when: (user) => decideLockAfterFailures(user, failing({}, false, JUST_AFTER_MS)),
      },
      [lock(JUST_AFTER_MS + 5 * MINUTE_MS, 1)],
    );
    const later = JUST_AFTER_MS + LOCKOUTS_REMEMBERED_MS;
    records(
      { given: [created, lock(1, 3)], when: (user) => decideLockAfterFailures(user, failing({}, false, later)) },
      [lock(later + 5 * MINUTE_MS, 1)],
    );
  });

  it('lock until unlocked where no time is configured, but never the owner', () => {
    records({ given: [created], when: (user) => decideLockAfterFailures(user, failing({ lockMs: 0 })) }, [
      lock(null, 1),
    ]);
    records({ given: [created], when: (user) => decideLockAfterFailures(user, failing({ lockMs: 0 }, true)) }, [
      lock(NOW_MS + LOCK_GROWS_TO_MS, 1),
    ]);
  });

  it('record nothing for who is locked already, or is not there', () => {
    records({ given: [created, lock(null, 1)], when: (user) => decideLockAfterFailures(user, failing()) }, []);
    records({ given: [], when: (user) => decideLockAfterFailures(user, failing()) }, []);
  });

  it('[SEC-D5] never lock for longer than a day by growing, however often', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 1, max: 100 }), (lockouts, ratio) => {
        const user = stateAfter(users, [created, lock(1, lockouts)]);
        const decided = decideLockAfterFailures(user, failing({ ratio }, false, JUST_AFTER_MS));
        if (!decided.ok) throw new Error('refused');
        const until = String(decided.value.facts[0]?.data['until']);
        expect(Date.parse(until) - JUST_AFTER_MS).toBeLessThanOrEqual(LOCK_GROWS_TO_MS);
        expect(Date.parse(until) - JUST_AFTER_MS).toBeGreaterThanOrEqual(5 * MINUTE_MS);
      }),
    );
  });
});

describe('a lock that has run out', () => {
  it('is lifted by the right password, and what the account waits for stays', () => {
    records({ given: [created, lock(1, 1)], when: (user) => decideUnlockAfterTime(user, NOW_MS) }, [
      { type: 'identity.user.unlocked.v1', data: { state: 'UNLOCKED', by: 'time' } },
    ]);
    const held: Fact = { type: 'identity.user.held.v1', data: { state: 'PENDING_EV' } };
    records({ given: [created, held, lock(1, 1, 'PENDING_EV')], when: (user) => decideUnlockAfterTime(user, NOW_MS) }, [
      { type: 'identity.user.unlocked.v1', data: { state: 'PENDING_EV', by: 'time' } },
    ]);
  });

  it('is not lifted a moment before', () => {
    const given = [created, lock(NOW_MS, 1)];
    records({ given, when: (user) => decideUnlockAfterTime(user, NOW_MS - 1) }, []);
    records({ given: [created, lock(null, 1)], when: (user) => decideUnlockAfterTime(user, NOW_MS) }, []);
  });
});
