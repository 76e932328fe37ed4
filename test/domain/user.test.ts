import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OrgId, UserId } from '../../domain/ids.ts';
import { accountState } from '../../domain/users/account-state.ts';
import {
  decideAssignRole,
  decideChangeUser,
  decideCreateUser,
  decideDeleteUser,
  decideEraseUser,
  decideRehashPassword,
  users,
} from '../../domain/users/user.ts';
import { stateAfter, storiesOf, TENANT } from '../support/decider.ts';

const org = TENANT as OrgId;
const kim = { org, userName: 'kim', attributes: { 'name.givenName': 'Kim' } };
const created = { type: 'identity.user.created.v1', data: { ...kim, org: TENANT } };
const locked = { type: 'identity.user.locked.v1', data: { reason: 'ADMIN_INITIATED', state: 'LOCKED' } };
const disabled = { type: 'identity.user.disabled.v1', data: { state: 'DISABLED' } };
const deleted = { type: 'identity.user.deleted.v1', data: {} };
const erased = { type: 'identity.user.erased.v1', data: { subject: 'u1' } };
const { records, refuses, decides } = storiesOf(users);

describe('creating a user', () => {
  it('records name and attributes and claims the name', () => {
    const decision = decides({ given: [], when: (user) => decideCreateUser(user, kim) });
    expect(decision).toEqual({
      ok: true,
      value: { facts: [created], claims: [{ kind: 'username', scope: TENANT, value: 'kim' }] },
    });
  });

  it('is refused when the user is there', () =>
    refuses({ given: [created], when: (user) => decideCreateUser(user, kim) }, { reason: 'user-exists' }));

  it.each(['', ' kim', 'kim ', 'k\u0000m', 'k\nm', 'x'.repeat(256)])('is refused for the name %j', (userName) =>
    refuses(
      { given: [], when: (user) => decideCreateUser(user, { ...kim, userName }) },
      { reason: 'user-name-invalid' },
    ),
  );

  it('is refused when the attributes are too large', () =>
    refuses(
      { given: [], when: (user) => decideCreateUser(user, { ...kim, attributes: { title: 'x'.repeat(100_001) } }) },
      { reason: 'attributes-too-large', bytesMax: 100_000 },
    ));
});

describe('changing a user', () => {
  it('records only what differs', () =>
    records(
      {
        given: [created],
        when: (user) => decideChangeUser(user, { set: { 'name.givenName': 'Kim', title: 'Dr' }, unset: ['nickName'] }),
      },
      [{ type: 'identity.user.attributes_changed.v1', data: { set: { title: 'Dr' }, unset: [] } }],
    ));

  it('records nothing when everything is so already', () =>
    records({ given: [created], when: (user) => decideChangeUser(user, { set: { 'name.givenName': 'Kim' } }) }, []));

  it('says the state that results from lock and disabling together', () =>
    records({ given: [created], when: (user) => decideChangeUser(user, { locked: true, disabled: true }) }, [
      locked,
      { type: 'identity.user.disabled.v1', data: { state: 'LOCKED' } },
    ]));

  it('leaves a disabled account disabled when it is unlocked', () =>
    records({ given: [created, locked, disabled], when: (user) => decideChangeUser(user, { locked: false }) }, [
      { type: 'identity.user.unlocked.v1', data: { state: 'DISABLED' } },
    ]));

  it('is refused for a user that is not there', () => {
    for (const given of [[], [created, deleted], [created, deleted, erased]]) {
      refuses({ given, when: (user) => decideChangeUser(user, { locked: true }) }, { reason: 'user-not-found' });
    }
  });

  it('never loses an attribute that was neither set nor unset', () => {
    const attribute = fc.record({ path: fc.constantFrom('a', 'b', 'c', 'd'), value: fc.string() });
    fc.assert(
      fc.property(fc.array(attribute), fc.array(attribute), fc.array(fc.constantFrom('a', 'b')), (old, set, unset) => {
        const attributes = Object.fromEntries(old.map(({ path, value }) => [path, value]));
        const given = { type: 'identity.user.created.v1', data: { ...kim, attributes } };
        const change = { set: Object.fromEntries(set.map(({ path, value }) => [path, value])), unset };
        const decided = decideChangeUser(stateAfter(users, [given]), change);
        if (!decided.ok) throw new Error('refused');
        const after = stateAfter(users, [given, ...decided.value.facts]).attributes;
        const expected = { ...attributes };
        for (const path of unset) if (!Object.hasOwn(change.set, path)) delete expected[path];
        expect(after).toEqual({ ...expected, ...change.set });
      }),
    );
  });
});

describe('the end of a user', () => {
  it('frees the name when he is deleted', () => {
    const decision = decides({ given: [created], when: decideDeleteUser });
    expect(decision).toMatchObject({ value: { releases: [{ kind: 'username', scope: TENANT, value: 'kim' }] } });
  });

  it('deletes before it erases', () =>
    records({ given: [created], when: (user) => decideEraseUser(user, 'u1' as UserId) }, [deleted, erased]));

  it('erases twice without a second event', () =>
    records({ given: [created, deleted, erased], when: (user) => decideEraseUser(user, 'u1' as UserId) }, []));

  it('leaves nothing personal in the state', () => {
    const user = stateAfter(users, [created, deleted, erased]);
    expect(user).toMatchObject({ status: 'erased', userName: '', attributes: {} });
  });

  it('folds events whose personal values are gone', () => {
    const unreadable = { type: 'identity.user.created.v1', data: { org: TENANT } };
    const change = { type: 'identity.user.attributes_changed.v1', data: { unset: ['title'] } };
    expect(stateAfter(users, [unreadable, change])).toMatchObject({ status: 'present', userName: '', attributes: {} });
  });
});

describe('what ends sessions', () => {
  const passwordSet = { type: 'identity.user.password_set.v1', data: { verifier: 'v', by: 'user' } };

  it.each([passwordSet, locked, disabled, deleted])('is remembered by its revision: $type', (fact) =>
    expect(stateAfter(users, [created, fact]).endedRevision).toBe(1n),
  );

  it('is not a change of attributes, an unlock or a rehash', () => {
    const rehashed = { type: 'identity.user.password_rehashed.v1', data: { verifier: 'w' } };
    const unlocked = { type: 'identity.user.unlocked.v1', data: { state: 'UNLOCKED' } };
    expect(stateAfter(users, [created, passwordSet, rehashed, unlocked]).endedRevision).toBe(1n);
  });

  it('leaves a rehash out when the password was changed meanwhile', () =>
    records(
      { given: [created, passwordSet], when: (user) => decideRehashPassword(user, { from: 'old', to: 'new' }) },
      [],
    ));
});

describe('roles and states', () => {
  it('gives a role once', () => {
    const assigned = { type: 'access.role.assigned.v1', data: { role: 'r1' } };
    records({ given: [created], when: (user) => decideAssignRole(user, 'r1') }, [assigned]);
    records({ given: [created, assigned], when: (user) => decideAssignRole(user, 'r1') }, []);
  });

  it('shows a lock before a disabling', () => {
    expect(accountState(stateAfter(users, [created]))).toBe('UNLOCKED');
    expect(accountState(stateAfter(users, [created, disabled]))).toBe('DISABLED');
    expect(accountState(stateAfter(users, [created, disabled, locked]))).toBe('LOCKED');
  });
});
