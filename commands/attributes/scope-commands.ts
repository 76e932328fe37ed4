/** OpenID Connect scopes. */
import { z } from 'zod';
import {
  CLAIMS_OF_SCOPE_MAX,
  decideDefineScope,
  decideRedefineScope,
  decideRemoveScope,
  type ScopeRefusal,
} from '../../domain/attributes/decide-scopes.ts';
import type { ClaimScope } from '../../domain/attributes/dialect.ts';
import {
  type AttributeCommand,
  attributeCommand,
  type OfOrganization,
  ofOrganization,
  text,
} from './attribute-command.ts';

const given = ofOrganization({
  name: text,
  displayName: text,
  description: text.default(''),
  claims: z.array(text).max(CLAIMS_OF_SCOPE_MAX),
});
type Given = z.output<typeof given>;
type ScopeCommand<Input> = AttributeCommand<OfOrganization & Input, ScopeRefusal>;

const scopeOf = ({ name, displayName, description, claims }: Given): ClaimScope => ({
  name,
  displayName,
  description,
  claims,
});

export const defineScope: ScopeCommand<Given> = attributeCommand({
  type: 'DefineScope',
  summary: 'Makes a scope that carries claims.',
  input: given,
  permission: 'internal_application_mgt_create',
  decide: (dictionary, input) => decideDefineScope(dictionary, scopeOf(input)),
});

export const redefineScope: ScopeCommand<Given> = attributeCommand({
  type: 'RedefineScope',
  summary: 'Changes which claims a scope carries.',
  input: given,
  permission: 'internal_application_mgt_update',
  decide: (dictionary, input) => decideRedefineScope(dictionary, scopeOf(input)),
});

export const removeScope: ScopeCommand<{ name: string }> = attributeCommand({
  type: 'RemoveScope',
  summary: 'Removes a scope; nobody is granted it from then on.',
  input: ofOrganization({ name: text }),
  permission: 'internal_application_mgt_delete',
  decide: (dictionary, { name }) => decideRemoveScope(dictionary, name),
});
