import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../domain/event.ts';
import type { OrgId } from '../../domain/ids.ts';
import { type AccountChange, accountState, unlockTime } from '../../domain/users/account-state.ts';
import { decideChangeUser, decideCreateUser, type User, type UserChange, users } from '../../domain/users/user.ts';
import { ACCOUNT_STATES, LOCK_REASONS, PENDING_STATES } from '../../domain/users/user-events.ts';
import { stateAfter, TENANT } from '../support/decider.ts';

const created: Fact = {
  type: 'identity.user.created.v1',
  data: { org: TENANT, userName: 'kim', attributes: {} },
};

function born(hold: AccountChange['hold'] | null = null, more: object = {}): readonly Fact[] {
  const command = { org: TENANT as OrgId, userName: 'kim', attributes: {}, ...more };
  const decided = decideCreateUser(users.initial, hold === null ? command : { ...command, hold });
  if (!decided.ok) throw new Error(decided.refusal.reason);
  return decided.value.facts;
}

/** The state that the changes lead to, one command each. */
function after(facts: readonly Fact[], ...changes: readonly UserChange[]): User {
  let told = facts;
  for (const change of changes) {
    const decided = decideChangeUser(stateAfter(users, told), change);
    if (!decided.ok) throw new Error(decided.refusal.reason);
    told = [...told, ...decided.value.facts];
  }
  return stateAfter(users, told);
}

const shown = (user: User) => ({
  accountState: accountState(user),
  accountLocked: user.lock !== null,
  lockedReason: user.lock?.reason ?? null,
  unlockTime: user.lock === null ? null : unlockTime(user.lock.until),
});

const open = { accountState: 'UNLOCKED', accountLocked: false, lockedReason: null, unlockTime: null };
const lockedBy = (state: string, reason: string) => ({
  accountState: state,
  accountLocked: true,
  lockedReason: reason,
  unlockTime: '0',
});
const UNTIL = '2026-01-01T01:00:00.000Z';
const byAttempts = (state = 'LOCKED'): Fact => ({
  type: 'identity.user.locked.v1',
  data: { reason: 'MAX_ATTEMPTS_EXCEEDED', state, until: UNTIL, lockouts: 1 },
});
const invited = { pending: 'PENDING_AP', lock: true } as const;
const reset = { pending: 'PENDING_FUPR', lock: true } as const;
const password = { verifier: 'v2', by: 'administrator' } as const;

describe('the account state', () => {
  it.each([
    ['an invitation locks by its reason', born(invited), lockedBy('PENDING_AP', 'PENDING_ASK_PASSWORD')],
    ['an invitation without lock', born({ ...invited, lock: false }), { ...open, accountState: 'PENDING_AP' }],
    [
      'an address to verify',
      born({ pending: 'PENDING_EV', lock: true }),
      lockedBy('PENDING_EV', 'PENDING_EMAIL_VERIFICATION'),
    ],
    [
      'an address to verify without lock',
      born({ pending: 'PENDING_EV', lock: false }),
      { ...open, accountState: 'PENDING_EV' },
    ],
    [
      'a registration to confirm',
      born({ pending: 'PENDING_SR', lock: true }),
      lockedBy('PENDING_SR', 'PENDING_SELF_REGISTRATION'),
    ],
    [
      'a registration with an address alone',
      born({ pending: 'PENDING_LR', lock: true }),
      lockedBy('PENDING_LR', 'PENDING_SELF_REGISTRATION'),
    ],
  ])('begins as %s says', (_, facts, expected) => expect(shown(stateAfter(users, facts))).toEqual(expected));

  it.each<[string, readonly Fact[], readonly UserChange[], object]>([
    [
      'a forced reset locks',
      [created],
      [{ hold: reset }],
      lockedBy('PENDING_FUPR', 'PENDING_ADMIN_FORCED_USER_PASSWORD_RESET'),
    ],
    [
      'a forced reset makes an end of a lock that would end by itself',
      [created, byAttempts()],
      [{ hold: reset }],
      lockedBy('PENDING_FUPR', 'PENDING_ADMIN_FORCED_USER_PASSWORD_RESET'),
    ],
    [
      'a forced reset leaves an administrator’s lock its reason',
      [created],
      [{ locked: true }, { hold: reset }],
      lockedBy('PENDING_FUPR', 'ADMIN_INITIATED'),
    ],
    ['an administrator locks', [created], [{ locked: true }], lockedBy('LOCKED', 'ADMIN_INITIATED')],
    [
      'an administrator locks who is locked by attempts: the reason stays, the end goes',
      [created, byAttempts()],
      [{ locked: true }],
      lockedBy('LOCKED', 'MAX_ATTEMPTS_EXCEEDED'),
    ],
    ...PENDING_STATES.map((pending): [string, readonly Fact[], readonly UserChange[], object] => [
      `an administrator locks an account in ${pending}, which it stays`,
      born({ pending, lock: false }),
      [{ locked: true }],
      lockedBy(pending, 'ADMIN_INITIATED'),
    ]),
    ['an administrator unlocks', [created], [{ locked: true }, { locked: false }], open],
    ['an administrator unlocks what waited', born(invited), [{ locked: false }], open],
    [
      'an administrator unlocks a disabled account',
      [created],
      [{ locked: true, disabled: true }, { locked: false }],
      { ...open, accountState: 'DISABLED' },
    ],
    [
      'unlocking what is not locked lets it wait on',
      born({ ...invited, lock: false }),
      [{ locked: false }],
      { ...open, accountState: 'PENDING_AP' },
    ],
    [
      'failed sign-ins lock',
      [created, byAttempts()],
      [],
      { ...lockedBy('LOCKED', 'MAX_ATTEMPTS_EXCEEDED'), unlockTime: String(Date.parse(UNTIL)) },
    ],
    [
      'failed sign-ins lock what waits, and it waits on',
      [...born({ pending: 'PENDING_EV', lock: false }), byAttempts('PENDING_EV')],
      [],
      { ...lockedBy('PENDING_EV', 'MAX_ATTEMPTS_EXCEEDED'), unlockTime: String(Date.parse(UNTIL)) },
    ],
    ['a password by an administrator ends an invitation', born(invited), [password], open],
    ['a password by an administrator ends one without lock', born({ ...invited, lock: false }), [password], open],
    ['a password by an administrator ends a forced reset', [created], [{ hold: reset }, password], open],
    [
      'a password by an administrator leaves an address to be verified',
      born({ pending: 'PENDING_EV', lock: true }),
      [password],
      lockedBy('PENDING_EV', 'PENDING_EMAIL_VERIFICATION'),
    ],
    [
      'a password by an administrator leaves a registration to be confirmed',
      born({ pending: 'PENDING_SR', lock: true }),
      [password],
      lockedBy('PENDING_SR', 'PENDING_SELF_REGISTRATION'),
    ],
    [
      'a password by an administrator leaves his lock',
      [created],
      [{ locked: true }, password],
      lockedBy('LOCKED', 'ADMIN_INITIATED'),
    ],
    [
      '[U4.4-4] a password by an administrator leaves a lock by attempts',
      [created, byAttempts()],
      [password],
      { ...lockedBy('LOCKED', 'MAX_ATTEMPTS_EXCEEDED'), unlockTime: String(Date.parse(UNTIL)) },
    ],
    [
      'a password by himself changes nothing',
      [created],
      [{ hold: reset }, { ...password, by: 'user' }],
      lockedBy('PENDING_FUPR', 'PENDING_ADMIN_FORCED_USER_PASSWORD_RESET'),
    ],
    ['disabling', [created], [{ disabled: true }], { ...open, accountState: 'DISABLED' }],
    ['disabling what waits', born(invited), [{ disabled: true }], lockedBy('PENDING_AP', 'PENDING_ASK_PASSWORD')],
    ['enabling', [created], [{ disabled: true }, { disabled: false }], open],
  ])('after %s is as the model says', (_, facts, changes, expected) =>
    expect(shown(after(facts, ...changes))).toEqual(expected),
  );

  it.each<[string, AccountChange['hold'] | null, readonly UserChange[], object]>([
    ['a registration', { pending: 'PENDING_SR', lock: true }, [{ proven: true }], open],
    ['an address', { pending: 'PENDING_EV', lock: true }, [{ proven: true }], open],
    ['an address of an unlocked account', { pending: 'PENDING_EV', lock: false }, [{ proven: true }], open],
    ['an invitation', invited, [{ verifier: 'v2', by: 'user', proven: true }], open],
    ['a forced reset', null, [{ hold: reset }, { verifier: 'v2', by: 'user', proven: true }], open],
    [
      'what an administrator locked meanwhile',
      { pending: 'PENDING_EV', lock: false },
      [{ locked: true }, { proven: true }],
      lockedBy('LOCKED', 'ADMIN_INITIATED'),
    ],
  ])('is open once the user has confirmed %s, but for another’s lock', (_, hold, changes, expected) =>
    expect(shown(after(born(hold), ...changes))).toEqual(expected),
  );
});

const anyHold = fc.record({ pending: fc.constantFrom(...PENDING_STATES), lock: fc.boolean() });
const anyChange: fc.Arbitrary<UserChange> = fc.record(
  {
    hold: anyHold,
    verifier: fc.uuid(),
    by: fc.constantFrom('administrator' as const, 'user' as const),
    proven: fc.boolean(),
    locked: fc.boolean(),
    disabled: fc.boolean(),
  },
  { requiredKeys: [] },
);

describe('whatever is done to an account', () => {
  it('every fact says the state that follows from it, and asking again records nothing', () => {
    fc.assert(
      fc.property(fc.option(anyHold), fc.array(anyChange, { maxLength: 8 }), (hold, changes) => {
        let facts = born(hold);
        for (const change of changes) {
          const before = stateAfter(users, facts);
          const decided = decideChangeUser(before, change);
          if (!decided.ok) throw new Error(decided.refusal.reason);
          for (const [index, fact] of decided.value.facts.entries()) {
            const state = (fact.data as { state?: string }).state;
            const then = stateAfter(users, [...facts, ...decided.value.facts.slice(0, index + 1)]);
            // The lock of a wait is a fact of its own, after that of the wait.
            if (state !== undefined) expect(ACCOUNT_STATES).toContain(state);
            if (state !== undefined) expect(accountState(then)).toBe(state);
          }
          facts = [...facts, ...decided.value.facts];
        }
      }),
      { numRuns: 500, seed: 154 },
    );
  });

  it('a pending state wins over a lock, and a lock over disabling', () => {
    fc.assert(
      fc.property(
        fc.option(fc.constantFrom(...PENDING_STATES)),
        fc.option(fc.constantFrom(...LOCK_REASONS)),
        fc.boolean(),
        (pending, reason, disabled) => {
          const lock = reason === null ? null : { reason, until: null };
          const expected = pending ?? (lock === null ? (disabled ? 'DISABLED' : 'UNLOCKED') : 'LOCKED');
          expect(accountState({ pending, lock, disabled })).toBe(expected);
        },
      ),
    );
  });

  it('a lock by an administrator is lifted by no password and no proof', () => {
    fc.assert(
      fc.property(fc.option(anyHold), fc.array(anyChange, { maxLength: 6 }), (hold, changes) => {
        const quiet = changes.map(({ locked: _, ...change }) => change);
        const user = after(born(hold === null ? null : { ...hold, lock: false }), { locked: true }, ...quiet);
        expect(user.lock).toEqual({ reason: 'ADMIN_INITIATED', until: null });
      }),
      { numRuns: 300, seed: 44 },
    );
  });
});
