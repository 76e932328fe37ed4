/** Reads the body of a bulk request (RFC 7644 §3.7). */
import type { Json } from '../../../domain/json.ts';
import { BODY_BYTES_MAX } from '../../http/route.ts';
import { memberOf } from '../patch/request.ts';
import type { ResourceType, VerbScopes } from '../resource-type.ts';
import { quoted, ScimError } from '../scim-error.ts';
import { isMap, type JsonMap } from '../users/values.ts';

export const BULK_OPERATIONS_MAX = 1_000;
export const BULK_BYTES_MAX = BODY_BYTES_MAX;
const BULK_ID_CHARACTERS_MAX = 255;

export interface BulkRequest {
  /** Failed operations after which no further one is begun; null: all are. */
  readonly failOnErrors: number | null;
  readonly operations: readonly Operation[];
}

export interface Operation {
  readonly method: string;
  /** Null where the client gave none. */
  readonly bulkId: string | null;
  /** Why it cannot be understood, or what it asks for. */
  readonly target: Target | ScimError;
  readonly data: Json | undefined;
  /** The version that the client has seen. */
  readonly version: string | null;
}

export interface Target {
  readonly type: ResourceType;
  readonly action: Action;
  /** May be a reference `bulkId:…`; null for a new one. */
  readonly id: string | null;
}

export interface Action {
  readonly handler: 'create' | 'replace' | 'patch' | 'remove';
  readonly verb: keyof VerbScopes;
}

const ACTIONS: ReadonlyMap<string, Action> = new Map([
  ['POST', { handler: 'create', verb: 'create' }],
  ['PUT', { handler: 'replace', verb: 'update' }],
  ['PATCH', { handler: 'patch', verb: 'update' }],
  ['DELETE', { handler: 'remove', verb: 'delete' }],
]);

export function readBulk(types: readonly ResourceType[], body: unknown): BulkRequest {
  const list = isMap(body) ? memberOf(body, 'operations') : undefined;
  if (!isMap(body) || !Array.isArray(list) || list.length === 0) {
    throw new ScimError(400, 'invalidSyntax', 'A bulk request has a list "Operations" with at least one operation.');
  }
  if (list.length > BULK_OPERATIONS_MAX) {
    throw new ScimError(413, null, `A bulk request has at most ${BULK_OPERATIONS_MAX} operations.`);
  }
  const operations = list.map((given: Json) => readOperation(types, given));
  refuseTwins(operations);
  return { failOnErrors: failOnErrorsOf(body), operations };
}

function failOnErrorsOf(body: JsonMap): number | null {
  const given = memberOf(body, 'failonerrors') ?? null;
  if (given === null) return null;
  if (Number.isSafeInteger(given) && Number(given) >= 1) return Number(given);
  throw new ScimError(400, 'invalidValue', 'The member failOnErrors is a whole number from 1.');
}

/** A reference to a name that two have would be a guess. */
function refuseTwins(operations: readonly Operation[]): void {
  const seen = new Set<string>();
  for (const { bulkId } of operations) {
    if (bulkId === null) continue;
    if (seen.has(bulkId)) throw new ScimError(400, 'invalidValue', `Two operations have the bulkId ${quoted(bulkId)}.`);
    seen.add(bulkId);
  }
}

function readOperation(types: readonly ResourceType[], given: Json): Operation {
  if (!isMap(given)) throw new ScimError(400, 'invalidSyntax', 'An operation of a bulk request is an object.');
  const bulkId = textIn(given, 'bulkid');
  const method = (textIn(given, 'method') ?? '').toUpperCase();
  const data = memberOf(given, 'data');
  return {
    method,
    bulkId,
    data,
    version: textIn(given, 'version'),
    target: targetOf(types, given, { method, bulkId, data }),
  };
}

function textIn(given: JsonMap, name: string): string | null {
  const value = memberOf(given, name) ?? null;
  if (value === null || (typeof value === 'string' && value.length <= BULK_ID_CHARACTERS_MAX * 4)) return value;
  throw new ScimError(400, 'invalidSyntax', `The member ${name} of an operation is no text, or too long.`);
}

function targetOf(
  types: readonly ResourceType[],
  given: JsonMap,
  { method, bulkId, data }: Pick<Operation, 'method' | 'bulkId' | 'data'>,
): Target | ScimError {
  const action = ACTIONS.get(method);
  if (action === undefined) {
    return new ScimError(400, 'invalidSyntax', `The method is POST, PUT, PATCH or DELETE, not ${quoted(method)}.`);
  }
  const path = textIn(given, 'path') ?? '';
  const place = placeOf(types, path);
  if (place === null)
    return new ScimError(400, 'invalidPath', `There is no endpoint ${quoted(path)} for bulk operations.`);
  const isNew = action.handler === 'create';
  if (isNew !== (place.id === null)) {
    return new ScimError(400, 'invalidPath', `The path ${quoted(path)} does not go with ${method}.`);
  }
  if (isNew && (bulkId === null || bulkId === '' || bulkId.length > BULK_ID_CHARACTERS_MAX)) {
    return new ScimError(400, 'invalidSyntax', `A POST has a bulkId of 1 to ${BULK_ID_CHARACTERS_MAX} characters.`);
  }
  if (action.handler !== 'remove' && data === undefined) {
    return new ScimError(400, 'invalidSyntax', `A ${method} has a member data.`);
  }
  return { ...place, action };
}

function placeOf(types: readonly ResourceType[], path: string): Pick<Target, 'type' | 'id'> | null {
  for (const type of types) {
    for (const endpoint of type.bulk.paths) {
      if (path === endpoint) return { type, id: null };
      const id = path.startsWith(`${endpoint}/`) ? path.slice(endpoint.length + 1) : '';
      if (id !== '' && !id.includes('/')) return { type, id };
    }
  }
  return null;
}
