/** /oidc/scopes: OpenID Connect scopes and the claims they carry. The id of a scope is its name. */
import { z } from 'zod';
import { defineScope, redefineScope, removeScope } from '../../../commands/attributes/scope-commands.ts';
import type { CommonRefusal } from '../../../commands/command.ts';
import { execute } from '../../../commands/pipeline.ts';
import type { ScopeRefusal } from '../../../domain/attributes/decide-scopes.ts';
import type { ClaimScope } from '../../../domain/attributes/dialect.ts';
import type { Access, Request, Response } from '../../http/route.ts';
import { apiUrl, bodyOf, envelopeOf } from '../request-input.ts';
import { RestError, type WireError } from '../rest-error.ts';
import { type ClaimDoor, definitionsOf, done, ofCaller, type Row } from './claim-door.ts';

const all = '/api/server/v1/oidc/scopes';
const one = `${all}/:scope`;

const access = (name: string): Access => ({ kind: 'scopes', scopes: [`internal_application_mgt_${name}`] });

export const scopeRows: readonly Row[] = [
  ['GET', all, access('view'), list, 'Lists OpenID Connect scopes.'],
  ['POST', all, access('create'), create, 'Makes an OpenID Connect scope.'],
  ['GET', one, access('view'), read, 'Reads an OpenID Connect scope.'],
  ['PUT', one, access('update'), replace, 'Replaces the claims of an OpenID Connect scope.'],
  ['DELETE', one, access('delete'), remove, 'Removes an OpenID Connect scope.'],
];

const updateModel = z.object({
  displayName: z.string(),
  description: z.string().nullish(),
  claims: z.array(z.string()),
});
const createModel = updateModel.extend({ name: z.string() });

const invalid: WireError = { status: 400, code: 'OAUTH-60001', message: 'Invalid scope.' };
const notFound: WireError = { status: 404, code: '41003', message: 'Scope not found.' };
const exists: WireError = { status: 409, code: '41004', message: 'The scope exists.' };
const forbidden: WireError = { status: 403, code: 'OAUTH-60403', message: 'The operation is not allowed.' };

const wireErrors: Record<(ScopeRefusal | CommonRefusal)['reason'], readonly [WireError, string]> = {
  'invalid-input': [invalid, 'The scope is not valid.'],
  forbidden: [forbidden, 'The caller may not do that.'],
  'not-found': [notFound, 'There is no such scope.'],
  'value-taken': [exists, 'The name is taken.'],
  'revision-differs': [{ ...invalid, status: 412 }, 'The scopes were changed meanwhile.'],
  'idempotency-key-reused': [{ ...invalid, status: 422 }, 'The idempotency key was used for another request.'],
  'idempotency-key-invalid': [invalid, 'The idempotency key is not valid.'],
  'scope-name-invalid': [
    invalid,
    'The name begins with a letter or digit, has only those and ._:/- and is no name of a permission.',
  ],
  'scope-display-name-missing': [invalid, 'A scope has a display name.'],
  'scope-claim-unknown': [invalid, 'A claim of the scope is no claim of the OpenID Connect dialect.'],
  'scope-exists': [exists, 'There is a scope of this name.'],
  'scope-not-found': [notFound, 'There is no such scope.'],
  'system-scope': [forbidden, 'A standard scope cannot be removed.'],
  'too-many-definitions': [invalid, 'There are as many scopes, or claims in the scope, as there can be.'],
};

function scopeError(refusal: ScopeRefusal | CommonRefusal): RestError {
  const [wire, description] = wireErrors[refusal.reason];
  return new RestError(wire, description);
}

const response = ({ name, displayName, description, claims }: ClaimScope) => ({
  name,
  displayName,
  description,
  claims,
});

async function list(door: ClaimDoor, request: Request): Promise<Response> {
  const { scopes } = await definitionsOf(door, request);
  return { status: 200, body: [...scopes.values()].map(response) };
}

async function read(door: ClaimDoor, request: Request): Promise<Response> {
  const scope = (await definitionsOf(door, request)).scopes.get(request.params['scope'] ?? '');
  if (scope === undefined) throw new RestError(notFound, 'There is no such scope.');
  return { status: 200, body: response(scope) };
}

async function create({ kernel }: ClaimDoor, request: Request): Promise<Response> {
  const { description, ...given } = bodyOf(createModel, request);
  const input = { ...ofCaller(request), ...given, description: description ?? '' };
  const made = await execute(kernel, defineScope, input, envelopeOf(request));
  if (!made.ok) throw scopeError(made.refusal);
  return done(201, made.value, `${apiUrl(request)}/oidc/scopes/${encodeURIComponent(given.name)}`);
}

async function replace({ kernel }: ClaimDoor, request: Request): Promise<Response> {
  const { description, ...given } = bodyOf(updateModel, request);
  const input = { ...ofCaller(request), ...given, name: request.params['scope'] ?? '', description: description ?? '' };
  const replaced = await execute(kernel, redefineScope, input, envelopeOf(request));
  if (!replaced.ok) throw scopeError(replaced.refusal);
  return done(200, replaced.value);
}

async function remove({ kernel }: ClaimDoor, request: Request): Promise<Response> {
  const input = { ...ofCaller(request), name: request.params['scope'] ?? '' };
  const removed = await execute(kernel, removeScope, input, envelopeOf(request));
  if (!removed.ok) throw scopeError(removed.refusal);
  return done(204, removed.value);
}
