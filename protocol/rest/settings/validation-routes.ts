/** /validation-rules: what passwords and user names must be like. */
import { z } from 'zod';
import type { Kernel } from '../../../commands/kernel.ts';
import { execute } from '../../../commands/pipeline.ts';
import { configureValidation, revertValidation } from '../../../commands/settings/change-settings.ts';
import { effectiveSettings } from '../../../commands/settings/effective-settings.ts';
import type { FieldChange } from '../../../domain/settings/organization-settings.ts';
import { type FieldRules, isValidatedField } from '../../../domain/settings/validation-rules.ts';
import { VALIDATED_FIELDS, type ValidatedField, validators } from '../../../domain/settings/validators.ts';
import type { Request, Response, Route } from '../../http/route.ts';
import { bodyOf, callerOf, envelopeOf } from '../request-input.ts';
import { answering, invalidRequest, RestError, restErrors, type WireError } from '../rest-error.ts';
import { quoted, type SettingsCommandRefusal } from './governance-errors.ts';

const BASE = '/api/server/v1/validation-rules';
const VIEW = { kind: 'scopes', scopes: ['internal_config_view', 'internal_config_update'] } as const;
const UPDATE = { kind: 'scopes', scopes: ['internal_config_update'] } as const;

const rulesInvalid: WireError = { status: 400, code: 'VR-60001', message: 'Invalid validation rules.' };
const fieldNotFound: WireError = { status: 404, code: 'VR-60002', message: 'Field not found.' };
const validatorNotFound: WireError = { status: 404, code: 'VR-60003', message: 'Validator not found.' };

const PATTERN_VALIDATOR = 'JavaRegExValidator';
const PATTERN_KEY = 'java.regex';
const LISTED_MAX = 50;

const rule = z.object({
  validator: z.string(),
  properties: z
    .array(z.object({ key: z.string(), value: z.union([z.string(), z.number(), z.boolean()]) }))
    .max(LISTED_MAX),
});
const fieldBody = z.object({
  rules: z.array(rule).max(LISTED_MAX).optional(),
  regEx: z.array(rule).max(LISTED_MAX).optional(),
});
const listBody = z
  .array(fieldBody.extend({ field: z.string() }))
  .min(1)
  .max(LISTED_MAX);
const revertBody = z.object({ fields: z.array(z.string()).min(1).max(LISTED_MAX) });

type Handle = (kernel: Kernel, request: Request) => Promise<Response> | Response;

export function validationRoutes({ kernel }: { readonly kernel: Kernel }): readonly Route[] {
  const route = (given: Pick<Route, 'method' | 'path' | 'access' | 'summary'>, handle: Handle): Route => ({
    ...given,
    body: given.method === 'GET' ? 'none' : 'json',
    errors: restErrors,
    handle: answering((request) => handle(kernel, request)),
  });
  return [
    route({ method: 'GET', path: BASE, access: VIEW, summary: 'Lists the rules of every field.' }, list),
    route({ method: 'PUT', path: BASE, access: UPDATE, summary: 'Sets the rules of fields.' }, putMany),
    route({ method: 'POST', path: `${BASE}/revert`, access: UPDATE, summary: 'Reverts the rules of fields.' }, revert),
    route({ method: 'GET', path: `${BASE}/validators`, access: VIEW, summary: 'Lists validators.' }, listValidators),
    route({ method: 'GET', path: `${BASE}/:field`, access: VIEW, summary: 'Reads the rules of a field.' }, readOne),
    route({ method: 'PUT', path: `${BASE}/:field`, access: UPDATE, summary: 'Sets the rules of a field.' }, putOne),
  ];
}

async function list(kernel: Kernel, request: Request): Promise<Response> {
  const settings = await effectiveSettings(kernel, callerOf(request));
  return { status: 200, body: VALIDATED_FIELDS.map((field) => fieldRulesBody(field, settings.rules(field).value)) };
}

async function readOne(kernel: Kernel, request: Request): Promise<Response> {
  const field = fieldOf(request);
  const settings = await effectiveSettings(kernel, callerOf(request));
  return { status: 200, body: fieldRulesBody(field, settings.rules(field).value) };
}

async function putOne(kernel: Kernel, request: Request): Promise<Response> {
  const field = fieldOf(request);
  const position = await configure(kernel, request, [{ field, ...rulesOf(bodyOf(fieldBody, request)) }]);
  return { ...(await readOne(kernel, request)), ...position };
}

async function putMany(kernel: Kernel, request: Request): Promise<Response> {
  const fields = bodyOf(listBody, request);
  if (new Set(fields.map(({ field }) => field)).size < fields.length) {
    throw new RestError(rulesInvalid, 'A field stands twice.');
  }
  const changes = fields.map((given) => ({ field: given.field, ...rulesOf(given) }));
  const position = await configure(kernel, request, changes);
  return { ...(await list(kernel, request)), ...position };
}

async function configure(kernel: Kernel, request: Request, fields: readonly FieldChange[]) {
  const input = { organizationId: callerOf(request).org, fields };
  const outcome = await execute(kernel, configureValidation, input, envelopeOf(request));
  if (!outcome.ok) throw validationError(outcome.refusal);
  return positionOf(outcome.value.position);
}

async function revert(kernel: Kernel, request: Request): Promise<Response> {
  const { fields } = bodyOf(revertBody, request);
  const input = { organizationId: callerOf(request).org, fields };
  const outcome = await execute(kernel, revertValidation, input, envelopeOf(request));
  if (!outcome.ok) throw validationError(outcome.refusal);
  return { status: 200, body: null, ...positionOf(outcome.value.position) };
}

const positionOf = (position: Response['position'] | null) =>
  position === null || position === undefined ? {} : { position };

function listValidators(): Response {
  const rules = validators.map(({ name, properties }) => ({
    type: 'RULE',
    name,
    properties: properties.map((property, index) => ({ ...property, displayOrder: index + 1 })),
  }));
  const pattern = {
    type: 'REGEX',
    name: PATTERN_VALIDATOR,
    properties: [
      {
        name: PATTERN_KEY,
        description: 'The whole value must match it. Repeats single characters, not groups.',
        displayName: 'Regular expression',
        type: 'string',
        displayOrder: 1,
      },
    ],
  };
  return { status: 200, body: [...rules, pattern] };
}

function fieldOf({ params }: Request): ValidatedField {
  const field = params['field'] ?? '';
  if (isValidatedField(field)) return field;
  throw new RestError(fieldNotFound, `There is no field ${quoted(field)}.`);
}

function rulesOf({ rules = [], regEx = [] }: z.output<typeof fieldBody>): FieldRules {
  const named = rules.map(({ validator, properties }) => ({
    validator,
    properties: Object.fromEntries(properties.map(({ key, value }) => [key, String(value)])),
  }));
  if (regEx.length === 0) return { rules: named, pattern: null };
  const [first, ...more] = regEx;
  const [property, ...others] = first?.properties ?? [];
  if (first?.validator !== PATTERN_VALIDATOR) {
    throw new RestError(validatorNotFound, `There is no validator ${quoted(first?.validator ?? '')} for patterns.`);
  }
  if (more.length > 0 || others.length > 0 || property?.key !== PATTERN_KEY) {
    throw new RestError(rulesInvalid, `A field has one pattern, under the key ${PATTERN_KEY}.`);
  }
  return { rules: named, pattern: String(property.value) };
}

function fieldRulesBody(field: ValidatedField, { rules, pattern }: FieldRules): object {
  if (pattern !== null) {
    const properties = [{ key: PATTERN_KEY, value: pattern }];
    return { field, regEx: [{ validator: PATTERN_VALIDATOR, properties }] };
  }
  const listed = rules.map(({ validator, properties }) => ({
    validator,
    properties: Object.entries(properties).map(([key, value]) => ({ key, value })),
  }));
  return { field, rules: listed };
}

function validationError(refusal: SettingsCommandRefusal): RestError {
  switch (refusal.reason) {
    case 'field-unknown':
      return new RestError(fieldNotFound, `There is no field ${quoted(refusal.field)}.`);
    case 'validator-unknown':
      return new RestError(validatorNotFound, `There is no validator ${quoted(refusal.validator)} for this field.`);
    case 'rules-invalid':
      return new RestError(rulesInvalid, refusal.detail);
    default:
      return new RestError(invalidRequest, `The request was refused: ${refusal.reason}.`);
  }
}
