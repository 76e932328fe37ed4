/** What counts in an organization: its own value, else that of the nearest ancestor that has one, else the default. */
import { requireSetting } from './catalogue.ts';
import type { OrganizationSettings } from './organization-settings.ts';
import { defaultRules, type FieldRules } from './validation-rules.ts';
import type { ValidatedField } from './validators.ts';

export type SettingSource =
  | { readonly kind: 'own' }
  | { readonly kind: 'inherited'; readonly from: string }
  | { readonly kind: 'default' };

export interface Sourced<Value> {
  readonly value: Value;
  readonly source: SettingSource;
}

/** Worked out once for a state of the organization and its ancestors; asking costs a look into a map. */
export interface EffectiveSettings {
  /** By the name of the setting. Throws for a name that no connector has. */
  readonly value: (name: string) => Sourced<string>;
  readonly rules: (field: ValidatedField) => Sourced<FieldRules>;
}

const OWN: SettingSource = { kind: 'own' };
const DEFAULT: SettingSource = { kind: 'default' };

export const defaultSettings: EffectiveSettings = {
  value: (name) => ({ value: requireSetting(name).fallback, source: DEFAULT }),
  rules: (field) => ({ value: defaultRules[field], source: DEFAULT }),
};

/** Per setting and per field, so that what an organization did not set stays its ancestors'. */
export function overriding(
  own: OrganizationSettings,
  parent: EffectiveSettings,
  parentId: string | null,
): EffectiveSettings {
  const inherit = <Value>({ value, source }: Sourced<Value>): Sourced<Value> =>
    source.kind === 'own' && parentId !== null
      ? { value, source: { kind: 'inherited', from: parentId } }
      : { value, source };
  return {
    value(name) {
      const value = own.values.get(name);
      return value === undefined ? inherit(parent.value(name)) : { value, source: OWN };
    },
    rules(field) {
      const value = own.validation.get(field);
      return value === undefined ? inherit(parent.rules(field)) : { value, source: OWN };
    },
  };
}

export const isOn = (settings: EffectiveSettings, name: string): boolean => settings.value(name).value === 'true';

export const wholeOf = (settings: EffectiveSettings, name: string): number => Number(settings.value(name).value);
