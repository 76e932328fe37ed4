/** What the claim endpoints share: the organization's definitions, ids in paths, and options that are not there. */
import { dictionaryOf } from '../../../commands/attributes/attribute-command.ts';
import type { Outcome } from '../../../commands/command.ts';
import type { Kernel } from '../../../commands/kernel.ts';
import type { AttributeDictionary } from '../../../domain/attributes/dictionary.ts';
import type { ReadStore } from '../../../infra/read-store/read-store.ts';
import type { Access, Request, Response, Route } from '../../http/route.ts';
import { callerOf } from '../request-input.ts';
import { answering, RestError, restErrors } from '../rest-error.ts';
import { claimErrors } from './claim-errors.ts';
import { uriOfId } from './claim-wire.ts';

export interface ClaimDoor {
  readonly kernel: Kernel;
  readonly readStore: ReadStore;
}

export const DIALECTS_PATH = '/api/server/v1/claim-dialects';

const access = (name: string): Access => ({ kind: 'scopes', scopes: [`internal_claim_meta_${name}`] });
export const VIEW = access('view');
export const CREATE = access('create');
export const UPDATE = access('update');
export const DELETE = access('delete');

type Handler = (door: ClaimDoor, request: Request) => Promise<Response>;
export type Row = readonly [Route['method'], string, Access, Handler, string];

export const routesOf = (door: ClaimDoor, rows: readonly Row[]): readonly Route[] =>
  rows.map(([method, path, rights, handle, summary]) => ({
    method,
    path,
    access: rights,
    body: method === 'POST' || method === 'PUT' ? 'json' : 'none',
    errors: restErrors,
    summary,
    handle: answering((request) => handle(door, request)),
  }));

export const definitionsOf = ({ kernel }: ClaimDoor, request: Request): Promise<AttributeDictionary> =>
  dictionaryOf(kernel, callerOf(request).org);

export const ofCaller = (request: Request) => ({ organizationId: callerOf(request).org });

export function uriIn(request: Request, name: string): string {
  const uri = uriOfId(request.params[name] ?? '');
  if (uri === null) throw new RestError(claimErrors.badId, 'The id is not the base64url form of a URI.');
  return uri;
}

/** The contract answers 501 where lists are asked to be less than whole. */
export function refuseListOptions({ query }: Request): void {
  if (query.has('limit') || query.has('offset')) throw new RestError(claimErrors.noPaging, 'Lists are whole.');
  if (query.has('filter')) throw new RestError(claimErrors.noFilter, 'Lists are whole.');
  if (query.has('sort')) throw new RestError(claimErrors.noSort, 'Lists have one order.');
  if (query.has('attributes')) throw new RestError(claimErrors.noAttributes, 'Claims are shown whole.');
}

export const done = (status: number, { position }: Pick<Outcome, 'position'>, location?: string): Response => ({
  status,
  body: null,
  ...(location === undefined ? {} : { headers: { location } }),
  ...(position === null ? {} : { position }),
});
