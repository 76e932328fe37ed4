/** Settings of the caller's organization: set, or given back to what is inherited. */
import { z } from 'zod';
import type { Decision } from '../../domain/decision.ts';
import { orgId } from '../../domain/id-parsers.ts';
import { accept, type Result, refuse } from '../../domain/result.ts';
import {
  decideConfigureConnectors,
  decideConfigureValidation,
  decideRevertConnector,
  decideRevertValidation,
  type OrganizationSettings,
  organizationSettings,
  type SettingsRefusal,
} from '../../domain/settings/organization-settings.ts';
import { SETTING_CHARACTERS_MAX } from '../../domain/settings/setting.ts';
import type { Command, Scope } from '../command.ts';

const NAME_CHARACTERS_MAX = 200;
const CONNECTORS_MAX = 50;
const SETTINGS_MAX = 100;

const name = z.string().max(NAME_CHARACTERS_MAX);
const value = z.string().max(SETTING_CHARACTERS_MAX);
const values = z
  .record(name, value)
  .refine((set) => Object.keys(set).length <= SETTINGS_MAX, `has more than ${SETTINGS_MAX} settings`);

interface ForOrganization {
  readonly organizationId: string;
}

type Refusal = SettingsRefusal | { readonly reason: 'organization-not-found' };
type SettingsCommand<Input> = Command<Input, OrganizationSettings, Refusal, null>;

interface Definition<Input> {
  readonly type: string;
  readonly summary: string;
  readonly permission: string;
  readonly input: z.ZodType<Input>;
  readonly decide: (settings: OrganizationSettings, input: Input) => Result<Decision, SettingsRefusal>;
}

const settingsCommand = <Input extends ForOrganization>({
  permission,
  decide,
  ...rest
}: Definition<Input>): SettingsCommand<Input> => ({
  ...rest,
  permissions: [permission],
  aggregate: organizationSettings,
  target: ({ organizationId }) => organizationId,
  facts: ofOwnOrganization,
  decide: (settings, given) => decide(settings, given),
});

/** An organization that never set anything has no stream that would say whose it is. */
async function ofOwnOrganization({ input, envelope }: Scope<ForOrganization>): Promise<Result<null, Refusal>> {
  const isOwn = input.organizationId === envelope.caller.org;
  return isOwn ? accept(null) : refuse({ reason: 'organization-not-found' });
}

const rule = z.strictObject({ validator: name, properties: z.record(name, value) });

export const configureConnectors = settingsCommand({
  type: 'ConfigureConnectors',
  summary: 'Sets governance settings of an organization, all or none.',
  permission: 'internal_idp_update',
  input: z.strictObject({
    organizationId: orgId,
    connectors: z.array(z.strictObject({ connector: name, set: values })).max(CONNECTORS_MAX),
  }),
  decide: (settings, { connectors }) => decideConfigureConnectors(settings, connectors),
});

export const revertConnector = settingsCommand({
  type: 'RevertConnector',
  summary: 'Gives settings of a connector back to what is inherited, or to the default.',
  permission: 'internal_idp_update',
  input: z.strictObject({ organizationId: orgId, connector: name, settings: z.array(name).max(SETTINGS_MAX) }),
  decide: (settings, given) => decideRevertConnector(settings, given),
});

export const configureValidation = settingsCommand({
  type: 'ConfigureValidation',
  summary: 'Says what passwords and user names must be like.',
  permission: 'internal_config_update',
  input: z.strictObject({
    organizationId: orgId,
    fields: z
      .array(z.strictObject({ field: name, rules: z.array(rule).max(CONNECTORS_MAX), pattern: value.nullable() }))
      .max(CONNECTORS_MAX),
  }),
  decide: (settings, { fields }) => decideConfigureValidation(settings, fields),
});

export const revertValidation = settingsCommand({
  type: 'RevertValidation',
  summary: 'Gives the rules of fields back to what is inherited, or to the default.',
  permission: 'internal_config_update',
  input: z.strictObject({ organizationId: orgId, fields: z.array(name).max(CONNECTORS_MAX) }),
  decide: (settings, { fields }) => decideRevertValidation(settings, fields),
});
