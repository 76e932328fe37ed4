/** Changes of an application that exists. */
import { z } from 'zod';
import { apiById } from '../../domain/applications/api-resources.ts';
import {
  type Application,
  type ApplicationRefusal,
  applications,
  decideAuthorizeApi,
  decideChangeApiScopes,
  decideChangeApplication,
  decideConfigureOidc,
  decideDeleteApplication,
  decideRemoveOidc,
  decideRevokeClient,
  decideSetClientSecret,
  decideUnauthorizeApi,
} from '../../domain/applications/application.ts';
import { appId } from '../../domain/id-parsers.ts';
import { accept, type Result, refuse } from '../../domain/result.ts';
import type { Command, Scope } from '../command.ts';
import { may } from '../permissions.ts';
import {
  clientSecretRef,
  configurationOf,
  discardSecret,
  oidcInput,
  type SecretFacts,
  settingsInput,
  settingsOf,
  storeSecret,
} from './application-command.ts';

export type ApplicationCommandRefusal =
  | ApplicationRefusal
  | { readonly reason: 'api-not-found' }
  | { readonly reason: 'scope-not-of-api'; readonly scope: string }
  /** A client is as powerful as its scopes: nobody hands out, or takes over, more than he holds. */
  | { readonly reason: 'exceeds-own-permissions' };

type Change<Input, Facts = undefined> = Command<Input, Application, ApplicationCommandRefusal, Facts>;

const only = z.strictObject({ applicationId: appId });
const update = {
  permissions: ['internal_application_mgt_update'],
  aggregate: applications,
  target: (input: { readonly applicationId: string }): string => input.applicationId,
};

const changeInput = settingsInput.extend({ applicationId: appId, name: z.string().optional() });

export const changeApplication: Change<z.output<typeof changeInput>> = {
  ...update,
  type: 'ChangeApplication',
  summary: 'Changes name, presentation, consent and claim settings, or switches the application on or off.',
  input: changeInput,
  decide: guarded((application, { applicationId: _, name, ...settings }) =>
    decideChangeApplication(application, { ...settingsOf(settings), ...(name === undefined ? {} : { name }) }),
  ),
};

const configureInput = z.strictObject({ applicationId: appId, oidc: oidcInput });

export const configureOidc: Change<z.output<typeof configureInput>, SecretFacts> = {
  ...update,
  type: 'ConfigureOidc',
  summary: 'Sets or replaces the OpenID Connect configuration; a new confidential client gets a secret.',
  input: configureInput,
  facts: async (scope) => {
    const { oidc } = scope.input;
    const { state } = await scope.kernel.aggregates.load(applications, scope.id);
    const clientId = oidc.clientId ?? state.oidc?.clientId ?? scope.derivedId('client-id').replaceAll('-', '');
    const hasSecret = state.oidc !== null && state.oidc.secret !== null;
    const needsSecret = !oidc.publicClient && (!hasSecret || oidc.clientSecret !== undefined);
    if (!needsSecret || state.tenant !== scope.envelope.caller.tenant) return accept({ clientId });
    return accept({ clientId, secret: await storeSecret(scope, oidc.clientSecret) });
  },
  decide: guarded((application, { oidc }, { clientId, secret }) =>
    decideConfigureOidc(application, {
      oidc: configurationOf(oidc, clientId),
      ...(secret === undefined ? {} : { secret }),
    }),
  ),
  undo: discardSecret,
};

interface RotationFacts {
  readonly secret: string;
  readonly former: string | null;
}

export const regenerateClientSecret: Change<z.output<typeof only>, RotationFacts> = {
  ...update,
  type: 'RegenerateClientSecret',
  summary: 'Makes a new client secret; the former one and the tokens got with it end.',
  input: only,
  facts: async (scope) => {
    const { state } = await scope.kernel.aggregates.load(applications, scope.id);
    if (state.status !== 'present' || state.tenant !== scope.envelope.caller.tenant) {
      return refuse({ reason: 'application-not-found' });
    }
    if (state.oidc === null) return refuse({ reason: 'oidc-not-configured' });
    if (state.oidc.publicClient) return refuse({ reason: 'public-client-has-no-secret' });
    return accept({ secret: await storeSecret(scope, undefined), former: state.oidc.secret });
  },
  decide: guarded((application, _, { secret }) => decideSetClientSecret(application, secret)),
  undo: discardSecret,
  afterwards: async ({ state }, { secret, former }, scope) => {
    if (state.oidc?.secret !== secret) return await discardSecret({ secret }, scope);
    if (former !== null) await scope.kernel.vault.removeSecret(clientSecretRef(scope.id, former));
  },
};

export const revokeClient: Change<z.output<typeof only>> = {
  ...update,
  type: 'RevokeClient',
  summary: 'Revokes the client: its tokens die and it gets none until its secret is regenerated.',
  input: only,
  decide: guarded((application) => decideRevokeClient(application)),
};

export const removeOidc: Change<z.output<typeof only>> = {
  ...update,
  type: 'RemoveOidc',
  summary: 'Removes the OpenID Connect configuration.',
  input: only,
  decide: guarded((application) => decideRemoveOidc(application)),
};

export const deleteApplication: Change<z.output<typeof only>> = {
  ...update,
  type: 'DeleteApplication',
  summary: 'Deletes an application.',
  input: only,
  permissions: ['internal_application_mgt_delete'],
  decide: guarded((application) => decideDeleteApplication(application)),
};

const scopeList = z.array(z.string().max(255)).max(500);
const authorizeInput = z.strictObject({
  applicationId: appId,
  api: z.string(),
  policy: z.enum(['RBAC', 'NO POLICY']).default('RBAC'),
  scopes: scopeList.default([]),
});

export const authorizeApi: Change<z.output<typeof authorizeInput>> = {
  ...update,
  type: 'AuthorizeApi',
  summary: 'Lets an application ask for scopes of an API.',
  input: authorizeInput,
  facts: (scope) => checkScopes(scope, scope.input.scopes),
  decide: guarded((application, command) => decideAuthorizeApi(application, command)),
};

const changeScopesInput = z.strictObject({
  applicationId: appId,
  api: z.string(),
  added: scopeList.default([]),
  removed: scopeList.default([]),
});

export const changeApiScopes: Change<z.output<typeof changeScopesInput>> = {
  ...update,
  type: 'ChangeApiScopes',
  summary: 'Adds and removes scopes of an authorized API.',
  input: changeScopesInput,
  facts: (scope) => checkScopes(scope, scope.input.added),
  decide: guarded((application, command) => decideChangeApiScopes(application, command)),
};

const unauthorizeInput = z.strictObject({ applicationId: appId, api: z.string() });

export const unauthorizeApi: Change<z.output<typeof unauthorizeInput>> = {
  ...update,
  type: 'UnauthorizeApi',
  summary: 'Takes an API from an application.',
  input: unauthorizeInput,
  decide: guarded((application, { api }) => decideUnauthorizeApi(application, api)),
};

async function checkScopes(
  scope: Scope<{ readonly api: string }>,
  scopes: readonly string[],
): Promise<Result<undefined, ApplicationCommandRefusal>> {
  const api = apiById(scope.input.api);
  if (api === null) return refuse({ reason: 'api-not-found' });
  const foreign = scopes.find((name) => !api.scopes.includes(name));
  if (foreign !== undefined) return refuse({ reason: 'scope-not-of-api', scope: foreign });
  if (scopes.some((name) => !may(scope.envelope.caller, [name]))) return refuse({ reason: 'exceeds-own-permissions' });
  return accept(undefined);
}

function guarded<Input, Facts>(decide: Change<Input, Facts>['decide']): Change<Input, Facts>['decide'] {
  return (application, input, facts, scope) => {
    const carried = [...application.apis.values()].flatMap(({ scopes }) => [...scopes]);
    const exceeds = carried.some((name) => !may(scope.envelope.caller, [name]));
    return exceeds ? refuse({ reason: 'exceeds-own-permissions' }) : decide(application, input, facts, scope);
  };
}
