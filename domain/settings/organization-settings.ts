/** What one organization has set for itself; what it has not is inherited or the default. Streams `policy-<org uuid>`. */
import { z } from 'zod';
import type { Aggregate } from '../aggregate.ts';
import { type Decision, nothing } from '../decision.ts';
import type { DomainEvent } from '../event.ts';
import { defineEvent, type EventOf, plain } from '../event-schema.ts';
import { accept, type Result, refuse } from '../result.ts';
import { connectorOf, settingIn } from './catalogue.ts';
import { isValueOf } from './setting.ts';
import { type FieldRules, isValidatedField, type RulesRefusal, readFieldRules } from './validation-rules.ts';
import { VALIDATED_FIELDS, type ValidatedField } from './validators.ts';

const text = plain(z.string());
const field = z.enum(VALIDATED_FIELDS);

export const settingsEventDefinitions = [
  defineEvent('policy.connector.configured.v1', z.object({ connector: text, set: z.record(text, text) })),
  /** The organization has no value of its own any more. */
  defineEvent('policy.connector.reverted.v1', z.object({ connector: text, settings: z.array(text) })),
  defineEvent(
    'policy.validation.configured.v1',
    z.object({
      field,
      rules: z.array(z.object({ validator: text, properties: z.record(text, text) })),
      pattern: text.nullable(),
    }),
  ),
  defineEvent('policy.validation.reverted.v1', z.object({ field })),
] as const;

export type SettingsEvent = EventOf<typeof settingsEventDefinitions>;

export interface OrganizationSettings {
  readonly tenant: string;
  /** Empty while nothing was ever set. */
  readonly org: string;
  /** By the name of the setting, which is unique over all connectors. */
  readonly values: ReadonlyMap<string, string>;
  readonly validation: ReadonlyMap<ValidatedField, FieldRules>;
}

export const organizationSettings: Aggregate<OrganizationSettings> = {
  category: 'policy',
  initial: { tenant: '', org: '', values: new Map(), validation: new Map() },
  evolve: evolveSettings,
  home: (settings) => (settings.org === '' ? null : settings),
};

export type SettingsRefusal =
  | { readonly reason: 'connector-unknown'; readonly connector: string }
  | { readonly reason: 'setting-unknown'; readonly setting: string }
  | { readonly reason: 'setting-invalid'; readonly setting: string; readonly kind: 'flag' | 'whole' | 'text' }
  | { readonly reason: 'field-unknown'; readonly field: string }
  | RulesRefusal;

export interface ConnectorChange {
  readonly connector: string;
  readonly set: Readonly<Record<string, string>>;
}

/** All changes or none. A value that the organization has of its own already is left out. */
export function decideConfigureConnectors(
  settings: OrganizationSettings,
  changes: readonly ConnectorChange[],
): Result<Decision, SettingsRefusal> {
  const facts: SettingsEvent[] = [];
  for (const { connector: name, set } of changes) {
    const connector = connectorOf(name);
    if (connector === null) return refuse({ reason: 'connector-unknown', connector: name });
    for (const [key, value] of Object.entries(set)) {
      const setting = settingIn(connector, key);
      if (setting === null) return refuse({ reason: 'setting-unknown', setting: key });
      if (!isValueOf(setting, value)) return refuse({ reason: 'setting-invalid', setting: key, kind: setting.kind });
    }
    const differing = Object.entries(set).filter(([key, value]) => settings.values.get(key) !== value);
    if (differing.length === 0) continue;
    facts.push({
      type: 'policy.connector.configured.v1',
      data: { connector: name, set: Object.fromEntries(differing) },
    });
  }
  return accept(facts.length === 0 ? nothing : { facts });
}

export function decideRevertConnector(
  settings: OrganizationSettings,
  { connector: name, settings: named }: { readonly connector: string; readonly settings: readonly string[] },
): Result<Decision, SettingsRefusal> {
  const connector = connectorOf(name);
  if (connector === null) return refuse({ reason: 'connector-unknown', connector: name });
  const unknown = named.find((key) => settingIn(connector, key) === null);
  if (unknown !== undefined) return refuse({ reason: 'setting-unknown', setting: unknown });
  const own = [...new Set(named)].filter((key) => settings.values.has(key));
  if (own.length === 0) return accept(nothing);
  const fact: SettingsEvent = { type: 'policy.connector.reverted.v1', data: { connector: name, settings: own } };
  return accept({ facts: [fact] });
}

export interface FieldChange extends FieldRules {
  readonly field: string;
}

export function decideConfigureValidation(
  settings: OrganizationSettings,
  changes: readonly FieldChange[],
): Result<Decision, SettingsRefusal> {
  const facts: SettingsEvent[] = [];
  for (const { field: name, ...given } of changes) {
    if (!isValidatedField(name)) return refuse({ reason: 'field-unknown', field: name });
    const read = readFieldRules(name, given);
    if (!read.ok) return read;
    if (JSON.stringify(settings.validation.get(name)) === JSON.stringify(read.value)) continue;
    const rules = read.value.rules.map(({ validator, properties }) => ({ validator, properties: { ...properties } }));
    facts.push({ type: 'policy.validation.configured.v1', data: { field: name, rules, pattern: read.value.pattern } });
  }
  return accept(facts.length === 0 ? nothing : { facts });
}

export function decideRevertValidation(
  settings: OrganizationSettings,
  fields: readonly string[],
): Result<Decision, SettingsRefusal> {
  const unknown = fields.find((name) => !isValidatedField(name));
  if (unknown !== undefined) return refuse({ reason: 'field-unknown', field: unknown });
  const own = [...new Set(fields)].filter(isValidatedField).filter((name) => settings.validation.has(name));
  const facts = own.map((name): SettingsEvent => ({ type: 'policy.validation.reverted.v1', data: { field: name } }));
  return accept(facts.length === 0 ? nothing : { facts });
}

function evolveSettings(before: OrganizationSettings, event: DomainEvent): OrganizationSettings {
  const fact = event as unknown as SettingsEvent;
  const settings = before.org === '' ? { ...before, tenant: event.meta.tenant ?? '', org: idIn(event) } : before;
  switch (fact.type) {
    case 'policy.connector.configured.v1':
      return { ...settings, values: new Map([...settings.values, ...Object.entries(fact.data.set)]) };
    case 'policy.connector.reverted.v1':
      return { ...settings, values: without(settings.values, fact.data.settings) };
    case 'policy.validation.configured.v1': {
      const { field: name, rules, pattern } = fact.data;
      return { ...settings, validation: new Map(settings.validation).set(name, { rules, pattern }) };
    }
    case 'policy.validation.reverted.v1':
      return { ...settings, validation: without(settings.validation, [fact.data.field]) };
    default:
      fact satisfies never;
      return before;
  }
}

const idIn = (event: DomainEvent): string => event.stream.slice('policy-'.length);

const without = <Key extends string, Value>(map: ReadonlyMap<Key, Value>, keys: readonly string[]) =>
  new Map([...map].filter(([key]) => !keys.includes(key)));
