import { z } from 'zod';
import {
  type Application,
  type ApplicationRefusal,
  applications,
  decideCreateApplication,
} from '../../domain/applications/application.ts';
import { accept } from '../../domain/result.ts';
import type { Command } from '../command.ts';
import {
  configurationOf,
  discardSecret,
  oidcInput,
  type SecretFacts,
  settingsInput,
  settingsOf,
  storeSecret,
} from './application-command.ts';

const input = settingsInput.extend({ name: z.string(), oidc: oidcInput.optional() });

export const createApplication: Command<z.output<typeof input>, Application, ApplicationRefusal, SecretFacts> = {
  type: 'CreateApplication',
  summary: 'Creates an application, with its OpenID Connect configuration where given.',
  input,
  permissions: ['internal_application_mgt_create'],
  aggregate: applications,
  target: () => null,
  facts: async (scope) => {
    const { oidc } = scope.input;
    const clientId = oidc?.clientId ?? scope.derivedId('client-id').replaceAll('-', '');
    if (oidc === undefined || oidc.publicClient) return accept({ clientId });
    return accept({ clientId, secret: await storeSecret(scope, oidc.clientSecret) });
  },
  decide: (application, { name, oidc, ...settings }, { clientId, secret }, { envelope }) =>
    decideCreateApplication(application, {
      tenant: envelope.caller.tenant,
      org: envelope.caller.org,
      name,
      settings: settingsOf(settings),
      ...(oidc === undefined ? {} : { oidc: configurationOf(oidc, clientId) }),
      ...(secret === undefined ? {} : { secret }),
    }),
  undo: discardSecret,
};
