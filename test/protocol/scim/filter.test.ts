import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { userFilter } from '../../../protocol/scim/filter/compile.ts';
import { parseFilter } from '../../../protocol/scim/filter/parse.ts';
import { FILTER_CHARACTERS_MAX, FILTER_DEPTH_MAX, FILTER_TERMS_MAX } from '../../../protocol/scim/filter/syntax.ts';
import { ScimError } from '../../../protocol/scim/scim-error.ts';

const eq = (path: string, value: string | number | boolean) => ({ op: 'eq', path, value });

describe('a filter', () => {
  it.each([
    ['userName eq "bjensen"', eq('userName', 'bjensen')],
    ['userName Eq kim', eq('userName', 'kim')],
    ['USERNAME EQ "kim"', eq('userName', 'kim')],
    ['userName eq primary/kim', eq('userName', 'kim')],
    ['name.familyName co "O\'Malley"', { op: 'contains', path: 'name.familyName', value: "O'Malley" }],
    ['userName sw "J"', { op: 'prefix', path: 'userName', value: 'J' }],
    ['userName Ew user3', { op: 'suffix', path: 'userName', value: 'user3' }],
    ['urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"', { op: 'prefix', path: 'userName', value: 'J' }],
    ['title pr', { op: 'present', path: 'title' }],
    ['urn:scim:wso2:schema:country eq "FR"', eq('urn:scim:wso2:schema.country', 'FR')],
    [
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "26118915"',
      eq('urn:ietf:params:scim:schemas:extension:enterprise:2\\.0:User.manager.value', '26118915'),
    ],
    [
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:country eq FR',
      eq('urn:scim:wso2:schema.country', 'FR'),
    ],
    ['urn:scim:wso2:schema:accountLocked eq true', eq('urn:scim:wso2:schema.accountLocked', true)],
    ['urn:scim:wso2:schema:accountLocked eq "TRUE"', eq('urn:scim:wso2:schema.accountLocked', true)],
    [
      'urn:scim:wso2:schema:emailVerified ne true',
      { op: 'ne', path: 'urn:scim:wso2:schema.emailVerified', value: true },
    ],
    [
      'urn:scim:wso2:schema:failedLoginAttempts gt 3',
      { op: 'gt', path: 'urn:scim:wso2:schema.failedLoginAttempts', value: 3 },
    ],
    [
      'urn:scim:wso2:schema:emailAddresses co x',
      { op: 'contains', path: 'urn:scim:wso2:schema.emailAddresses', value: 'x' },
    ],
    [
      'meta.lastModified ge "2011-05-13T04:42:34Z"',
      { op: 'ge', path: 'meta.lastModified', value: '2011-05-13T04:42:34.000Z' },
    ],
    [
      'meta.created lt 2011-05-13T06:42:34.5+02:00',
      { op: 'lt', path: 'meta.created', value: '2011-05-13T04:42:34.500Z' },
    ],
    ['emails co "example.com"', { op: 'contains', path: 'emails.value', value: 'example.com' }],
    ['nickName eq null', { op: 'not', filter: { op: 'present', path: 'nickName' } }],
    ['nickName ne null', { op: 'present', path: 'nickName' }],
    ['nickName eq "null"', eq('nickName', 'null')],
    ['displayName eq "a \\"b\\" \\\\ \\u00e9\\n"', eq('displayName', 'a "b" \\ é\n')],
    ['displayName eq "김예준 🦊"', eq('displayName', '김예준 🦊')],
    ['title eq "(a) and [b] or not (c)"', eq('title', '(a) and [b] or not (c)')],
    ['not eq 5', null],
    ['userName eq and', eq('userName', 'and')],
    ['urn:scim:schemas:extension:custom:User:size eq "5"', eq('urn:scim:schemas:extension:custom:User.size', '5')],
    [
      'urn:scim:schemas:extension:custom:User:size eq 5',
      {
        op: 'or',
        filters: [
          eq('urn:scim:schemas:extension:custom:User.size', 5),
          eq('urn:scim:schemas:extension:custom:User.size', '5'),
        ],
      },
    ],
  ])('%s is compiled', (text, expected) => {
    if (expected === null) expect(() => userFilter(text)).toThrow(ScimError);
    else expect(userFilter(text)).toEqual(expected);
  });

  it('binds and closer than or, and brackets closer than both', () => {
    const [a, b, c] = [eq('title', 'a'), eq('title', 'b'), eq('title', 'c')];
    expect(userFilter('title eq a or title eq b and title eq c')).toEqual({
      op: 'or',
      filters: [a, { op: 'and', filters: [b, c] }],
    });
    expect(userFilter('(title eq a OR title eq b) And not(title eq c)')).toEqual({
      op: 'and',
      filters: [
        { op: 'or', filters: [a, b] },
        { op: 'not', filter: c },
      ],
    });
  });

  it('asks one value of a list for all of a value path', () => {
    expect(userFilter('emails[type eq "work" and value co "@example.com"] and active eq true')).toEqual({
      op: 'and',
      filters: [
        {
          op: 'any',
          path: 'emails',
          filter: {
            op: 'and',
            filters: [eq('type', 'work'), { op: 'contains', path: 'value', value: '@example.com' }],
          },
        },
        eq('active', true),
      ],
    });
    expect(userFilter('urn:scim:wso2:schema:emailAddresses[value sw "a"]')).toEqual({
      op: 'any',
      path: 'urn:scim:wso2:schema.emailAddresses',
      filter: { op: 'prefix', path: '', value: 'a' },
    });
  });

  it('asks for any part of a complex attribute when it asks for its presence', () => {
    const filter = userFilter('emails pr');
    expect(filter).toMatchObject({ op: 'or' });
    expect(filter).toHaveProperty('filters', expect.arrayContaining([{ op: 'present', path: 'emails.value' }]));
  });

  it('compiles what the read store is told of regular expressions as plain text', () =>
    expect(userFilter('displayName co ".*$where{[("')).toEqual({
      op: 'contains',
      path: 'displayName',
      value: '.*$where{[(',
    }));

  it.each([
    ['', 'An attribute was expected at character 1.'],
    ['userName', 'An operator (eq ne co sw ew gt ge lt le pr) was expected at character 9.'],
    ['userName is kim', 'An operator (eq ne co sw ew gt ge lt le pr) was expected at character 10.'],
    ['userName eq', 'A value was expected at character 12.'],
    ['userName eq "kim', 'A quotation mark is not closed at character 13.'],
    ['userName eq "k\\x"', 'A quoted text has an escape that is none at character 13.'],
    ['userName eq kim and', 'An attribute was expected at character 20.'],
    ['userName eq kim userName', '"userName" was not expected at character 17.'],
    ['(userName eq kim', 'A closing bracket was expected at character 17.'],
    ['userName eq kim)', '")" was not expected at character 16.'],
    ['emails[type eq work', 'A closing square bracket was expected at character 20.'],
    ['emails[type[value eq 1] pr]', 'Square brackets were not expected within square brackets at character 12.'],
    ['not userName eq kim', 'An operator (eq ne co sw ew gt ge lt le pr) was expected at character 5.'],
  ])('%j is refused with its place', (text, detail) => {
    expect(refusal(text)).toEqual({ status: 400, scimType: 'invalidFilter', detail });
  });

  it.each([
    'active gt true',
    'active co "t"',
    'active eq maybe',
    'meta.created eq yesterday',
    'meta.created eq 2021-02-30T00:00:00Z',
    'meta.created sw "2021"',
    'urn:scim:wso2:schema:failedLoginAttempts eq many',
    'name eq "x"',
    'userName gt null',
  ])('%s is refused: the value does not go with the attribute', (text) =>
    expect(refusal(text)).toMatchObject({ status: 400, scimType: 'invalidFilter' }),
  );

  it.each([
    'password eq "x"',
    'password pr',
    'tenant eq "x"',
    'org pr',
    '$where eq "1"',
    '__proto__ eq "x"',
    'constructor pr',
    'toString pr',
    'name.__proto__ pr',
    'emails[__proto__ pr]',
    'urn:scim:wso2:schema:askPassword eq true',
    'urn:scim:wso2:schema:oneTimePassword pr',
    'urn:scim:schemas:extension:custom:User:__proto__ eq 1',
    'x509Certificates.value eq "x"',
    'groups.colour eq staff',
  ])('[SEC-I2] %s is refused: only declared attributes can be searched', (text) =>
    expect(refusal(text)).toMatchObject({ status: 400, scimType: 'invalidFilter' }),
  );

  it('[SEC-I2] is refused when it is too long, too deep or has too many comparisons', () => {
    const deep = (depth: number) => `${'('.repeat(depth)}title pr${')'.repeat(depth)}`;
    const wide = (terms: number) => Array.from({ length: terms }, () => 'title pr').join(' or ');
    expect(refusal(deep(FILTER_DEPTH_MAX))).toBeNull();
    expect(refusal(deep(FILTER_DEPTH_MAX + 1))).toMatchObject({ scimType: 'invalidFilter' });
    expect(refusal(deep(1_000))).toMatchObject({ scimType: 'invalidFilter' });
    expect(refusal(wide(FILTER_TERMS_MAX))).toBeNull();
    expect(refusal(wide(FILTER_TERMS_MAX + 1))).toMatchObject({ scimType: 'invalidFilter' });
    expect(refusal(`title eq "${'x'.repeat(FILTER_CHARACTERS_MAX)}"`)).toMatchObject({ scimType: 'invalidFilter' });
  });

  it('[SEC-I2] of any text is read or refused, never a fault', () => {
    const words = ['userName', 'emails', 'eq', 'co', 'pr', 'and', 'or', 'not', '(', ')', '[', ']', '"', '\\', ' ', '.'];
    const soup = fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ unit: 'binary', maxLength: 4 })), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(
        fc.oneof(
          soup.map((parts) => parts.join('')),
          soup.map((parts) => parts.join(' ')),
        ),
        (text) => {
          refusal(text);
        },
      ),
      { numRuns: 3_000, seed: 7643 },
    );
  });

  it('reads back any quoted text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        expect(parseFilter(`title eq ${JSON.stringify(value)}`)).toMatchObject({
          value: { text: value, isQuoted: true },
        });
      }),
      { numRuns: 500, seed: 7644 },
    );
  });
});

function refusal(text: string) {
  try {
    userFilter(text);
    return null;
  } catch (error) {
    if (!(error instanceof ScimError)) throw error;
    const { status, scimType, message: detail } = error;
    return { status, scimType, detail };
  }
}
