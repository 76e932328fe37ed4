import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAttributePath, userSchemas } from '../../../domain/users/attribute-catalogue.ts';
import type { AttributeDefinition } from '../../../domain/users/attribute-definition.ts';
import { ScimError } from '../../../protocol/scim/scim-error.ts';
import { accountWrite, stateChange } from '../../../protocol/scim/users/account.ts';
import { ATTRIBUTES_MAX, readResource, toAttributes, toResource } from '../../../protocol/scim/users/resource.ts';
import { VALUES_MAX } from '../../../protocol/scim/users/values.ts';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const ACCOUNT = 'urn:scim:wso2:schema';
const CUSTOM = 'urn:scim:schemas:extension:custom:User';

describe('the body of a user', () => {
  it('is read by the schemas: names in any case, read-only and unknown attributes passed over', () => {
    const resource = readResource({
      schemas: [],
      ID: '1',
      meta: { created: 'never' },
      USERNAME: 'kim',
      Name: { GivenName: 'Kim', firstName: 'K' },
      emails: 'kim@x.example',
      groups: [{ value: 'admins' }],
      shoeSize: 42,
      [ENTERPRISE]: { employeeNumber: '7', country: 'FR', manager: '12' },
      [ACCOUNT]: { accountState: 'UNLOCKED', emailVerified: 'true', verifiedEmailAddresses: ['x'], nickName: 'x' },
      [CUSTOM]: { shoeSize: 42, lead: { email: 'a@x.example' }, tags: ['a', 'b'] },
    });
    expect(resource).toEqual({
      userName: 'kim',
      name: { givenName: 'Kim' },
      emails: [{ value: 'kim@x.example' }],
      [ENTERPRISE]: { employeeNumber: '7', manager: { value: '12' } },
      [ACCOUNT]: { country: 'FR', emailVerified: true },
      [CUSTOM]: { shoeSize: 42, lead: { email: 'a@x.example' }, tags: ['a', 'b'] },
    });
  });

  it('takes the enterprise schema by its short name', () =>
    expect(readResource({ EnterpriseUser: { employeeNumber: '1234A' } })).toEqual({
      [ENTERPRISE]: { employeeNumber: '1234A' },
    }));

  it('keeps any script, emoji and combining marks byte for byte', () =>
    expect(readResource({ displayName: '김예준 🦊 e\u0301' })).toEqual({ displayName: '김예준 🦊 e\u0301' }));

  it.each([
    ['title', 5, 'Attribute title takes a text.'],
    ['active', 'maybe', 'Attribute active takes true or false.'],
    ['name', ['x'], 'Attribute name takes an object.'],
    ['nickName', '\ud800', 'Attribute nickName holds half of a character.'],
    ['title', 'x'.repeat(20_001), 'Attribute title takes at most 20000 characters.'],
    ['emails', Array.from({ length: VALUES_MAX + 1 }, () => 'a'), 'Attribute emails takes at most 500 values.'],
    [
      'emails',
      [
        { value: 'a', primary: true },
        { value: 'b', primary: true },
      ],
      'Attribute emails has more than one primary value.',
    ],
  ])('is refused where %s is %j', (name, value, detail) => {
    expect(refusal({ [name]: value })).toBe(detail);
  });

  it('is refused where an attribute is given twice in different spelling', () =>
    expect(refusal({ title: 'a', TITLE: 'b' })).toBe('Attribute "TITLE" is given twice.'.replace('TITLE', 'title')));

  it('is refused with too many attributes', () => {
    const many = Object.fromEntries(Array.from({ length: ATTRIBUTES_MAX + 1 }, (_, index) => [`a${index}`, 1]));
    expect(refusal({ [CUSTOM]: many })).toBe('A user has at most 500 attributes.');
  });

  it('[SEC-I7] makes no property of names that mean something to JavaScript objects', () => {
    const body = JSON.parse(
      `{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}, "name": {"__proto__": {"polluted": 1}},
        "${CUSTOM}": {"constructor": {"polluted": "1"}, "__proto__": {"polluted": "1"}}}`,
    ) as unknown;
    expect(readResource(body)).toEqual({});
    expect({}).not.toHaveProperty('polluted');
  });

  it.each([null, 'kim', 5, [], [{}]])('is a JSON object, not %j', (body) =>
    expect(refusal(body)).toBe('A user is a JSON object.'),
  );
});

describe('attributes and resource', () => {
  it('lie flat by path, lists whole, and state apart', () =>
    expect(
      toAttributes(
        readResource({
          userName: 'kim',
          active: true,
          password: 'secret-secret',
          name: { givenName: 'Kim' },
          emails: [{ value: 'a', type: 'work' }],
          [ENTERPRISE]: { manager: { value: '1' } },
          [ACCOUNT]: { country: 'FR', accountLocked: true, askPassword: false },
          [CUSTOM]: { lead: { email: 'x' }, size: 5 },
        }),
      ),
    ).toEqual({
      'name.givenName': 'Kim',
      emails: [{ value: 'a', type: 'work' }],
      [`${ENTERPRISE}:manager.value`]: '1',
      [`${ACCOUNT}:country`]: 'FR',
      [`${CUSTOM}:lead.email`]: 'x',
      [`${CUSTOM}:size`]: 5,
    }));

  it('are each other’s inverse, with keys that the domain takes', () => {
    fc.assert(
      fc.property(anyUser, (body) => {
        const attributes = toAttributes(readResource(body));
        const resource = toResource(attributes);
        expect(Object.keys(attributes).filter((path) => !isAttributePath(path))).toEqual([]);
        expect(toAttributes(resource)).toEqual(attributes);
        expect(readResource(resource)).toEqual(resource);
      }),
      { numRuns: 500, seed: 7643 },
    );
  });
});

describe('lock, disabling and active', () => {
  const unlocked = { pending: null, lock: null, disabled: false };
  const locked = { ...unlocked, lock: { reason: 'ADMIN_INITIATED', until: null } } as const;
  const change = (user: Parameters<typeof stateChange>[0], body: object) =>
    stateChange(user, accountWrite(readResource(body)));

  it.each([
    ['an untouched active user', unlocked, { active: true }, {}],
    ['a user that is deactivated', unlocked, { active: false }, { disabled: true }],
    [
      'a locked user sent back as it was read',
      locked,
      { active: false, [ACCOUNT]: { accountLocked: true } },
      { locked: true },
    ],
    [
      'a locked user whose lock is lifted',
      locked,
      { active: false, [ACCOUNT]: { accountLocked: false } },
      { locked: false },
    ],
    ['a locked user that is activated', locked, { active: true }, { locked: false, disabled: false }],
    ['a locked user of a client that knows no locks', locked, {}, {}],
    ['a user that is locked', unlocked, { active: true, [ACCOUNT]: { accountLocked: true } }, { locked: true }],
  ])('of %s are what was asked', (_, user, body, expected) => expect(change(user, body)).toEqual(expected));

  it.each(['askPassword', 'verifyEmail', 'verifyMobile', 'forcePasswordReset', 'tenantAdminAskPassword'])(
    'the trigger %s is refused while no flow answers it',
    (name) => {
      expect(() => accountWrite(readResource({ [ACCOUNT]: { [name]: true } }))).toThrow(
        /asks for a flow that is not available/,
      );
      expect(() => accountWrite(readResource({ [ACCOUNT]: { [name]: 'false' } }))).not.toThrow();
    },
  );

  it('the name may carry the one user store, and no other', () => {
    expect(accountWrite(readResource({ userName: 'primary/kim' })).userName).toBe('kim');
    expect(() => accountWrite(readResource({ userName: 'OTHER/kim' }))).toThrow('There is no user store "OTHER".');
  });
});

function refusal(body: unknown): string | null {
  try {
    readResource(body);
    return null;
  } catch (error) {
    if (error instanceof ScimError) return error.message;
    throw error;
  }
}

const scalarOf = ({ type, format, exclusive, canonicalValues }: AttributeDefinition): fc.Arbitrary<unknown> => {
  if (type === 'boolean') return fc.boolean();
  if (type === 'integer') return fc.integer();
  if (type === 'dateTime') return fc.constant('2020-01-01T00:00:00Z');
  if (format === 'date') return fc.constant('1999-12-31');
  return exclusive === true
    ? fc.constantFrom(...(canonicalValues ?? []))
    : fc.string({ unit: 'grapheme', maxLength: 12 });
};

const partsOf = (subs: readonly AttributeDefinition[]) =>
  fc.record(Object.fromEntries(subs.filter(({ name }) => name !== 'primary').map((sub) => [sub.name, scalarOf(sub)])), {
    requiredKeys: [],
  });

const attributeArbitrary = (definition: AttributeDefinition): fc.Arbitrary<unknown> => {
  const single = definition.subAttributes === undefined ? scalarOf(definition) : partsOf(definition.subAttributes);
  return definition.multiValued ? fc.array(single, { maxLength: 4 }) : single;
};

const schemaArbitrary = (attributes: readonly AttributeDefinition[]) =>
  fc.record(
    Object.fromEntries(
      attributes
        .filter(({ kept }) => kept !== 'trigger')
        .map((definition) => [definition.name, attributeArbitrary(definition)]),
    ),
    { requiredKeys: [] },
  );

const openName = fc
  .stringMatching(/^[A-Za-z][A-Za-z0-9_$-]{0,8}$/)
  .filter((name) => !/^(constructor|prototype)$/i.test(name));
const openScalar = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 5 }), fc.boolean(), fc.integer());
const openSchema = fc
  .uniqueArray(fc.tuple(openName, fc.oneof(openScalar, fc.array(openScalar), fc.dictionary(openName, openScalar))), {
    maxLength: 5,
    selector: ([name]) => name.toLowerCase(),
  })
  .map((entries) => Object.fromEntries(entries));

const anyUser = fc
  .tuple(...userSchemas.map((schema) => (schema.open === true ? openSchema : schemaArbitrary(schema.attributes))))
  .map(([core, ...extensions]) => {
    const named = extensions.map((attributes, index) => [userSchemas[index + 1]?.urn ?? '', attributes] as const);
    return { ...(core as object), ...Object.fromEntries(named) };
  });
