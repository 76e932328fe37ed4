/** /applications/{id}/inbound-protocols: which protocols an application speaks, and its OpenID Connect configuration. */
import { clientSecretRef } from '../../../commands/applications/application-command.ts';
import {
  configureOidc,
  regenerateClientSecret,
  removeOidc,
  revokeClient,
} from '../../../commands/applications/change-application.ts';
import type { Kernel } from '../../../commands/kernel.ts';
import { may } from '../../../commands/permissions.ts';
import { execute } from '../../../commands/pipeline.ts';
import type { Oidc } from '../../../domain/applications/application.ts';
import type { Request, Response, Route } from '../../http/route.ts';
import { apiPath, apiUrl, bodyOf, callerOf, envelopeOf } from '../request-input.ts';
import { answering, RestError, restErrors } from '../rest-error.ts';
import { applicationError, applicationErrors } from './application-errors.ts';
import { inboundProtocols } from './application-response.ts';
import { APPLICATIONS_PATH, emptied, ownApplication, UPDATE, VIEW } from './application-routes.ts';
import { oidcCommandInput, oidcModel, oidcResponse } from './oidc-wire.ts';

const SECRET_VIEW = ['internal_application_mgt_client_secret_view'];

interface Dependencies {
  readonly kernel: Kernel;
}

export function oidcRoutes(deps: Dependencies): readonly Route[] {
  const protocols = `${APPLICATIONS_PATH}/:applicationId/inbound-protocols`;
  const oidc = `${protocols}/oidc`;
  const errors = restErrors;
  const list = answering((request) => listProtocols(deps, request));
  return [
    ...[protocols, `${protocols}/`].map(
      (path): Route => ({
        method: 'GET',
        path,
        access: VIEW,
        body: 'none',
        errors,
        summary: 'Lists the protocols of an application.',
        handle: list,
      }),
    ),
    {
      method: 'GET',
      path: oidc,
      access: VIEW,
      body: 'none',
      errors,
      summary: 'Reads the OpenID Connect configuration of an application.',
      handle: answering((request) => readOidc(deps, request)),
    },
    {
      method: 'PUT',
      path: oidc,
      access: UPDATE,
      body: 'json',
      errors,
      summary: 'Sets or replaces the OpenID Connect configuration of an application.',
      handle: answering((request) => putOidc(deps, request)),
    },
    {
      method: 'DELETE',
      path: oidc,
      access: UPDATE,
      body: 'none',
      errors,
      summary: 'Removes the OpenID Connect configuration of an application.',
      handle: answering((request) => deleteOidc(deps, request)),
    },
    {
      method: 'POST',
      path: `${oidc}/regenerate-secret`,
      access: UPDATE,
      body: 'json',
      errors,
      summary: 'Makes a new client secret; the former one ends.',
      handle: answering((request) => regenerate(deps, request)),
    },
    {
      method: 'POST',
      path: `${oidc}/revoke`,
      access: UPDATE,
      body: 'json',
      errors,
      summary: 'Revokes the client: its tokens end.',
      handle: answering((request) => revoke(deps, request)),
    },
  ];
}

async function listProtocols(deps: Dependencies, request: Request): Promise<Response> {
  const { id, application } = await ownApplication(deps, request);
  return { status: 200, body: inboundProtocols({ id, application, base: apiPath(request) }) };
}

async function readOidc(deps: Dependencies, request: Request): Promise<Response> {
  const { id, application } = await ownApplication(deps, request);
  if (application.oidc === null) throw notConfigured();
  return { status: 200, headers: NO_STORE, body: await shown(deps, request, { id, oidc: application.oidc }) };
}

const NO_STORE = { 'cache-control': 'no-store' } as const;

const notConfigured = (): RestError =>
  new RestError(applicationErrors.oidcNotConfigured, 'The application has no OpenID Connect configuration.');

/** The secret is for those who hold the right to see secrets, and for nobody else. */
async function shown(
  { kernel }: Dependencies,
  request: Request,
  { id, oidc }: { readonly id: string; readonly oidc: Oidc },
): Promise<object> {
  const mayRead = oidc.secret !== null && !oidc.publicClient && may(callerOf(request), SECRET_VIEW);
  const secret = mayRead && oidc.secret !== null ? await kernel.vault.secret(clientSecretRef(id, oidc.secret)) : null;
  return oidcResponse(oidc, secret?.toString() ?? null);
}

async function putOidc(deps: Dependencies, request: Request): Promise<Response> {
  const { id, application } = await ownApplication(deps, request);
  const oidc = oidcCommandInput(bodyOf(oidcModel, request));
  const result = await execute(deps.kernel, configureOidc, { applicationId: id, oidc }, envelopeOf(request));
  if (!result.ok) throw applicationError(result.refusal, true);
  const answer = emptied(application.oidc === null ? 201 : 200, result.value.position);
  if (answer.status === 200) return answer;
  return { ...answer, headers: { location: `${apiUrl(request)}/applications/${id}/inbound-protocols/oidc` } };
}

async function deleteOidc(deps: Dependencies, request: Request): Promise<Response> {
  const { id } = await ownApplication(deps, request);
  const result = await execute(deps.kernel, removeOidc, { applicationId: id }, envelopeOf(request));
  if (!result.ok) throw applicationError(result.refusal, true);
  return emptied(204, result.value.position);
}

async function regenerate(deps: Dependencies, request: Request): Promise<Response> {
  const { id } = await ownApplication(deps, request);
  const result = await execute(deps.kernel, regenerateClientSecret, { applicationId: id }, envelopeOf(request));
  if (!result.ok) throw applicationError(result.refusal, true);
  const { state, position } = result.value;
  if (state.oidc === null) throw notConfigured();
  const answer = { status: 200, headers: NO_STORE, body: await shown(deps, request, { id, oidc: state.oidc }) };
  return position === null ? answer : { ...answer, position };
}

async function revoke(deps: Dependencies, request: Request): Promise<Response> {
  const { id } = await ownApplication(deps, request);
  const result = await execute(deps.kernel, revokeClient, { applicationId: id }, envelopeOf(request));
  if (!result.ok) throw applicationError(result.refusal, true);
  return emptied(200, result.value.position);
}
