import { describe, expect, it } from 'vitest';
import type { Fact } from '../../domain/event.ts';
import { connectors } from '../../domain/settings/catalogue.ts';
import { defaultSettings, overriding } from '../../domain/settings/effective-settings.ts';
import {
  decideConfigureConnectors,
  decideConfigureValidation,
  decideRevertConnector,
  decideRevertValidation,
  organizationSettings,
} from '../../domain/settings/organization-settings.ts';
import { isValueOf } from '../../domain/settings/setting.ts';
import { stateAfter, storiesOf } from '../support/decider.ts';

const HISTORY = 'passwordHistory';
const on: Fact = {
  type: 'policy.connector.configured.v1',
  data: { connector: HISTORY, set: { 'passwordHistory.enable': 'true' } },
};
const length = (least: string, most: string): Fact => ({
  type: 'policy.validation.configured.v1',
  data: {
    field: 'password',
    rules: [{ validator: 'LengthValidator', properties: { 'min.length': least, 'max.length': most } }],
    pattern: null,
  },
});
const { records, refuses } = storiesOf(organizationSettings);

describe('the catalogue of settings', () => {
  it('has names that are unique over all connectors, and defaults that its own rules take', () => {
    const settings = connectors.flatMap((connector) => connector.settings);
    expect(new Set(settings.map(({ name }) => name)).size).toBe(settings.length);
    expect(settings.filter((setting) => !isValueOf(setting, setting.fallback))).toEqual([]);
  });
});

describe('setting a connector', () => {
  it('records what differs from the organization’s own', () => {
    const both = { 'passwordHistory.enable': 'true', 'passwordHistory.count': '3' };
    const when = (state: Parameters<typeof decideConfigureConnectors>[0]) =>
      decideConfigureConnectors(state, [{ connector: HISTORY, set: both }]);
    records({ given: [on], when }, [
      { type: 'policy.connector.configured.v1', data: { connector: HISTORY, set: { 'passwordHistory.count': '3' } } },
    ]);
  });

  it('records a value that is the default too: it stays when an ancestor changes', () =>
    records(
      {
        given: [],
        when: (state) =>
          decideConfigureConnectors(state, [{ connector: HISTORY, set: { 'passwordHistory.count': '5' } }]),
      },
      [{ type: 'policy.connector.configured.v1', data: { connector: HISTORY, set: { 'passwordHistory.count': '5' } } }],
    ));

  it.each([
    ['an unknown connector', 'none', { a: 'b' }, { reason: 'connector-unknown', connector: 'none' }],
    [
      'a setting of another connector',
      HISTORY,
      { 'sso.login.recaptcha.enable': 'true' },
      { reason: 'setting-unknown', setting: 'sso.login.recaptcha.enable' },
    ],
    [
      'a name in another case',
      HISTORY,
      { 'PasswordHistory.enable': 'true' },
      { reason: 'setting-unknown', setting: 'PasswordHistory.enable' },
    ],
    [
      'a flag that is none',
      HISTORY,
      { 'passwordHistory.enable': 'yes' },
      { reason: 'setting-invalid', setting: 'passwordHistory.enable', kind: 'flag' },
    ],
    [
      'a number beyond its limit',
      HISTORY,
      { 'passwordHistory.count': '25' },
      { reason: 'setting-invalid', setting: 'passwordHistory.count', kind: 'whole' },
    ],
    [
      'rules of another form',
      'passwordExpiry',
      { 'passwordExpiry.rules': 'never' },
      { reason: 'setting-invalid', setting: 'passwordExpiry.rules', kind: 'text' },
    ],
  ])('is refused whole for %s', (_, connector, set, refusal) =>
    refuses(
      {
        given: [],
        when: (state) =>
          decideConfigureConnectors(state, [
            { connector: HISTORY, set: { 'passwordHistory.enable': 'true' } },
            { connector, set },
          ]),
      },
      refusal,
    ),
  );
});

describe('reverting', () => {
  it('gives back what the organization has of its own, and records nothing for the rest', () => {
    const given = { connector: HISTORY, settings: ['passwordHistory.enable', 'passwordHistory.count'] };
    records({ given: [on], when: (state) => decideRevertConnector(state, given) }, [
      { type: 'policy.connector.reverted.v1', data: { connector: HISTORY, settings: ['passwordHistory.enable'] } },
    ]);
    records({ given: [], when: (state) => decideRevertConnector(state, given) }, []);
    refuses(
      { given: [], when: (state) => decideRevertConnector(state, { connector: HISTORY, settings: ['x'] }) },
      { reason: 'setting-unknown', setting: 'x' },
    );
  });

  it('gives rules of a field back', () => {
    records({ given: [length('6', '25')], when: (state) => decideRevertValidation(state, ['password']) }, [
      { type: 'policy.validation.reverted.v1', data: { field: 'password' } },
    ]);
    refuses(
      { given: [], when: (state) => decideRevertValidation(state, ['shoe-size']) },
      { reason: 'field-unknown', field: 'shoe-size' },
    );
    refuses(
      { given: [], when: (state) => decideConfigureValidation(state, [{ field: 'x', rules: [], pattern: '.*' }]) },
      { reason: 'field-unknown', field: 'x' },
    );
  });
});

describe('[U13-6] what counts in an organization', () => {
  const settingsOf = (...facts: readonly Fact[]) => stateAfter(organizationSettings, facts);
  const lengthOf = (settings: typeof defaultSettings) =>
    settings.rules('password').value.rules.find(({ validator }) => validator === 'LengthValidator')?.properties;

  it('is its own value, else the nearest ancestor’s, else the default, setting by setting', () => {
    const root = overriding(settingsOf(on, length('6', '25')), defaultSettings, null);
    const child = overriding(
      settingsOf({
        type: 'policy.connector.configured.v1',
        data: { connector: HISTORY, set: { 'passwordHistory.count': '9' } },
      }),
      root,
      'root',
    );
    const grandchild = overriding(settingsOf(length('7', '30')), child, 'child');

    expect(root.value('passwordHistory.enable')).toEqual({ value: 'true', source: { kind: 'own' } });
    expect(root.value('passwordHistory.count')).toEqual({ value: '5', source: { kind: 'default' } });
    expect(child.value('passwordHistory.enable')).toEqual({
      value: 'true',
      source: { kind: 'inherited', from: 'root' },
    });
    expect(child.value('passwordHistory.count')).toEqual({ value: '9', source: { kind: 'own' } });
    expect(lengthOf(child)).toEqual({ 'min.length': '6', 'max.length': '25' });
    expect(grandchild.value('passwordHistory.enable')).toEqual({
      value: 'true',
      source: { kind: 'inherited', from: 'root' },
    });
    expect(grandchild.value('passwordHistory.count')).toEqual({
      value: '9',
      source: { kind: 'inherited', from: 'child' },
    });
    expect(lengthOf(grandchild)).toEqual({ 'min.length': '7', 'max.length': '30' });
    expect(grandchild.rules('username').source).toEqual({ kind: 'default' });
  });

  it('is what was inherited again once the organization has given its own back', () => {
    const root = overriding(settingsOf(on), defaultSettings, null);
    const back: Fact = {
      type: 'policy.connector.reverted.v1',
      data: { connector: HISTORY, settings: ['passwordHistory.enable'] },
    };
    const off: Fact = { ...on, data: { connector: HISTORY, set: { 'passwordHistory.enable': 'false' } } };
    expect(overriding(settingsOf(off), root, 'root').value('passwordHistory.enable').value).toBe('false');
    expect(overriding(settingsOf(off, back), root, 'root').value('passwordHistory.enable').value).toBe('true');
  });

  it('never answers for a name that no connector has', () =>
    expect(() => defaultSettings.value('no.such.setting')).toThrow('there is no setting'));
});
