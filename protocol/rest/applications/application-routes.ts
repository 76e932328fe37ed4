/** /applications: create, list, read, change, delete. */
import type { z } from 'zod';
import type { oidcInput } from '../../../commands/applications/application-command.ts';
import { changeApplication, deleteApplication } from '../../../commands/applications/change-application.ts';
import { createApplication } from '../../../commands/applications/create-application.ts';
import { execute } from '../../../commands/pipeline.ts';
import { type Application, applications } from '../../../domain/applications/application.ts';
import { isUuid } from '../../../domain/id-parsers.ts';
import type { Request, Response, Route } from '../../http/route.ts';
import { apiPath, apiUrl, bodyOf, callerOf, envelopeOf } from '../request-input.ts';
import { answering, RestError, restErrors } from '../rest-error.ts';
import { applicationError, applicationErrors } from './application-errors.ts';
import { applicationResponse } from './application-response.ts';
import {
  applicationModel,
  applicationPatchModel,
  onCreate,
  onRename,
  refuseReservedName,
  settingsCommandInput,
} from './application-wire.ts';
import { type ListDependencies, listApplications } from './list-applications.ts';
import { oidcCommandInput } from './oidc-wire.ts';

export const APPLICATIONS_PATH = '/api/server/v1/applications';

export const VIEW = { kind: 'scopes', scopes: ['internal_application_mgt_view'] } as const;
export const UPDATE = { kind: 'scopes', scopes: ['internal_application_mgt_update'] } as const;
const CREATE = { kind: 'scopes', scopes: ['internal_application_mgt_create'] } as const;
const DELETE = { kind: 'scopes', scopes: ['internal_application_mgt_delete'] } as const;

export function applicationRoutes(deps: ListDependencies): readonly Route[] {
  const one = `${APPLICATIONS_PATH}/:applicationId`;
  const errors = restErrors;
  return [
    {
      method: 'POST',
      path: APPLICATIONS_PATH,
      access: CREATE,
      body: 'json',
      errors,
      summary: 'Creates an application.',
      handle: answering((request) => create(deps, request)),
    },
    {
      method: 'GET',
      path: APPLICATIONS_PATH,
      access: VIEW,
      body: 'none',
      errors,
      summary: 'Lists applications.',
      handle: answering((request) => listApplications(deps, request)),
    },
    {
      method: 'GET',
      path: one,
      access: VIEW,
      body: 'none',
      errors,
      summary: 'Reads an application.',
      handle: answering((request) => read(deps, request)),
    },
    {
      method: 'PATCH',
      path: one,
      access: UPDATE,
      body: 'json',
      errors,
      summary: 'Changes an application.',
      handle: answering((request) => change(deps, request)),
    },
    {
      method: 'DELETE',
      path: one,
      access: DELETE,
      body: 'none',
      errors,
      summary: 'Deletes an application.',
      handle: answering((request) => remove(deps, request)),
    },
  ];
}

/** The newest state of an application that the caller's organization owns. */
export async function ownApplication(
  { kernel }: Pick<ListDependencies, 'kernel'>,
  request: Request,
): Promise<{ readonly id: string; readonly application: Application }> {
  const id = request.params['applicationId'] ?? '';
  const { tenant, org } = callerOf(request);
  const state = isUuid(id) ? (await kernel.aggregates.load(applications, id)).state : applications.initial;
  if (state.status === 'present' && state.tenant === tenant && state.org === org) return { id, application: state };
  throw new RestError(applicationErrors.notFound, 'There is no such application.');
}

async function create({ kernel }: ListDependencies, request: Request): Promise<Response> {
  if (request.query.has('template')) {
    throw new RestError(applicationErrors.templateUnsupported, 'Applications are not created from templates.');
  }
  const model = bodyOf(applicationModel, request);
  refuseReservedName(model.name, onCreate);
  const settings = settingsCommandInput(model);
  const wire = model.inboundProtocolConfiguration?.oidc ?? null;
  const oidc: { oidc?: z.input<typeof oidcInput> } = wire === null ? {} : { oidc: oidcCommandInput(wire) };
  const input = { name: model.name, ...settings, ...oidc };
  const result = await execute(kernel, createApplication, input, envelopeOf(request));
  if (!result.ok) throw applicationError(result.refusal, wire !== null);
  const { id, position } = result.value;
  const location = `${apiUrl(request)}/applications/${id}`;
  return { status: 201, headers: { location }, body: null, ...(position === null ? {} : { position }) };
}

async function read(deps: ListDependencies, request: Request): Promise<Response> {
  const { id, application } = await ownApplication(deps, request);
  const body = applicationResponse({ id, application, caller: callerOf(request), base: apiPath(request) });
  return { status: 200, body };
}

async function change(deps: ListDependencies, request: Request): Promise<Response> {
  const { id, application } = await ownApplication(deps, request);
  const model = bodyOf(applicationPatchModel, request);
  if (model.name !== application.name) refuseReservedName(model.name, onRename);
  const name = model.name === undefined ? {} : { name: model.name };
  const input = { applicationId: id, ...settingsCommandInput(model), ...name };
  const result = await execute(deps.kernel, changeApplication, input, envelopeOf(request));
  if (!result.ok) throw applicationError(result.refusal);
  return emptied(200, result.value.position);
}

async function remove(deps: ListDependencies, request: Request): Promise<Response> {
  const { id } = await ownApplication(deps, request);
  const result = await execute(deps.kernel, deleteApplication, { applicationId: id }, envelopeOf(request));
  if (!result.ok) throw applicationError(result.refusal);
  return emptied(204, result.value.position);
}

export const emptied = (status: number, position: Response['position'] | null): Response => ({
  status,
  body: null,
  ...(position === null || position === undefined ? {} : { position }),
});
