/**
 * Bulk operations (RFC 7644 §3.7): each goes through the handler of its own endpoint, so that it is allowed, judged and
 * answered as if it had come alone, and is one command: done or not done.
 */
import { createHash } from 'node:crypto';
import { admit } from '../../../commands/admit.ts';
import type { Caller } from '../../../commands/caller.ts';
import { may } from '../../../commands/permissions.ts';
import type { AppId, UserId } from '../../../domain/ids.ts';
import type { Json } from '../../../domain/json.ts';
import { laterPosition, type Position } from '../../../infra/event-store/position.ts';
import { expectedFailure } from '../../http/failure.ts';
import type { Request, Response } from '../../http/route.ts';
import type { Handler, ResourceType } from '../resource-type.ts';
import { callerOf, refusalOf, type ScimDoor, scimErrors, scimReply } from '../scim-door.ts';
import { quoted, ScimError } from '../scim-error.ts';
import { isMap } from '../users/values.ts';
import { idWith, orderOf, referencesOf, withIds } from './references.ts';
import { type BulkRequest, type Operation, readBulk, type Target } from './request.ts';

const BULK_RESPONSE = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse';

/** Suffices for every operation. */
const EVERY_OPERATION = 'internal_bulk_resource_create';

/** One of these opens the endpoint; each operation is then judged by its own. */
export const bulkScopes = (types: readonly ResourceType[]): readonly string[] => [
  EVERY_OPERATION,
  ...types.flatMap(({ bulk }) => [...bulk.scopes.create, ...bulk.scopes.update, ...bulk.scopes.delete]),
];

interface Run {
  readonly door: ScimDoor;
  readonly request: Request;
  readonly bulk: BulkRequest;
  /** Of what was created so far, by bulkId; null where it failed. */
  readonly ids: Map<string, string | null>;
  position: Position | null;
}

export const runBulk =
  (types: readonly ResourceType[]): Handler =>
  async (door, request) => {
    const bulk = readBulk(types, request.body);
    const run: Run = { door, request, bulk, ids: new Map(), position: null };
    const results = await performAll(run);
    const reply = scimReply(200, { schemas: [BULK_RESPONSE], Operations: results });
    return run.position === null ? reply : { ...reply, position: run.position };
  };

/** In the order of the request; without those that were not begun. */
async function performAll(run: Run): Promise<readonly object[]> {
  const { operations, failOnErrors } = run.bulk;
  const makers = new Map(
    operations.flatMap(({ method, bulkId }, index) => (method === 'POST' && bulkId !== null ? [[bulkId, index]] : [])),
  );
  const references = operations.map((operation) =>
    [...referencesOf(operation)].flatMap((name) => makers.get(name) ?? []),
  );
  const { indexes, circular } = orderOf(references);
  const results = new Map<number, object>();
  let failures = 0;
  for (const index of indexes) {
    const operation = operations[index] as Operation;
    const done = await perform(run, operation, { index, isCircular: circular.has(index) });
    results.set(index, resultOf(run, operation, done));
    failures += done.response.status >= 400 ? 1 : 0;
    if (done.isLast || (failOnErrors !== null && failures >= failOnErrors) || run.request.signal.aborted) break;
  }
  return operations.flatMap((_, index) => results.get(index) ?? []);
}

interface Done {
  readonly response: Response;
  /** Where the resource is that was meant. */
  readonly location: string | null;
  /** Nothing is begun after it. */
  readonly isLast: boolean;
}

interface Place {
  readonly index: number;
  readonly isCircular: boolean;
}

async function perform(run: Run, operation: Operation, place: Place): Promise<Done> {
  let location: string | null = null;
  try {
    const target = permitted(run, operation);
    if (place.isCircular) throw new ScimError(409, null, 'The operation takes part in a circle of references.');
    const id = target.id === null ? null : idWith(target.id, (bulkId) => madeId(run, bulkId));
    location =
      id === null ? null : `${run.request.tenant.baseUrl}/scim2${target.type.endpoint}/${encodeURIComponent(id)}`;
    const data = operation.data === undefined ? null : withIds(operation.data, (bulkId) => madeId(run, bulkId));
    if (!(await isAdmitted(run))) return { response: nobody, location, isLast: true };
    const request = operationRequest(run, operation, { target, id, data, index: place.index });
    const response = await target.type.handlers[target.action.handler](run.door, request);
    note(run, operation, response);
    return { response, location: headerOf(response, 'location') ?? location, isLast: false };
  } catch (error) {
    note(run, operation, null);
    const response = refusalOf(error) ?? failed(run, error);
    return { response: response ?? faulted(run, error), location, isLast: response === null };
  }
}

const error = (status: number, detail: string): Response =>
  scimErrors.respond({ status, reason: 'refused', detail }, { correlationId: '' });

/** The caller was locked, disabled or removed while his request ran. */
const nobody = error(401, 'A valid credential is required.');

function failed({ request }: Run, thrown: unknown): Response | null {
  const failure = expectedFailure(thrown);
  return failure === null ? null : scimErrors.respond(failure, request);
}

/** What was done before is done and has to be told, so a fault does not take the whole answer away. */
function faulted({ door, request }: Run, thrown: unknown): Response {
  door.kernel.telemetry.log.error('scim.bulk.operation_failed', {
    action: 'Report this with its correlation id: it is a fault of the server.',
    correlationId: request.correlationId,
    ...(request.traceId === null ? {} : { traceId: request.traceId }),
    error: thrown,
  });
  return error(500, 'The operation failed on the server. The trace id leads to the cause in its log.');
}

function permitted({ request }: Run, { target }: Operation): Target {
  if (target instanceof ScimError) throw target;
  const { type, action } = target;
  if (may(callerOf(request), [EVERY_OPERATION, ...type.bulk.scopes[action.verb]])) return target;
  const detail = 'Operation is not permitted. You do not have permissions to make this request.';
  throw new ScimError(403, null, detail);
}

function madeId({ ids, bulk }: Run, bulkId: string): string {
  const id = ids.get(bulkId);
  if (typeof id === 'string') return id;
  const isKnown = bulk.operations.some((operation) => operation.method === 'POST' && operation.bulkId === bulkId);
  if (isKnown) throw new ScimError(409, null, `The operation with the bulkId ${quoted(bulkId)} made nothing.`);
  throw new ScimError(400, 'invalidValue', `No operation makes a resource with the bulkId ${quoted(bulkId)}.`);
}

/** A request may run for long: the caller's right to be here is looked at before each of its operations. */
async function isAdmitted({ door, request }: Run): Promise<boolean> {
  const { kind, id, tenant } = callerOf(request);
  if (kind === 'system') return true;
  const subject = kind === 'user' ? { user: id as UserId } : { application: id as AppId };
  return (await admit(door.kernel, { tenant, ...subject })).ok;
}

interface Resolved {
  readonly target: Target;
  readonly id: string | null;
  readonly data: Json;
  readonly index: number;
}

/** The operation as a request to its own endpoint. */
function operationRequest(run: Run, { method, version }: Operation, { target, id, data, index }: Resolved): Request {
  const { request, position } = run;
  const { minPosition, headers } = request;
  const key = headers['idempotency-key'];
  return {
    method,
    path: `/scim2${target.type.endpoint}${id === null ? '' : `/${id}`}`,
    params: id === null ? {} : { id },
    query: new URLSearchParams(),
    headers: {
      ...(headers['user-agent'] === undefined ? {} : { 'user-agent': headers['user-agent'] }),
      ...(version === null ? {} : { 'if-match': version }),
      ...(key === undefined ? {} : { 'idempotency-key': keyOf(String(key), index) }),
    },
    cookies: request.cookies,
    body: data,
    tenant: request.tenant,
    caller: operationCaller(callerOf(request), target),
    ip: request.ip,
    correlationId: request.correlationId,
    traceId: request.traceId,
    minPosition:
      minPosition !== null && position !== null ? laterPosition(minPosition, position) : (position ?? minPosition),
    signal: request.signal,
  };
}

/** A repeat of the request is, operation by operation, a repeat. */
const keyOf = (key: string, index: number): string =>
  createHash('sha256').update(`${key}\n${index}`).digest('base64url');

/** The scope for bulk operations stands for that of the endpoint, for this operation alone. */
const operationCaller = (caller: Caller, { type, action }: Target): Caller => ({
  ...caller,
  permissions: new Set([...caller.permissions, ...type.scopes[action.verb]]),
});

/** Keeps what later operations and the next request must know. */
function note(run: Run, { method, bulkId }: Operation, response: Response | null): void {
  const { position } = response ?? {};
  if (position !== undefined) run.position = run.position === null ? position : laterPosition(run.position, position);
  if (method !== 'POST' || bulkId === null) return;
  const id = isMap(response?.body) ? response.body['id'] : undefined;
  run.ids.set(bulkId, typeof id === 'string' && response?.status === 201 ? id : null);
}

function headerOf({ headers }: Response, name: string): string | null {
  const value = headers?.[name];
  return typeof value === 'string' ? value : null;
}

/** RFC 7644 §3.7.3. The body stands there where the operation failed. */
function resultOf({ request }: Run, { method, bulkId }: Operation, { response, location }: Done): object {
  const version = headerOf(response, 'etag');
  const { status } = response;
  const body =
    response.body ??
    scimErrors.respond({ status, reason: 'refused', detail: 'The operation is refused.' }, request).body;
  return {
    method,
    ...(bulkId === null ? {} : { bulkId }),
    ...(version === null ? {} : { version }),
    ...(location === null ? {} : { location }),
    status: String(status),
    ...(status >= 400 ? { response: body } : {}),
  };
}
