import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../domain/json.ts';
import { applyPatch, CHANGES_MAX } from '../../../protocol/scim/patch/apply.ts';
import { OPERATIONS_MAX, readOperations } from '../../../protocol/scim/patch/request.ts';
import { ScimError } from '../../../protocol/scim/scim-error.ts';
import type { Resource } from '../../../protocol/scim/users/resource.ts';
import { VALUES_MAX } from '../../../protocol/scim/users/values.ts';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const ACCOUNT = 'urn:scim:wso2:schema';
const CUSTOM = 'urn:scim:schemas:extension:custom:User';

const work = { type: 'work', value: 'kim@work.example' };
const home = { type: 'home', value: 'kim@home.example' };
const kim: Resource = {
  userName: 'kim',
  active: true,
  name: { givenName: 'Kim', familyName: 'Berry' },
  emails: [work, home],
  [ENTERPRISE]: { department: 'Sales', manager: { value: '1', displayName: 'Jo' } },
  [ACCOUNT]: { country: 'FR', emailAddresses: ['a@x.example'], accountLocked: false, accountDisabled: false },
  [CUSTOM]: { shoeSize: '42', tags: ['a'], lead: { email: 'lead@x.example' } },
};

type Op = { op?: unknown; path?: unknown; value?: unknown };

const patched = (...Operations: Op[]): Resource => applyPatch(kim, readOperations({ Operations } as unknown as Json));

function refusal(...operations: Op[]) {
  try {
    patched(...operations);
    return null;
  } catch (error) {
    if (!(error instanceof ScimError)) throw error;
    return error.scimType;
  }
}

const extension = (resource: Resource, urn: string) => resource[urn] as Resource;

describe('a patch that adds', () => {
  it('merges objects and appends to lists by type and value', () => {
    const mobile = { type: 'mobile', value: '1' };
    const after = patched({ op: 'Add', value: { name: { middleName: 'L' }, emails: [work, mobile], nickName: 'K' } });
    expect(after).toEqual({
      ...kim,
      name: { givenName: 'Kim', familyName: 'Berry', middleName: 'L' },
      emails: [work, home, mobile],
      nickName: 'K',
    });
  });

  it('takes attributes by schema, by path as a key, and in any case', () => {
    const after = patched({
      op: 'ADD',
      value: {
        [ACCOUNT.toUpperCase()]: { COUNTRY: 'DE' },
        [`${ENTERPRISE}:division`]: 'North',
        'name.honorificPrefix': 'Dr',
      },
    });
    expect(extension(after, ACCOUNT)['country']).toBe('DE');
    expect(extension(after, ENTERPRISE)['division']).toBe('North');
    expect(after['name']).toEqual({ givenName: 'Kim', familyName: 'Berry', honorificPrefix: 'Dr' });
  });

  it('appends to a simple list of a schema, and to one that nobody declared', () => {
    const after = patched(
      { op: 'add', path: `${ACCOUNT}:emailAddresses`, value: ['b@x.example', 'a@x.example'] },
      { op: 'add', path: `${CUSTOM}:TAGS`, value: 'b' },
    );
    expect(extension(after, ACCOUNT)['emailAddresses']).toEqual(['a@x.example', 'b@x.example']);
    expect(extension(after, CUSTOM)['tags']).toEqual(['a', 'b']);
  });

  it('makes the value that a filter describes when there is none', () => {
    const other = { type: 'other', value: 'kim@other.example' };
    expect(patched({ op: 'add', path: 'emails[type eq other]', value: 'kim@other.example' })['emails']).toEqual([
      work,
      home,
      other,
    ]);
    expect(patched({ op: 'add', path: 'emails[type eq "other"].value', value: 'kim@other.example' })['emails']).toEqual(
      [work, home, other],
    );
  });

  it('makes a new primary value the only one', () => {
    const first = patched({ op: 'replace', path: 'emails[type eq work].primary', value: true });
    const second = applyPatch(
      first,
      readOperations({ Operations: [{ op: 'add', path: 'emails', value: { ...home, primary: true } }] }),
    );
    expect(second['emails']).toEqual([
      { ...work, primary: false },
      { ...home, primary: true },
    ]);
  });
});

describe('a patch that replaces', () => {
  it('replaces a whole list, and the parts of an object that are named', () => {
    const after = patched({ op: 'replace', value: { emails: [home], name: { givenName: 'Kimberly' } } });
    expect(after['emails']).toEqual([home]);
    expect(after['name']).toEqual({ givenName: 'Kimberly', familyName: 'Berry' });
  });

  it.each(['emails[type eq work]', 'emails[type eq "work"].value', 'EMAILS[TYPE EQ "WORK" and value pr].VALUE'])(
    'replaces the value that %s selects',
    (path) => {
      const after = patched({ op: 'replace', path, value: 'new@work.example' });
      expect(after['emails']).toEqual([{ ...work, value: 'new@work.example' }, home]);
    },
  );

  it('reaches parts of a schema by their path', () => {
    const after = patched(
      { op: 'replace', path: `${ENTERPRISE}:manager.value`, value: '2' },
      { op: 'replace', path: `${ACCOUNT}:accountLocked`, value: 'true' },
      { op: 'replace', path: ENTERPRISE, value: { department: 'Support' } },
    );
    expect(extension(after, ENTERPRISE)).toEqual({ department: 'Support', manager: { value: '2', displayName: 'Jo' } });
    expect(extension(after, ACCOUNT)['accountLocked']).toBe(true);
  });

  it('removes with null', () => {
    const after = patched({
      op: 'replace',
      value: { name: { familyName: null }, emails: [], [CUSTOM]: { shoeSize: null } },
    });
    expect(after['name']).toEqual({ givenName: 'Kim' });
    expect(after).not.toHaveProperty('emails');
    expect(extension(after, CUSTOM)).not.toHaveProperty('shoeSize');
  });

  it('refuses a filter that selects nothing', () =>
    expect(refusal({ op: 'replace', path: 'emails[type eq pager].value', value: 'x' })).toBe('noTarget'));
});

describe('a patch that removes', () => {
  it('leaves the values that the filter does not select, and an add puts the value back', () => {
    const after = patched({ op: 'remove', path: 'emails[type eq work]' });
    expect(after['emails']).toEqual([home]);
    const add = readOperations({ Operations: [{ op: 'add', path: 'emails[type eq work]', value: work.value }] });
    expect(applyPatch(after, add)['emails']).toEqual([home, work]);
  });

  it('takes away attributes, parts, and what is empty then', () => {
    const after = patched(
      { op: 'remove', path: 'name.givenName' },
      { op: 'remove', path: 'name.familyName' },
      { op: 'remove', path: 'emails' },
      { op: 'remove', path: `${CUSTOM}:lead.email` },
      { op: 'remove', path: ENTERPRISE },
    );
    expect(after).not.toHaveProperty('name');
    expect(after).not.toHaveProperty('emails');
    expect(after).not.toHaveProperty([ENTERPRISE]);
    expect(extension(after, CUSTOM)).not.toHaveProperty('lead');
  });

  it('needs a path', () => expect(refusal({ op: 'remove' })).toBe('noTarget'));
});

describe('a patch as Entra ID and Okta write it', () => {
  it('removes the values that it names beside the path', () => {
    expect(patched({ op: 'Remove', path: 'emails', value: [{ value: work.value }] })['emails']).toEqual([home]);
    expect(patched({ op: 'remove', path: 'emails', value: { ...work, type: 'home' } })['emails']).toEqual([work, home]);
    expect(patched({ op: 'remove', path: 'emails', value: [] })['emails']).toEqual([work, home]);
    const after = patched({ op: 'Remove', path: `${ACCOUNT}:emailAddresses`, value: 'a@x.example' });
    expect(extension(after, ACCOUNT)).not.toHaveProperty('emailAddresses');
  });

  it('takes a value with every path, also where a removal needs none', () =>
    expect(patched({ op: 'Remove', path: 'name.givenName', value: 'Kim' })['name']).toEqual({ familyName: 'Berry' }));

  it('takes true and false as texts, in values and in filters', () => {
    const off = patched({ op: 'Replace', path: 'active', value: 'False' });
    expect(off['active']).toBe(false);
    const primary = { op: 'Add', path: 'emails[primary eq "True"].value', value: 'new@x.example' };
    expect(patched(primary)['emails']).toEqual([work, home, { primary: true, value: 'new@x.example' }]);
  });

  it('takes paths with filters and schemas as keys of its value', () => {
    const after = patched({
      op: 'Add',
      value: {
        'emails[type eq "work"].value': 'new@work.example',
        'addresses[type eq "work"].formatted': 'Main Street 1',
        'name.familyName': 'Bird',
        [`${ENTERPRISE}:department`]: 'Support',
        [`${ENTERPRISE}:manager`]: '2',
      },
    });
    expect(after).toMatchObject({
      emails: [{ ...work, value: 'new@work.example' }, home],
      addresses: [{ type: 'work', formatted: 'Main Street 1' }],
      name: { givenName: 'Kim', familyName: 'Bird' },
      [ENTERPRISE]: { department: 'Support', manager: { value: '2' } },
    });
  });

  it('may say the id that the user has, and no other', () => {
    const withId: Resource = { ...kim, id: 'u-1' };
    const say = (id: string) => readOperations({ Operations: [{ op: 'replace', value: { id, active: false } }] });
    expect(applyPatch(withId, say('u-1'))).toEqual({ ...withId, active: false });
    expect(() => applyPatch(withId, say('u-2'))).toThrow('read-only');
  });
});

describe('a patch', () => {
  it.each([
    [{ op: 'replace', path: 'shoeSize', value: 1 }, 'noTarget'],
    [{ op: 'replace', path: 'name.shoeSize', value: 1 }, 'noTarget'],
    [{ op: 'replace', path: 'emails[type eq work].shoeSize', value: 1 }, 'noTarget'],
    [{ op: 'replace', path: 'emails[type eq', value: 1 }, 'invalidPath'],
    [{ op: 'replace', path: 'emails[]', value: 1 }, 'invalidPath'],
    [{ op: 'replace', path: 'emails[shoeSize eq 1]', value: 1 }, 'invalidPath'],
    [{ op: 'replace', path: 'emails[type eq work]value', value: 1 }, 'invalidPath'],
    [{ op: 'replace', path: 'name[givenName eq x]', value: 1 }, 'invalidPath'],
    [{ op: 'replace', path: 'a b', value: 1 }, 'invalidPath'],
    [{ op: 'replace', path: 5, value: 1 }, 'invalidPath'],
    [{ op: 'replace', path: 'id', value: 'x' }, 'mutability'],
    [{ op: 'replace', value: { meta: { created: '2020-01-01T00:00:00Z' } } }, 'mutability'],
    [{ op: 'replace', path: `${ACCOUNT}:accountState`, value: 'UNLOCKED' }, 'mutability'],
    [{ op: 'replace', path: `${ACCOUNT}:failedLoginAttempts`, value: 0 }, 'mutability'],
    [{ op: 'add', path: 'groups', value: [{ value: 'admins' }] }, 'mutability'],
    [{ op: 'add', path: 'roles', value: [{ value: 'admin' }] }, 'mutability'],
    [{ op: 'remove', path: 'userName' }, 'mutability'],
    [{ op: 'remove', path: 'password' }, 'mutability'],
    [{ op: 'replace', path: 'active', value: 'maybe' }, 'invalidValue'],
    [{ op: 'replace', path: 'title', value: 5 }, 'invalidValue'],
    [{ op: 'replace', path: 'title' }, 'invalidValue'],
    [{ op: 'replace', path: `${ACCOUNT}:dateOfBirth`, value: '2021-02-30' }, 'invalidValue'],
    [{ op: 'replace', path: `${ACCOUNT}:preferredChannel`, value: 'PIGEON' }, 'invalidValue'],
    [
      {
        op: 'replace',
        path: 'emails',
        value: [
          { ...work, primary: true },
          { ...home, primary: true },
        ],
      },
      'invalidValue',
    ],
    [{ op: 'replace', value: 'x' }, 'invalidSyntax'],
    [{ op: 'move', path: 'title', value: 'x' }, 'invalidSyntax'],
    [{ path: 'title', value: 'x' }, 'invalidSyntax'],
  ] as const)('%j is refused with %s', (operation, scimType) => expect(refusal(operation)).toBe(scimType));

  it.each([
    '__proto__.x',
    'constructor.prototype.x',
    '__proto__',
    'toString',
    `${CUSTOM}:__proto__.x`,
    `${CUSTOM}:constructor`,
  ])('[SEC-I7] has no target %s', (path) => {
    expect(refusal({ op: 'add', path, value: 'x' })).toMatch(/noTarget|invalidPath/);
    expect(Object.prototype).not.toHaveProperty('x');
  });

  it('[SEC-I7] passes over names in values that mean something to JavaScript objects', () => {
    const value = JSON.parse(
      '{"__proto__": {"x": 1}, "constructor": {"prototype": {"x": 1}}, "toString": "x"}',
    ) as Json;
    expect(patched({ op: 'add', value })).toEqual(kim);
    const inner = JSON.parse(`{"name": {"__proto__": {"x": 1}, "toString": "x"}}`) as Json;
    expect(patched({ op: 'replace', value: inner })).toEqual(kim);
    expect(refusal({ op: 'add', path: `${CUSTOM}:lead`, value: JSON.parse('{"__proto__": 1}') as Json })).toBe(
      'invalidValue',
    );
  });

  it('[SEC-J7] is bounded in operations, values and attributes', () => {
    const one = { op: 'add', path: 'title', value: 'x' };
    expect(refusal(...Array.from({ length: OPERATIONS_MAX }, () => one))).toBeNull();
    expect(refusal(...Array.from({ length: OPERATIONS_MAX + 1 }, () => one))).toBe('invalidValue');
    const values = Array.from({ length: 100_000 }, (_, index) => `${index}@x.example`);
    expect(refusal({ op: 'add', path: 'emails', value: values })).toBe('invalidValue');
    const half = values.slice(0, VALUES_MAX / 2 + 1);
    expect(
      refusal(
        { op: 'add', path: 'emails', value: half },
        { op: 'add', path: 'emails', value: values.slice(-half.length) },
      ),
    ).toBe('invalidValue');
    const many = Object.fromEntries(Array.from({ length: CHANGES_MAX + 1 }, (_, index) => [`a${index}`, 'x']));
    expect(refusal({ op: 'add', value: { [CUSTOM]: many } })).toBe('invalidValue');
  });

  it('changes nothing when one of its operations is refused', () => {
    const before = structuredClone(kim);
    expect(refusal({ op: 'replace', path: 'title', value: 'Dr' }, { op: 'replace', path: 'nope', value: 1 })).toBe(
      'noTarget',
    );
    expect(kim).toEqual(before);
  });

  it('passes over verified addresses while several addresses are not offered', () =>
    expect(patched({ op: 'add', value: { [ACCOUNT]: { verifiedEmailAddresses: ['a@x.example'] } } })).toEqual(kim));

  it('of anything is applied or refused, never a fault, and leaves the user as it was', () => {
    const path = fc.constantFrom(
      'emails',
      'emails[type eq work]',
      'name',
      'name.givenName',
      CUSTOM,
      `${CUSTOM}:tags`,
      `${CUSTOM}:lead`,
      ACCOUNT,
      'userName',
      'emails.type',
    );
    const operation = fc.record(
      {
        op: fc.constantFrom('add', 'remove', 'replace'),
        path: fc.option(path, { nil: undefined }),
        value: fc.jsonValue(),
      },
      { requiredKeys: ['op'] },
    );
    const before = structuredClone(kim);
    fc.assert(
      fc.property(fc.array(operation, { minLength: 1, maxLength: 5 }), (operations) => {
        refusal(...operations);
        expect(kim).toEqual(before);
      }),
      { numRuns: 2_000, seed: 7644 },
    );
  });
});
