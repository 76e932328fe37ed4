import { describe, expect, it } from 'vitest';
import {
  administratorRole,
  decideChangeRole,
  decideCreateRole,
  decideDeleteRole,
  everyoneRole,
  ROLE_PERMISSIONS_MAX,
  roleNameClaim,
  roles,
} from '../../domain/roles/role.ts';
import { stateAfter, storiesOf, TENANT } from '../support/decider.ts';

const { records, refuses, decides } = storiesOf(roles);
const audience = { type: 'organization', id: TENANT } as const;
const made = { type: 'access.role.created.v1', data: { name: 'Editor', audience, permissions: ['a', 'b'] } };
const renamed = { type: 'access.role.renamed.v1', data: { name: 'Author' } };
const deleted = { type: 'access.role.deleted.v1', data: {} };
const changed = (added: readonly string[], removed: readonly string[]) => ({
  type: 'access.role.permissions_changed.v1',
  data: { added: [...added], removed: [...removed] },
});
const editor = { org: TENANT, name: 'Editor', audience, permissions: ['b', 'a', 'b'] };

describe('a role', () => {
  it('is created with each permission once, and holds its name within its audience', () => {
    records({ given: [], when: (role) => decideCreateRole(role, editor) }, [made]);
    const decided = decides({ given: [], when: (role) => decideCreateRole(role, editor) });
    expect(decided).toMatchObject({
      value: { claims: [{ kind: 'role-name', scope: TENANT, value: `${TENANT}|Editor` }] },
    });
    refuses({ given: [made], when: (role) => decideCreateRole(role, editor) }, { reason: 'role-exists' });
  });

  it.each(['', ' Editor', 'Edi\u0000tor', 'x'.repeat(256)])('is not called %j', (name) => {
    const reason = 'role-name-invalid';
    refuses({ given: [], when: (role) => decideCreateRole(role, { ...editor, name }) }, { reason });
    refuses({ given: [made], when: (role) => decideChangeRole(role, { name }) }, { reason });
  });

  it('is changed in as much as it differs', () => {
    records({ given: [made], when: (role) => decideChangeRole(role, { permissions: ['b', 'a'] }) }, []);
    records({ given: [made], when: (role) => decideChangeRole(role, { permissions: ['b', 'c'] }) }, [
      changed(['c'], ['a']),
    ]);
    records({ given: [made], when: (role) => decideChangeRole(role, { name: 'Author', permissions: [] }) }, [
      renamed,
      changed([], ['a', 'b']),
    ]);
    expect([...stateAfter(roles, [made, changed(['c'], ['a'])]).permissions].sort()).toEqual(['b', 'c']);
  });

  it('gives its former name back when it is renamed, and its name when it is deleted', () => {
    const before = stateAfter(roles, [made]);
    expect(decides({ given: [made], when: (role) => decideChangeRole(role, { name: 'Author' }) })).toMatchObject({
      value: { claims: [roleNameClaim({ ...before, name: 'Author' })], releases: [roleNameClaim(before)] },
    });
    expect(decides({ given: [made], when: decideDeleteRole })).toMatchObject({
      value: { releases: [roleNameClaim(before)] },
    });
    refuses({ given: [made, deleted], when: decideDeleteRole }, { reason: 'role-not-found' });
    refuses({ given: [made, deleted], when: (role) => decideChangeRole(role, {}) }, { reason: 'role-not-found' });
  });

  it('of the organization itself stays as it is', () => {
    for (const system of [administratorRole(TENANT), everyoneRole(TENANT)]) {
      const reason = 'role-protected';
      refuses({ given: [system], when: (role) => decideChangeRole(role, { name: 'Boss' }) }, { reason });
      refuses({ given: [system], when: (role) => decideChangeRole(role, { permissions: ['a'] }) }, { reason });
      refuses({ given: [system], when: decideDeleteRole }, { reason });
    }
  });

  it('that held every permission before system roles were marked is the administrator’s', () => {
    const former = { ...made, data: { ...made.data, permissions: ['*'] } };
    expect(stateAfter(roles, [former]).system).toBe('administrator');
    expect(stateAfter(roles, [made]).system).toBeNull();
  });

  it('carries so many permissions and no more', () => {
    const permissions = Array.from({ length: ROLE_PERMISSIONS_MAX + 1 }, (_, index) => `p${index}`);
    const refusal = { reason: 'too-many-permissions', max: ROLE_PERMISSIONS_MAX };
    refuses({ given: [], when: (role) => decideCreateRole(role, { ...editor, permissions }) }, refusal);
    refuses({ given: [made], when: (role) => decideChangeRole(role, { permissions }) }, refusal);
  });
});
