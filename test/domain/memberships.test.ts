import { describe, it } from 'vitest';
import {
  decideChangeGroup,
  decideCreateGroup,
  decideDeleteGroup,
  decideGiveGroupRole,
  decideTakeGroupRole,
  groups,
} from '../../domain/groups/group.ts';
import {
  decideAssignRole,
  decideJoinGroup,
  decideLeaveGroup,
  decideUnassignRole,
  users,
} from '../../domain/users/user.ts';
import { storiesOf, TENANT } from '../support/decider.ts';

const ofUser = storiesOf(users);
const ofGroup = storiesOf(groups);
const user = { type: 'identity.user.created.v1', data: { org: TENANT, userName: 'kim', attributes: {} } };
const group = { type: 'access.group.created.v1', data: { name: 'staff' } };
const assigned = (role = 'r1') => ({ type: 'access.role.assigned.v1', data: { role } });
const unassigned = (since: string, role = 'r1') => ({ type: 'access.role.unassigned.v1', data: { role, since } });
const joined = (id = 'g1') => ({ type: 'access.group.joined.v1', data: { group: id } });
const left = (since: string, id = 'g1') => ({ type: 'access.group.left.v1', data: { group: id, since } });
const MAX = 5_000;
const many = <Fact>(fact: (id: string) => Fact): readonly Fact[] =>
  Array.from({ length: MAX }, (_, at) => fact(`m${at}`));

describe('a membership', () => {
  it('of a user in a role begins once, and its end names its beginning', () => {
    ofUser.records({ given: [user], when: (state) => decideAssignRole(state, 'r1') }, [assigned()]);
    ofUser.records({ given: [user, assigned()], when: (state) => decideAssignRole(state, 'r1') }, []);
    ofUser.records({ given: [user, assigned()], when: (state) => decideUnassignRole(state, 'r1') }, [unassigned('1')]);
    const twice = [user, assigned(), unassigned('1'), assigned('r2'), assigned()];
    ofUser.records({ given: twice, when: (state) => decideUnassignRole(state, 'r1') }, [unassigned('4')]);
    ofUser.records(
      { given: [user, assigned(), unassigned('1')], when: (state) => decideUnassignRole(state, 'r1') },
      [],
    );
  });

  it('of a user in a group begins once, and its end names its beginning', () => {
    ofUser.records({ given: [user], when: (state) => decideJoinGroup(state, 'g1') }, [joined()]);
    ofUser.records({ given: [user, joined()], when: (state) => decideJoinGroup(state, 'g1') }, []);
    ofUser.records({ given: [user, assigned(), joined()], when: (state) => decideLeaveGroup(state, 'g1') }, [
      left('2'),
    ]);
    ofUser.records({ given: [user, joined(), left('1')], when: (state) => decideLeaveGroup(state, 'g1') }, []);
  });

  it('of a group in a role begins once, and its end names its beginning', () => {
    ofGroup.records({ given: [group], when: (state) => decideGiveGroupRole(state, 'r1') }, [assigned()]);
    ofGroup.records({ given: [group, assigned()], when: (state) => decideGiveGroupRole(state, 'r1') }, []);
    ofGroup.records({ given: [group, assigned()], when: (state) => decideTakeGroupRole(state, 'r1') }, [
      unassigned('1'),
    ]);
  });

  it('is none of so many that nobody can look through them', () => {
    const refusal = { reason: 'too-many-memberships', max: MAX };
    ofUser.refuses({ given: [user, ...many(assigned)], when: (state) => decideAssignRole(state, 'r1') }, refusal);
    ofUser.refuses({ given: [user, ...many(joined)], when: (state) => decideJoinGroup(state, 'g1') }, refusal);
    ofGroup.refuses({ given: [group, ...many(assigned)], when: (state) => decideGiveGroupRole(state, 'r1') }, refusal);
  });

  it('of what is not there cannot begin or end', () => {
    const deletedUser = [user, { type: 'identity.user.deleted.v1', data: {} }];
    for (const given of [[], deletedUser]) {
      for (const decide of [decideAssignRole, decideUnassignRole, decideJoinGroup, decideLeaveGroup]) {
        ofUser.refuses({ given, when: (state) => decide(state, 'x') }, { reason: 'user-not-found' });
      }
    }
    const deletedGroup = [group, { type: 'access.group.deleted.v1', data: {} }];
    for (const given of [[], deletedGroup]) {
      for (const decide of [decideGiveGroupRole, decideTakeGroupRole]) {
        ofGroup.refuses({ given, when: (state) => decide(state, 'x') }, { reason: 'group-not-found' });
      }
      ofGroup.refuses({ given, when: (state) => decideChangeGroup(state, {}) }, { reason: 'group-not-found' });
      ofGroup.refuses({ given, when: decideDeleteGroup }, { reason: 'group-not-found' });
    }
  });
});

describe('a group', () => {
  it('keeps the id that it has elsewhere', () => {
    const set = (externalId: string | null) => ({ type: 'access.group.external_id_set.v1', data: { externalId } });
    const create = { org: TENANT, name: 'staff', externalId: 'x1' };
    ofGroup.records({ given: [], when: (state) => decideCreateGroup(state, create) }, [group, set('x1')]);
    ofGroup.records({ given: [group, set('x1')], when: (state) => decideChangeGroup(state, { externalId: 'x1' }) }, []);
    const gone = {
      given: [group, set('x1')],
      when: (state: typeof groups.initial) => decideChangeGroup(state, { externalId: null }),
    };
    ofGroup.records(gone, [set(null)]);
  });

  it('is created, renamed and deleted, one event each', () => {
    const create = { org: TENANT, name: 'staff' };
    ofGroup.records({ given: [], when: (state) => decideCreateGroup(state, create) }, [group]);
    ofGroup.refuses({ given: [group], when: (state) => decideCreateGroup(state, create) }, { reason: 'group-exists' });
    const renamed = { type: 'access.group.renamed.v1', data: { name: 'crew' } };
    ofGroup.records({ given: [group], when: (state) => decideChangeGroup(state, { name: 'crew' }) }, [renamed]);
    ofGroup.records({ given: [group], when: (state) => decideChangeGroup(state, { name: 'staff' }) }, []);
    ofGroup.refuses(
      { given: [group], when: (state) => decideChangeGroup(state, { name: ' ' }) },
      { reason: 'group-name-invalid' },
    );
    ofGroup.records({ given: [group], when: decideDeleteGroup }, [{ type: 'access.group.deleted.v1', data: {} }]);
  });
});
