/** /claim-dialects: dialects, and the claims in those that are not the local one. */
import {
  addClaimDialect,
  mapClaim,
  remapClaim,
  removeClaimDialect,
  renameClaimDialect,
  unmapClaim,
} from '../../../commands/attributes/dialect-commands.ts';
import { execute } from '../../../commands/pipeline.ts';
import type { Dialect } from '../../../domain/attributes/dialect.ts';
import { LOCAL_DIALECT } from '../../../domain/attributes/local-claim.ts';
import type { Request, Response } from '../../http/route.ts';
import { apiPath, apiUrl, bodyOf, envelopeOf } from '../request-input.ts';
import { RestError } from '../rest-error.ts';
import {
  type ClaimDoor,
  CREATE,
  DELETE,
  DIALECTS_PATH,
  definitionsOf,
  done,
  ofCaller,
  type Row,
  refuseListOptions,
  UPDATE,
  uriIn,
  VIEW,
} from './claim-door.ts';
import { claimError, claimErrors } from './claim-errors.ts';
import {
  dialectModel,
  dialectResponse,
  externalClaimModel,
  externalClaimResponse,
  idOf,
  LOCAL_ID,
} from './claim-wire.ts';

const one = `${DIALECTS_PATH}/:dialectId`;
const claim = `${one}/claims/:claimId`;

export const dialectRows: readonly Row[] = [
  ['GET', DIALECTS_PATH, VIEW, listDialects, 'Lists claim dialects.'],
  ['POST', DIALECTS_PATH, CREATE, addDialect, 'Adds a claim dialect.'],
  ['GET', one, VIEW, readDialect, 'Reads a claim dialect.'],
  ['PUT', one, UPDATE, renameDialect, 'Renames a claim dialect.'],
  ['DELETE', one, DELETE, removeDialect, 'Removes a claim dialect.'],
  ['GET', `${one}/claims`, VIEW, listClaims, 'Lists the claims of a dialect.'],
  ['POST', `${one}/claims`, CREATE, addClaim, 'Adds a claim to a dialect.'],
  ['GET', claim, VIEW, readClaim, 'Reads a claim of a dialect.'],
  ['PUT', claim, UPDATE, changeClaim, 'Maps a claim of a dialect to another local claim.'],
  ['DELETE', claim, DELETE, removeClaim, 'Removes a claim from a dialect.'],
];

async function listDialects(door: ClaimDoor, request: Request): Promise<Response> {
  refuseListOptions(request);
  const { dialects } = await definitionsOf(door, request);
  const uris = [LOCAL_DIALECT, ...dialects.keys()];
  return { status: 200, body: uris.map((uri) => dialectResponse(uri, apiPath(request))) };
}

async function addDialect({ kernel }: ClaimDoor, request: Request): Promise<Response> {
  const { dialectURI: uri } = bodyOf(dialectModel, request);
  const added = await execute(kernel, addClaimDialect, { ...ofCaller(request), uri }, envelopeOf(request));
  if (!added.ok) throw claimError(added.refusal);
  return done(201, added.value, `${apiUrl(request)}/claim-dialects/${idOf(uri)}`);
}

const isLocal = (request: Request): boolean => request.params['dialectId'] === LOCAL_ID;

const dialectUri = (request: Request): string => (isLocal(request) ? LOCAL_DIALECT : uriIn(request, 'dialectId'));

async function dialectOf(door: ClaimDoor, request: Request): Promise<Dialect> {
  const dialect = (await definitionsOf(door, request)).dialects.get(uriIn(request, 'dialectId'));
  if (dialect === undefined) throw new RestError(claimErrors.dialectNotFound, 'There is no such dialect.');
  return dialect;
}

async function readDialect(door: ClaimDoor, request: Request): Promise<Response> {
  const uri = isLocal(request) ? LOCAL_DIALECT : (await dialectOf(door, request)).uri;
  return { status: 200, body: dialectResponse(uri, apiPath(request)) };
}

async function renameDialect({ kernel }: ClaimDoor, request: Request): Promise<Response> {
  const { dialectURI: to } = bodyOf(dialectModel, request);
  const input = { ...ofCaller(request), uri: dialectUri(request), to };
  const renamed = await execute(kernel, renameClaimDialect, input, envelopeOf(request));
  if (!renamed.ok) throw claimError(renamed.refusal);
  return done(200, renamed.value, `${apiUrl(request)}/claim-dialects/${idOf(to)}`);
}

async function removeDialect({ kernel }: ClaimDoor, request: Request): Promise<Response> {
  const input = { ...ofCaller(request), uri: dialectUri(request) };
  const removed = await execute(kernel, removeClaimDialect, input, envelopeOf(request));
  if (!removed.ok) throw claimError(removed.refusal);
  return done(204, removed.value);
}

async function listClaims(door: ClaimDoor, request: Request): Promise<Response> {
  refuseListOptions(request);
  const dialect = await dialectOf(door, request);
  return { status: 200, body: [...dialect.claims.values()].map((known) => externalClaimResponse(dialect, known)) };
}

async function addClaim({ kernel }: ClaimDoor, request: Request): Promise<Response> {
  const { claimURI: uri, mappedLocalClaimURI } = bodyOf(externalClaimModel, request);
  const dialect = uriIn(request, 'dialectId');
  const input = { ...ofCaller(request), dialect, uri, claim: mappedLocalClaimURI };
  const mapped = await execute(kernel, mapClaim, input, envelopeOf(request));
  if (!mapped.ok) {
    if (mapped.refusal.reason !== 'dialect-not-found') throw claimError(mapped.refusal);
    throw new RestError(claimErrors.intoUnknownDialect, 'There is no such dialect.');
  }
  return done(201, mapped.value, `${apiUrl(request)}/claim-dialects/${idOf(dialect)}/claims/${idOf(uri)}`);
}

async function readClaim(door: ClaimDoor, request: Request): Promise<Response> {
  const dialect = await dialectOf(door, request);
  const known = dialect.claims.get(uriIn(request, 'claimId'));
  if (known === undefined) throw new RestError(claimErrors.externalNotFound, 'There is no such claim in the dialect.');
  return { status: 200, body: externalClaimResponse(dialect, known) };
}

async function changeClaim({ kernel }: ClaimDoor, request: Request): Promise<Response> {
  const { claimURI, mappedLocalClaimURI } = bodyOf(externalClaimModel, request);
  const uri = uriIn(request, 'claimId');
  if (claimURI !== uri)
    throw new RestError(claimErrors.externalMismatch, 'The body names another claim than the path.');
  const input = { ...ofCaller(request), dialect: uriIn(request, 'dialectId'), uri, claim: mappedLocalClaimURI };
  const remapped = await execute(kernel, remapClaim, input, envelopeOf(request));
  if (!remapped.ok) throw claimError(remapped.refusal);
  return done(200, remapped.value);
}

async function removeClaim({ kernel }: ClaimDoor, request: Request): Promise<Response> {
  const input = { ...ofCaller(request), dialect: uriIn(request, 'dialectId'), uri: uriIn(request, 'claimId') };
  const removed = await execute(kernel, unmapClaim, input, envelopeOf(request));
  if (!removed.ok) throw claimError(removed.refusal);
  return done(204, removed.value);
}
