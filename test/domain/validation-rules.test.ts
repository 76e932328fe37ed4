import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundedPattern, MATCHED_CHARACTERS_MAX } from '../../domain/settings/bounded-pattern.ts';
import { brokenRule, defaultRules, type FieldRules, readFieldRules } from '../../domain/settings/validation-rules.ts';
import { passwordRefusal } from '../../domain/users/password.ts';

const rules = (...given: readonly [string, Record<string, string>][]): FieldRules => ({
  rules: given.map(([validator, properties]) => ({ validator, properties })),
  pattern: null,
});
const pattern = (source: string): FieldRules => ({ rules: [], pattern: source });

describe('the default rules for passwords', () => {
  it.each(['Correct-horse-9', 'Ägypten-ist-7', 'aB3 defgh', `Aa1-${'x'.repeat(60)}`])('take %j', (password) =>
    expect(passwordRefusal(password, defaultRules.password)).toBeNull(),
  );

  it.each([
    ['Aa1-xyz', 'LengthValidator'],
    [`Aa1-${'x'.repeat(61)}`, 'LengthValidator'],
    ['Correct-horse', 'NumeralValidator'],
    ['correct-horse-9', 'UpperCaseValidator'],
    ['CORRECT-HORSE-9', 'LowerCaseValidator'],
    ['CorrectHorse99', 'SpecialCharacterValidator'],
  ])('refuse %j by the %s, in words without the password', (password, validator) => {
    const refusal = passwordRefusal(password, defaultRules.password);
    expect(refusal).toMatchObject({ reason: 'password-breaks-rule', validator });
    expect(JSON.stringify(refusal)).not.toContain(password);
  });

  it('refuse what nobody should hash, whatever the rules say', () => {
    const lax = rules(['LengthValidator', { 'min.length': '0' }]);
    expect(passwordRefusal('x'.repeat(1025), lax)).toMatchObject({ reason: 'password-too-long' });
    expect(passwordRefusal('', lax)).toMatchObject({ reason: 'password-breaks-rule' });
    expect(passwordRefusal('half \ud800', lax)).toMatchObject({ reason: 'password-breaks-rule' });
  });
});

describe('each validator', () => {
  it.each<[string, Record<string, string>, string, string]>([
    ['LengthValidator', { 'min.length': '2', 'max.length': '3' }, 'a😀c', 'a'],
    ['LengthValidator', { 'min.length': '2', 'max.length': '3' }, 'ab', 'abcd'],
    ['NumeralValidator', { 'min.length': '2' }, 'a12', 'a1'],
    ['NumeralValidator', { 'min.length': '0', 'max.length': '1' }, 'a1', 'a12'],
    ['UpperCaseValidator', { 'min.length': '1' }, 'É', 'é'],
    ['LowerCaseValidator', { 'min.length': '1' }, 'é', 'É'],
    ['SpecialCharacterValidator', { 'min.length': '1' }, 'a!', 'ab'],
    ['UniqueCharacterValidator', { 'min.unique.character': '3' }, 'abca', 'abab'],
    ['RepeatedCharacterValidator', { 'max.consecutive.character': '2' }, 'aabaa', 'aaab'],
    ['AlphanumericValidator', { 'enable.validator': 'true' }, 'kim7', 'kim.7'],
    ['AlphanumericValidator', { 'enable.validator': 'false' }, 'kim.7', ''],
    ['EmailFormatValidator', { 'enable.validator': 'true' }, 'kim@example.com', 'kim@'],
  ])('%s %j takes %j and not %j', (validator, properties, good, bad) => {
    expect(brokenRule(rules([validator, properties]), good)).toBeNull();
    if (bad !== '') expect(brokenRule(rules([validator, properties]), bad)).toMatchObject({ validator });
  });

  it('of two forms of a user name, either will do', () => {
    const both = rules(
      ['AlphanumericValidator', { 'enable.validator': 'true' }],
      ['EmailFormatValidator', { 'enable.validator': 'true' }],
    );
    expect(brokenRule(both, 'kim7')).toBeNull();
    expect(brokenRule(both, 'kim@example.com')).toBeNull();
    expect(brokenRule(both, 'kim lee')).toMatchObject({ validator: 'AlphanumericValidator' });
  });
});

describe('rules that are set', () => {
  it.each<[string, FieldRules]>([
    ['a known validator with its own keys', rules(['LengthValidator', { 'min.length': '5', 'max.length': '15' }])],
    ['a pattern', pattern('(?=.*[A-Z])(?=.*\\d).{8,64}')],
  ])('take %s', (_, given) => expect(readFieldRules('password', given)).toEqual({ ok: true, value: given }));

  it.each<[string, FieldRules, string]>([
    ['an unknown validator', rules(['NoValidator', { 'min.length': '5' }]), 'validator-unknown'],
    [
      'a validator of another field',
      rules(['AlphanumericValidator', { 'enable.validator': 'true' }]),
      'validator-unknown',
    ],
    ['an unknown key', rules(['LengthValidator', { 'least.length': '5' }]), 'rules-invalid'],
    ['a value that is no number', rules(['LengthValidator', { 'min.length': '-1' }]), 'rules-invalid'],
    ['a number beyond all passwords', rules(['LengthValidator', { 'min.length': '1001' }]), 'rules-invalid'],
    ['a validator without properties', rules(['LengthValidator', {}]), 'rules-invalid'],
    [
      'a validator twice',
      rules(['NumeralValidator', { 'min.length': '1' }], ['NumeralValidator', { 'min.length': '2' }]),
      'rules-invalid',
    ],
    ['limits that cross', rules(['LengthValidator', { 'min.length': '9', 'max.length': '8' }]), 'rules-invalid'],
    [
      'limits that nothing can meet',
      rules(
        ['LengthValidator', { 'max.length': '3' }],
        ['NumeralValidator', { 'min.length': '2' }],
        ['UpperCaseValidator', { 'min.length': '2' }],
      ),
      'rules-invalid',
    ],
    [
      'rules beside a pattern',
      { ...rules(['NumeralValidator', { 'min.length': '1' }]), pattern: '.*' },
      'rules-invalid',
    ],
    ['nothing', { rules: [], pattern: null }, 'rules-invalid'],
    ['a pattern that cannot be read', pattern('[a-'), 'rules-invalid'],
  ])('refuse %s', (_, given, reason) =>
    expect(readFieldRules('password', given)).toMatchObject({ ok: false, refusal: { reason } }),
  );
});

describe('a pattern of an administrator', () => {
  it.each([
    '(a+)+',
    '(a|a)*',
    '(?:a|aa){1,20}',
    '([a-z]+)*',
    '.*.*.*.*',
    `${'(?:a|a)?'.repeat(40)}`,
    '(.)\\1',
    '(?<=a)b',
    'a{1000}'.repeat(80),
  ])('is not taken where it may not end: %s', (source) => expect(boundedPattern(source)).toBeNull());

  it('matches the whole value', () => {
    expect(boundedPattern('[a-z]{3}')?.test('abc')).toBe(true);
    expect(boundedPattern('[a-z]{3}')?.test('abcd')).toBe(false);
    expect(boundedPattern('a|b')?.test('ab')).toBe(false);
    expect(boundedPattern('^(?=.*[A-Z])(?=.*[0-9]).{6,}$')?.test('Secret1')).toBe(true);
  });

  it('ends soon on every value, whatever was taken', () => {
    const part = fc.constantFrom('a', '.', '[ab]', '.*', 'a+', 'a{0,9}', '(?=.*a)', '(?:a|b)', '(?:a|.)?', '(a*)', 'b');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), fc.constantFrom('a', 'ab', 'aab'), (parts, unit) => {
        const compiled = boundedPattern(parts.join(''));
        if (compiled === null) return;
        const value = `${unit.repeat(MATCHED_CHARACTERS_MAX).slice(0, MATCHED_CHARACTERS_MAX - 1)}!`;
        const startedMs = performance.now();
        compiled.test(value);
        expect(performance.now() - startedMs).toBeLessThan(250);
      }),
      { numRuns: 300, seed: 153 },
    );
  });

  it('refuses longer values before it looks at them', () =>
    expect(brokenRule(pattern('.*'), 'x'.repeat(MATCHED_CHARACTERS_MAX + 1))).not.toBeNull());
});
