/** /tenants: root organizations, managed from the super organization. */
import { createRootOrganization, setOrganizationActive } from '../../../commands/organizations/root-organization.ts';
import { execute } from '../../../commands/pipeline.ts';
import { ownerOf } from '../../../commands/reservations.ts';
import { isUuid } from '../../../domain/id-parsers.ts';
import { handleClaim, type Organization, organizations } from '../../../domain/organizations/organization.ts';
import { users } from '../../../domain/users/user.ts';
import type { Request, Response, Route } from '../../http/route.ts';
import { apiUrl, bodyOf, envelopeOf } from '../request-input.ts';
import { answering, RestError, restErrors } from '../rest-error.ts';
import { listTenants, ownersOf, type TenantDependencies } from './list-tenants.ts';
import { tenantError, tenantErrors } from './tenant-errors.ts';
import {
  lifecycleModel,
  ownerResponse,
  refuseDomain,
  tenantCommandInput,
  tenantModel,
  tenantOf,
  tenantResponse,
} from './tenant-wire.ts';

const TENANTS = '/api/server/v1/tenants';
const ONE = `${TENANTS}/:tenantId`;
const DOMAIN = `${TENANTS}/domain/:domain`;
const LIST = { kind: 'scopes', scopes: ['internal_list_tenants'] } as const;
const MODIFY = { kind: 'scopes', scopes: ['internal_modify_tenants'] } as const;

type Handle = (deps: TenantDependencies, request: Request) => Promise<Response>;
type Row = readonly [
  method: Route['method'],
  path: string,
  access: typeof LIST | typeof MODIFY,
  Handle,
  summary: string,
];

const rows: readonly Row[] = [
  ['GET', TENANTS, LIST, listTenants, 'Lists root organizations.'],
  ['POST', TENANTS, MODIFY, create, 'Creates a root organization with its owner.'],
  ['GET', ONE, LIST, readById, 'Reads a root organization.'],
  ['GET', DOMAIN, LIST, readByDomain, 'Reads a root organization by its domain.'],
  ['HEAD', DOMAIN, LIST, isTaken, 'Says whether a domain is taken.'],
  ['PUT', `${ONE}/lifecycle-status`, MODIFY, setStatus, 'Activates or deactivates a root organization.'],
  ['GET', `${ONE}/owners`, LIST, listOwners, 'Lists the owners of a root organization.'],
  ['GET', `${ONE}/owners/:ownerId`, LIST, readOwner, 'Reads an owner of a root organization.'],
];

export const tenantRoutes = (deps: TenantDependencies): readonly Route[] =>
  rows.map(
    ([method, path, access, handle, summary]): Route => ({
      method,
      path,
      access,
      body: method === 'POST' || method === 'PUT' ? 'json' : 'none',
      errors: restErrors,
      superOnly: true,
      summary,
      handle: answering((request) => handle(deps, request)),
    }),
  );

async function create({ kernel }: TenantDependencies, request: Request): Promise<Response> {
  const input = tenantCommandInput(bodyOf(tenantModel, request));
  const result = await execute(kernel, createRootOrganization, input, envelopeOf(request));
  if (!result.ok) throw tenantError(result.refusal);
  const { id, position } = result.value;
  const answer = { status: 201, headers: { location: `${apiUrl(request)}/tenants/${id}` }, body: null };
  return position === null ? answer : { ...answer, position };
}

async function rootOrganization({ kernel }: TenantDependencies, id: string): Promise<Organization | null> {
  if (!isUuid(id)) return null;
  const { state } = await kernel.aggregates.load(organizations, id);
  const exists = state.status === 'active' || state.status === 'inactive';
  return exists && state.kind === 'root' ? state : null;
}

async function named(deps: TenantDependencies, request: Request): Promise<{ id: string; organization: Organization }> {
  const id = request.params['tenantId'] ?? '';
  const organization = await rootOrganization(deps, id);
  if (organization !== null) return { id, organization };
  throw new RestError(tenantErrors.unknownId, 'There is no tenant of that id.');
}

async function shown({ kernel }: TenantDependencies, id: string, organization: Organization): Promise<Response> {
  const owners = await ownersOf(kernel, organization.owner);
  return { status: 200, body: tenantResponse(tenantOf(id, organization, owners)) };
}

async function readById(deps: TenantDependencies, request: Request): Promise<Response> {
  const { id, organization } = await named(deps, request);
  return await shown(deps, id, organization);
}

async function readByDomain(deps: TenantDependencies, request: Request): Promise<Response> {
  const domain = request.params['domain'] ?? '';
  refuseDomain(domain);
  const id = await ownerOf(deps.kernel, handleClaim(domain));
  const organization = id === null ? null : await rootOrganization(deps, id);
  if (id === null || organization === null) {
    throw new RestError(tenantErrors.unknownDomain, 'There is no tenant of that domain.');
  }
  return await shown(deps, id, organization);
}

/** Taken for ever, once somebody had it: also by an organization that is no tenant, or no more. */
async function isTaken({ kernel }: TenantDependencies, request: Request): Promise<Response> {
  const domain = request.params['domain'] ?? '';
  refuseDomain(domain);
  const owner = await ownerOf(kernel, handleClaim(domain));
  return { status: owner === null ? 404 : 200, body: null };
}

async function setStatus(deps: TenantDependencies, request: Request): Promise<Response> {
  const { id } = await named(deps, request);
  const { activated } = bodyOf(lifecycleModel, request);
  const input = { organizationId: id, active: activated };
  const result = await execute(deps.kernel, setOrganizationActive, input, envelopeOf(request));
  if (!result.ok) throw tenantError(result.refusal);
  const { position } = result.value;
  return position === null ? { status: 200, body: null } : { status: 200, body: null, position };
}

async function listOwners(deps: TenantDependencies, request: Request): Promise<Response> {
  const { organization } = await named(deps, request);
  return { status: 200, body: await ownersOf(deps.kernel, organization.owner) };
}

async function readOwner(deps: TenantDependencies, request: Request): Promise<Response> {
  const { organization } = await named(deps, request);
  const id = request.params['ownerId'] ?? '';
  const state = organization.owner === id ? (await deps.kernel.aggregates.load(users, id)).state : users.initial;
  if (state.status !== 'present') throw new RestError(tenantErrors.unknownOwner, 'The tenant has no such owner.');
  const claims = (request.query.get('additionalClaims') ?? '').split(',').filter((claim) => claim !== '');
  return { status: 200, body: ownerResponse(id, state, claims) };
}
