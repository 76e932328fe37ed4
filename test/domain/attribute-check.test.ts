import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attributeDictionaries, systemDictionary } from '../../domain/attributes/dictionary.ts';
import { EMPTY_DEFINITION } from '../../domain/attributes/local-claim.ts';
import type { DomainEvent } from '../../domain/event.ts';
import { checkAttributes, checkRemovals } from '../../domain/users/attribute-check.ts';
import { uniqueClaims } from '../../domain/users/claim-values.ts';
import { catalogueOf, reservationOf } from '../../domain/users/user-catalogue.ts';
import type { Attributes } from '../../domain/users/user-events.ts';

const CUSTOM = 'urn:scim:schemas:extension:custom:User';

const given = {
  size: { dataType: 'integer' },
  weight: { dataType: 'decimal' },
  born: { dataType: 'date' },
  seen: { dataType: 'epoch' },
  agreed: { dataType: 'boolean' },
  tags: { multiValued: true },
  'lead.email': {},
  'lead.level': { dataType: 'integer' },
  lead: { dataType: 'complex', subAttributes: ['urn:lead.email', 'urn:lead.level'] },
  'pets.name': {},
  pets: { dataType: 'complex', multiValued: true, subAttributes: ['urn:pets.name'] },
} as const;

const facts = Object.entries(given).flatMap(([name, more]) => [
  {
    type: 'attribute.claim.defined.v1',
    data: { uri: `urn:${name}`, definition: { ...EMPTY_DEFINITION, displayName: name, attributeMapping: [], ...more } },
  },
  ...(name.includes('.')
    ? []
    : [
        {
          type: 'attribute.claim.mapped.v1',
          data: { dialect: CUSTOM, uri: `${CUSTOM}:${name}`, claim: `urn:${name}` },
        },
      ]),
]);
/** Another name for the country of the account. */
const alias = { dialect: CUSTOM, uri: `${CUSTOM}:land`, claim: 'http://wso2.org/claims/country' };
const dictionary = [...facts, { type: 'attribute.claim.mapped.v1', data: alias }].reduce(
  (state, fact) => attributeDictionaries.evolve(state, { ...fact, meta: {} } as unknown as DomainEvent),
  systemDictionary,
);
const catalogue = catalogueOf(dictionary);

const check = (attributes: Attributes, undeclared: 'refuse' | 'drop' = 'refuse') =>
  checkAttributes({ catalogue, matches: () => true, undeclared }, attributes);
const custom = (name: string): string => `${CUSTOM}:${name}`;

describe('the check of attribute values', () => {
  it.each<[string, Attributes[string], Attributes[string]]>([
    ['size', 5, 5],
    ['SIZE', 5, 5],
    ['weight', 1.5, 1.5],
    ['born', '2024-02-29', '2024-02-29'],
    ['seen', 1_700_000_000_000, 1_700_000_000_000],
    ['agreed', 'true', true],
    ['agreed', false, false],
    ['tags', 'one', ['one']],
    ['tags', ['one', 'two'], ['one', 'two']],
    ['lead.level', 3, 3],
    ['pets', [{ NAME: 'Rex', other: 'x' }], [{ name: 'Rex' }]],
  ])('takes %s %j as %j', (name, value, kept) => {
    const checked = check({ [custom(name)]: value });
    expect(checked).toEqual({ ok: true, value: { [custom(name.toLowerCase())]: kept } });
  });

  it.each<[string, Attributes[string]]>([
    ['size', '5'],
    ['size', 1.5],
    ['size', 2 ** 53],
    ['weight', 'heavy'],
    ['born', '2023-02-29'],
    ['born', '29.02.2024'],
    ['seen', '2024-02-29'],
    ['agreed', 'yes'],
    ['agreed', 1],
    ['tags', [1]],
    ['size', [5]],
    ['lead', 'nobody'],
    ['lead.level', 'high'],
    ['size.unit', 'cm'],
    ['pets', ['Rex']],
  ])('refuses %s %j', (name, value) =>
    expect(check({ [custom(name)]: value })).toMatchObject({ ok: false, refusal: { reason: 'attribute-invalid' } }),
  );

  it('puts the parts of one object into a list of one, where the attribute is a list', () =>
    expect(check({ [custom('pets.name')]: 'Rex' })).toEqual({
      ok: true,
      value: { [custom('pets')]: [{ name: 'Rex' }] },
    }));

  it('writes another name of an attribute where the attribute is', () =>
    expect(check({ [custom('land')]: 'FR' })).toEqual({ ok: true, value: { 'urn:scim:wso2:schema:country': 'FR' } }));

  it.each(['nobody', 'lead.nobody', 'nobody.x'])('refuses %s, which nobody declared, or passes it over', (name) => {
    expect(check({ [custom(name)]: 'x' })).toMatchObject({ refusal: { reason: 'attribute-unknown' } });
    expect(check({ [custom(name)]: 'x', [custom('size')]: 1 }, 'drop')).toEqual({
      ok: true,
      value: { [custom('size')]: 1 },
    });
  });

  it.each(['id', 'userName', 'tenant', 'org', 'roles', 'groups', 'meta.created', '__proto__', 'constructor'])(
    '[SEC-C4] never writes %s, which is no attribute, whatever becomes of undeclared names',
    (name) => {
      const forged = JSON.parse(`{"${name}": "x"}`) as Attributes;
      expect(check(forged, 'drop')).toEqual({ ok: true, value: {} });
      expect(check(forged).ok).toBe(false);
      expect(checkRemovals({ catalogue, matches: () => true, undeclared: 'drop' }, [name])).toEqual({
        ok: true,
        value: [],
      });
    },
  );

  it('keeps any text byte for byte and changes nothing when it is checked again', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1, maxLength: 5 }), (tags) => {
        const once = check({ [custom('tags')]: tags });
        expect(once).toEqual({ ok: true, value: { [custom('tags')]: tags } });
        expect(once.ok && check(once.value)).toEqual(once);
      }),
    );
  });

  it('refuses half of a character', () =>
    expect(check({ [custom('tags')]: ['\udc00'] })).toMatchObject({ refusal: { reason: 'attribute-invalid' } }));
});

describe('unique values', () => {
  const unique = (scope: string, store?: string) => [
    {
      uri: 'urn:x',
      displayName: 'X',
      within: reservationOf({ scope, generation: 'g1' }, store),
      source: { kind: 'attribute', path: 'emails' } as const,
    },
  ];
  const keys = (value: string, scope: string, store?: string): readonly string[] => [
    ...uniqueClaims(unique(scope, store), 'org', { emails: [{ value }] }).keys(),
  ];

  it('[U7-6] meet within their user store, and in another one only across user stores', () => {
    const within = 'WITHIN_USERSTORE';
    expect(keys('kim@x.example', within)).toEqual(keys('KIM@x.example', within, 'primary'));
    expect(keys('kim@x.example', within)).not.toEqual(keys('kim@x.example', within, 'SECONDARY'));
    const across = 'ACROSS_USERSTORES';
    expect(keys('kim@x.example', across)).toEqual(keys('kim@x.example', across, 'SECONDARY'));
  });

  it.each([
    ['Straße', 'STRASSE'],
    ['ΣΊΣΥΦΟΣ', 'σίσυφος'],
    ['Zoë'.normalize('NFD'), 'ZOË'.normalize('NFC')],
    ['ﬁsh', 'FISH'],
    ['①', '1'],
    ['ｋｉｍ', 'KIM'],
    [' kim ', 'kim'],
    ['Å', 'å'],
    // Folding goes by way of capitals, so the dotless letter meets the dotted one: stricter, never laxer.
    ['kım', 'kim'],
  ])('are equal as %j and %j', (one, other) =>
    expect(keys(one, 'ACROSS_USERSTORES')).toEqual(keys(other, 'ACROSS_USERSTORES')),
  );

  it.each([
    ['İ', 'i'],
    ['а', 'a'],
    ['👩‍👩‍👧', '👩‍👧'],
  ])('differ as %j and %j', (one, other) =>
    expect(keys(one, 'ACROSS_USERSTORES')).not.toEqual(keys(other, 'ACROSS_USERSTORES')),
  );
});
