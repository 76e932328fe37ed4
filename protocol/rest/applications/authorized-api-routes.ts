/** /applications/{id}/authorized-apis: for which scopes of which APIs an application may ask. */
import { z } from 'zod';
import { authorizeApi, changeApiScopes, unauthorizeApi } from '../../../commands/applications/change-application.ts';
import type { Kernel } from '../../../commands/kernel.ts';
import { execute } from '../../../commands/pipeline.ts';
import { apiById } from '../../../domain/applications/api-resources.ts';
import type { Application } from '../../../domain/applications/application.ts';
import type { Request, Response, Route } from '../../http/route.ts';
import { bodyOf, envelopeOf } from '../request-input.ts';
import { answering, RestError, restErrors } from '../rest-error.ts';
import { applicationError, applicationErrors } from './application-errors.ts';
import { APPLICATIONS_PATH, emptied, ownApplication, UPDATE, VIEW } from './application-routes.ts';

interface Dependencies {
  readonly kernel: Kernel;
}

const names = z.array(z.string().max(255)).max(500);
const creationModel = z.strictObject({
  id: z.string(),
  policyIdentifier: z.string().nullish(),
  scopes: names.nullish(),
  authorizationDetailsTypes: names.nullish(),
});
const patchModel = z.strictObject({
  addedScopes: names.nullish(),
  removedScopes: names.nullish(),
  addedAuthorizationDetailsTypes: names.nullish(),
  removedAuthorizationDetailsTypes: names.nullish(),
});

export function authorizedApiRoutes(deps: Dependencies): readonly Route[] {
  const all = `${APPLICATIONS_PATH}/:applicationId/authorized-apis`;
  const one = `${all}/:apiId`;
  const errors = restErrors;
  return [
    {
      method: 'GET',
      path: all,
      access: VIEW,
      body: 'none',
      errors,
      summary: 'Lists the APIs an application is authorized for.',
      handle: answering((request) => list(deps, request)),
    },
    {
      method: 'POST',
      path: all,
      access: UPDATE,
      body: 'json',
      errors,
      summary: 'Authorizes an application for an API.',
      handle: answering((request) => authorize(deps, request)),
    },
    {
      method: 'PATCH',
      path: one,
      access: UPDATE,
      body: 'json',
      errors,
      summary: 'Adds and removes scopes of an authorized API.',
      handle: answering((request) => change(deps, request)),
    },
    {
      method: 'DELETE',
      path: one,
      access: UPDATE,
      body: 'none',
      errors,
      summary: 'Takes an API from an application.',
      handle: answering((request) => remove(deps, request)),
    },
  ];
}

async function list(deps: Dependencies, request: Request): Promise<Response> {
  const { application } = await ownApplication(deps, request);
  return { status: 200, body: authorizedApis(application) };
}

const authorizedApis = ({ apis }: Application): readonly object[] =>
  [...apis].map(([id, { policy, scopes }]) => ({
    id,
    identifier: apiById(id)?.identifier ?? id,
    displayName: apiById(id)?.name ?? id,
    policyId: policy,
    type: 'SYSTEM',
    authorizedScopes: [...scopes].map((name) => ({ id: name, name, displayName: name })),
    authorizedAuthorizationDetailsTypes: [],
  }));

async function authorize(deps: Dependencies, request: Request): Promise<Response> {
  const { id } = await ownApplication(deps, request);
  const model = bodyOf(creationModel, request);
  refuseDetailsTypes(model.authorizationDetailsTypes);
  const input = {
    applicationId: id,
    api: model.id,
    policy: policyOf(model.policyIdentifier),
    scopes: model.scopes ?? [],
  };
  const result = await execute(deps.kernel, authorizeApi, input, envelopeOf(request));
  if (!result.ok) throw applicationError(result.refusal);
  // The contract prints 201; the published server and its clients say 200.
  return emptied(200, result.value.position);
}

/** Compared without regard to case. */
function policyOf(given: string | null | undefined): 'RBAC' | 'NO POLICY' {
  const policy = (given ?? 'RBAC').toUpperCase();
  if (policy !== 'RBAC' && policy !== 'NO POLICY') {
    throw new RestError(applicationErrors.invalidPolicy, 'The policy must be RBAC or No Policy.');
  }
  return policy;
}

function refuseDetailsTypes(types: readonly string[] | null | undefined): void {
  if (types === null || types === undefined || types.length === 0) return;
  throw new RestError(applicationErrors.detailsType, 'The API has no authorization details types.');
}

async function change(deps: Dependencies, request: Request): Promise<Response> {
  const { id } = await ownApplication(deps, request);
  const model = bodyOf(patchModel, request);
  refuseDetailsTypes(model.addedAuthorizationDetailsTypes);
  const removed = model.removedScopes ?? [];
  const added = (model.addedScopes ?? []).filter((scope) => !removed.includes(scope));
  const input = { applicationId: id, api: request.params['apiId'] ?? '', added, removed };
  const result = await execute(deps.kernel, changeApiScopes, input, envelopeOf(request));
  if (!result.ok) throw applicationError(result.refusal);
  return emptied(200, result.value.position);
}

async function remove(deps: Dependencies, request: Request): Promise<Response> {
  const { id } = await ownApplication(deps, request);
  const input = { applicationId: id, api: request.params['apiId'] ?? '' };
  const result = await execute(deps.kernel, unauthorizeApi, input, envelopeOf(request));
  if (!result.ok) throw applicationError(result.refusal);
  return emptied(204, result.value.position);
}
