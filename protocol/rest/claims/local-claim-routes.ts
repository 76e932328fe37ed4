/** /claim-dialects/local/claims: the attributes of the organization's users. */
import {
  defineClaim,
  redefineClaim,
  removeClaim,
  setClaimUniqueness,
} from '../../../commands/attributes/claim-commands.ts';
import { claimExistingValues } from '../../../commands/attributes/claim-existing-values.ts';
import type { Outcome } from '../../../commands/command.ts';
import { execute } from '../../../commands/pipeline.ts';
import { type LocalClaim, PROFILES, type UniquenessScope } from '../../../domain/attributes/local-claim.ts';
import type { Request, Response } from '../../http/route.ts';
import { apiUrl, bodyOf, callerOf, envelopeOf } from '../request-input.ts';
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
import { definitionOf, idOf, type LocalClaimModel, localClaimModel, localClaimResponse } from './claim-wire.ts';
import { isRequested } from './requested-claims.ts';

const all = `${DIALECTS_PATH}/local/claims`;
const one = `${all}/:claimId`;

/** How long a request waits until the values of the users before are claimed; a follower does the rest. */
const CLAIMING_MS_MAX = 2_000;

export const localClaimRows: readonly Row[] = [
  ['GET', all, VIEW, list, 'Lists local claims.'],
  ['POST', all, CREATE, create, 'Defines a local claim.'],
  ['GET', one, VIEW, read, 'Reads a local claim.'],
  ['PUT', one, UPDATE, replace, 'Replaces the definition of a local claim.'],
  ['DELETE', one, DELETE, remove, 'Removes a local claim.'],
];

const IDENTITY = 'http://wso2.org/claims/identity/';

async function list(door: ClaimDoor, request: Request): Promise<Response> {
  refuseListOptions(request);
  const { query } = request;
  const { claims } = await definitionsOf(door, request);
  const isIdentityHidden = query.get('exclude-identity-claims') === 'true';
  const isHiddenHidden = query.get('exclude-hidden-claims') === 'true';
  const profile = PROFILES.find((name) => name === query.get('profile')) ?? null;
  const shown = [...claims.values()].filter(
    (claim) =>
      !(isIdentityHidden && claim.uri.startsWith(IDENTITY)) &&
      !(isHiddenHidden && !claim.supportedByDefault) &&
      (profile === null || isInProfile(claim, profile)),
  );
  return { status: 200, body: shown.map(localClaimResponse) };
}

/** A profile that says nothing of its own goes by what the claim says. */
const isInProfile = ({ profiles, supportedByDefault }: LocalClaim, profile: (typeof PROFILES)[number]): boolean =>
  profiles[profile]?.supportedByDefault ?? supportedByDefault;

async function read(door: ClaimDoor, request: Request): Promise<Response> {
  const claim = (await definitionsOf(door, request)).claims.get(uriIn(request, 'claimId'));
  if (claim === undefined) throw new RestError(claimErrors.localNotFound, 'There is no such local claim.');
  return { status: 200, body: localClaimResponse(claim) };
}

async function create(door: ClaimDoor, request: Request): Promise<Response> {
  const model = bodyOf(localClaimModel, request);
  const uri = model.claimURI;
  const input = { ...ofCaller(request), uri, definition: definitionOf(model, null) };
  const defined = await execute(door.kernel, defineClaim, input, envelopeOf(request));
  if (!defined.ok) throw claimError(defined.refusal);
  const last = await makeUnique(door, request, { uri, scope: scopeOf(model) });
  return done(201, last ?? defined.value, `${apiUrl(request)}/claim-dialects/local/claims/${idOf(uri)}`);
}

const scopeOf = (model: LocalClaimModel): UniquenessScope => model.uniquenessScope ?? 'NONE';

/** All or nothing: the definition is tried first, and stands once the values are unique. */
async function replace(door: ClaimDoor, request: Request): Promise<Response> {
  const model = bodyOf(localClaimModel, request);
  const uri = uriIn(request, 'claimId');
  if (model.claimURI !== uri) {
    throw new RestError(claimErrors.localMismatch, 'The body names another claim than the path.');
  }
  const former = (await definitionsOf(door, request)).claims.get(uri) ?? null;
  const input = { ...ofCaller(request), uri, definition: definitionOf(model, former) };
  const tried = await execute(door.kernel, redefineClaim, input, { ...envelopeOf(request), dryRun: true });
  if (!tried.ok) throw claimError(tried.refusal);
  await makeUnique(door, request, { uri, scope: scopeOf(model) });
  const replaced = await execute(door.kernel, redefineClaim, input, envelopeOf(request));
  if (!replaced.ok) throw claimError(replaced.refusal);
  return done(200, replaced.value);
}

/** Null: it is as asked. */
async function makeUnique(
  { kernel, readStore }: ClaimDoor,
  request: Request,
  asked: { readonly uri: string; readonly scope: UniquenessScope },
): Promise<Outcome | null> {
  const envelope = envelopeOf(request);
  const set = await execute(kernel, setClaimUniqueness, { ...ofCaller(request), ...asked }, envelope);
  if (!set.ok) {
    // Whoever may define a claim may say at once that it is unique.
    if (set.refusal.reason === 'forbidden' && asked.scope === 'NONE') return null;
    throw claimError(set.refusal);
  }
  if (asked.scope === 'NONE') return set.value.changed ? set.value : null;
  const { tenant, org } = callerOf(request);
  const { correlationId } = envelope;
  const untilMs = kernel.clock() + CLAIMING_MS_MAX;
  const claiming = await claimExistingValues(kernel, readStore, {
    tenant,
    org,
    uri: asked.uri,
    correlationId,
    untilMs,
  });
  if (claiming.kind !== 'collisions') return set.value;
  const count = claiming.users.length;
  throw new RestError(
    claimErrors.valuesShared,
    `The claim cannot be unique: ${count} users have values that others have too. The history of attributes names them.`,
  );
}

async function remove(door: ClaimDoor, request: Request): Promise<Response> {
  const uri = uriIn(request, 'claimId');
  const hintedIsRequested = await isRequested(door, callerOf(request), uri);
  const input = { ...ofCaller(request), uri, hintedIsRequested };
  const removed = await execute(door.kernel, removeClaim, input, envelopeOf(request));
  if (!removed.ok) throw claimError(removed.refusal);
  return done(204, removed.value);
}
