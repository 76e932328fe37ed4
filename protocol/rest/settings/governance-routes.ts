/** /identity-governance: the switches of an organization, by connector and category. */
import { z } from 'zod';
import { OWN_ACCOUNT_SCOPE } from '../../../commands/access.ts';
import type { Kernel } from '../../../commands/kernel.ts';
import { may } from '../../../commands/permissions.ts';
import { execute } from '../../../commands/pipeline.ts';
import { configureConnectors, revertConnector } from '../../../commands/settings/change-settings.ts';
import { effectiveSettings } from '../../../commands/settings/effective-settings.ts';
import { connectorOf, settingIn } from '../../../domain/settings/catalogue.ts';
import type { ConnectorChange } from '../../../domain/settings/organization-settings.ts';
import type { Connector } from '../../../domain/settings/setting.ts';
import type { Request, Response, Route } from '../../http/route.ts';
import { apiPath, bodyOf, callerOf, envelopeOf } from '../request-input.ts';
import { answering, invalidRequest, RestError, restErrors } from '../rest-error.ts';
import {
  categoryNotFound,
  connectorNotFound,
  connectorUnknown,
  governanceError,
  noFilter,
  noPaging,
  noSort,
  quoted,
  revertUnknownSetting,
  revertWithoutConnector,
  settingUnknown,
} from './governance-errors.ts';
import { categoryList, categoryName, connectorBody, connectorIn, connectorsIn } from './governance-wire.ts';

const BASE = '/api/server/v1/identity-governance';
const VIEW = { kind: 'scopes', scopes: ['internal_idp_view', 'internal_idp_update'] } as const;
const UPDATE = { kind: 'scopes', scopes: ['internal_idp_update'] } as const;
/** Whoever is signed in may know what is switched on: portals ask before they show a link. */
const LOGIN = { kind: 'authenticated' } as const;

const NAMES_MAX = 200;
const property = z.object({ name: z.string(), value: z.string() });
const properties = z.array(property).max(NAMES_MAX);
const operation = z.literal('UPDATE');
const onePatch = z.object({ operation, properties });
const manyPatch = z.object({
  operation,
  connectors: z
    .array(z.object({ id: z.string(), properties }))
    .min(1)
    .max(NAMES_MAX),
});
const revertBody = z.object({ properties: z.array(z.string()).min(1).max(NAMES_MAX) });
const preferenceBody = z
  .array(z.object({ 'connector-name': z.string(), properties: z.array(z.string()).max(NAMES_MAX).optional() }))
  .min(1)
  .max(NAMES_MAX);

type Handle = (kernel: Kernel, request: Request) => Promise<Response> | Response;

export function governanceRoutes({ kernel }: { readonly kernel: Kernel }): readonly Route[] {
  const route = (given: Pick<Route, 'method' | 'path' | 'access' | 'summary'>, handle: Handle): Route => ({
    ...given,
    body: given.method === 'GET' ? 'none' : 'json',
    errors: restErrors,
    handle: answering((request) => handle(kernel, request)),
  });
  const category = `${BASE}/:category`;
  return [
    route({ method: 'GET', path: BASE, access: VIEW, summary: 'Lists categories of connectors.' }, list),
    route(
      { method: 'POST', path: `${BASE}/preferences`, access: LOGIN, summary: 'Reads named settings.' },
      preferences,
    ),
    route({ method: 'GET', path: category, access: VIEW, summary: 'Reads a category of connectors.' }, readCategory),
    route({ method: 'GET', path: `${category}/connectors`, access: VIEW, summary: 'Reads connectors.' }, readMany),
    route({ method: 'PATCH', path: `${category}/connectors`, access: UPDATE, summary: 'Sets connectors.' }, patchMany),
    route(
      { method: 'POST', path: `${category}/connectors/revert`, access: UPDATE, summary: 'Reverts settings.' },
      revert,
    ),
    route(
      { method: 'GET', path: `${category}/connectors/:connector`, access: VIEW, summary: 'Reads a connector.' },
      readOne,
    ),
    route(
      { method: 'PATCH', path: `${category}/connectors/:connector`, access: UPDATE, summary: 'Sets a connector.' },
      patchOne,
    ),
  ];
}

function list(_: Kernel, request: Request): Response {
  const { query } = request;
  if (query.has('limit') || query.has('offset')) throw new RestError(noPaging, 'The list has no pages.');
  if (query.has('filter')) throw new RestError(noFilter, 'The list cannot be filtered.');
  if (query.has('sort')) throw new RestError(noSort, 'The list cannot be sorted.');
  return { status: 200, body: categoryList(apiPath(request)) };
}

const settingsFor = (kernel: Kernel, request: Request) => effectiveSettings(kernel, callerOf(request));

async function readCategory(kernel: Kernel, request: Request): Promise<Response> {
  // The published path of the list ends in a slash.
  if (request.params['category'] === '') return list(kernel, request);
  const name = categoryOf(request);
  const settings = await settingsFor(kernel, request);
  return { status: 200, body: { name, connectors: connectorsIn(name).map((each) => connectorBody(each, settings)) } };
}

async function readMany(kernel: Kernel, request: Request): Promise<Response> {
  const members = connectorsIn(categoryOf(request));
  const settings = await settingsFor(kernel, request);
  return { status: 200, body: members.map((each) => connectorBody(each, settings)) };
}

async function readOne(kernel: Kernel, request: Request): Promise<Response> {
  const connector = connectorNamed(request, request.params['connector'] ?? '');
  return { status: 200, body: connectorBody(connector, await settingsFor(kernel, request)) };
}

async function patchOne(kernel: Kernel, request: Request): Promise<Response> {
  const connector = connectorNamed(request, request.params['connector'] ?? '');
  return await configure(kernel, request, [changeOf(connector, bodyOf(onePatch, request).properties)]);
}

async function patchMany(kernel: Kernel, request: Request): Promise<Response> {
  categoryOf(request);
  const { connectors } = bodyOf(manyPatch, request);
  const changes = connectors.map(({ id, properties: given }) => changeOf(connectorNamed(request, id), given));
  return await configure(kernel, request, changes);
}

function changeOf({ name }: Connector, given: z.output<typeof properties>): ConnectorChange {
  if (given.some(({ name: key }) => key === '__proto__'))
    throw new RestError(settingUnknown, 'There is no such property.');
  return { connector: name, set: Object.fromEntries(given.map(({ name: key, value }) => [key, value])) };
}

async function configure(kernel: Kernel, request: Request, connectors: readonly ConnectorChange[]): Promise<Response> {
  const input = { organizationId: callerOf(request).org, connectors };
  const outcome = await execute(kernel, configureConnectors, input, envelopeOf(request));
  if (!outcome.ok) throw governanceError(outcome.refusal) ?? unusable(outcome.refusal.reason);
  return done(outcome.value.position);
}

async function revert(kernel: Kernel, request: Request): Promise<Response> {
  categoryOf(request);
  const id = request.query.get('connectorId');
  if (id === null || id === '') throw new RestError(revertWithoutConnector, 'The parameter connectorId is missing.');
  const connector = connectorNamed(request, id);
  const { properties: settings } = bodyOf(revertBody, request);
  const input = { organizationId: callerOf(request).org, connector: connector.name, settings };
  const outcome = await execute(kernel, revertConnector, input, envelopeOf(request));
  if (outcome.ok) return done(outcome.value.position);
  const { refusal } = outcome;
  if (refusal.reason !== 'setting-unknown') throw governanceError(refusal) ?? unusable(refusal.reason);
  throw new RestError(revertUnknownSetting, `The connector has no property ${quoted(refusal.setting)}.`);
}

async function preferences(kernel: Kernel, request: Request): Promise<Response> {
  if (!may(callerOf(request), [OWN_ACCOUNT_SCOPE])) return { status: 403, body: null };
  const asked = bodyOf(preferenceBody, request);
  const settings = await settingsFor(kernel, request);
  const body = asked.map(({ 'connector-name': name, properties: names }) => {
    const connector = connectorOf(name);
    if (connector === null) throw new RestError(connectorUnknown, `There is no connector ${quoted(name)}.`);
    const unknown = names?.find((key) => settingIn(connector, key) === null);
    if (unknown !== undefined) {
      throw new RestError(settingUnknown, `The connector has no property ${quoted(unknown)}.`);
    }
    const shown = names ?? connector.settings.map((setting) => setting.name);
    return {
      'connector-name': name,
      properties: shown.map((key) => ({ name: key, value: settings.value(key).value })),
    };
  });
  return { status: 200, body };
}

function categoryOf({ params }: Request): string {
  const id = params['category'] ?? '';
  const name = categoryName(id);
  if (name !== null) return name;
  throw new RestError(categoryNotFound, `There is no category ${quoted(id)}.`);
}

function connectorNamed(request: Request, id: string): Connector {
  const connector = connectorIn(categoryOf(request), id);
  if (connector !== null) return connector;
  throw new RestError(connectorNotFound, `The category has no connector ${quoted(id)}.`);
}

const unusable = (reason: string): RestError => new RestError(invalidRequest, `The request was refused: ${reason}.`);

const done = (position: Response['position'] | null): Response => ({
  status: 200,
  body: null,
  ...(position === null || position === undefined ? {} : { position }),
});
