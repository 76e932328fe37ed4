/** Codes of the tenant management contract. Unknown ids answer 400 there, not 404. */
import type { CommonRefusal } from '../../../commands/command.ts';
import type { OrganizationRefusal } from '../../../domain/organizations/organization.ts';
import { isPasswordRefusal, type PasswordRefusal, passwordSentence } from '../../../domain/users/password.ts';
import type { UserRefusal } from '../../../domain/users/user.ts';
import { RestError, type WireError } from '../rest-error.ts';

const error = (code: string, message: string, status = 400): WireError => ({ status, code: `TM-${code}`, message });

export const tenantErrors = {
  invalid: error('60000', 'Invalid tenant data.'),
  leadingDot: error('60006', 'Invalid domain name.'),
  illegalCharacters: error('60007', 'Invalid domain name.'),
  domainExists: error('60009', 'The domain exists.'),
  ownerRequired: error('60012', 'An owner is required.'),
  parameterMissing: error('60013', 'A required parameter is missing.'),
  unknownId: error('60014', 'Tenant not found.'),
  unknownDomain: error('60015', 'Tenant not found.'),
  unknownOwner: error('60020', 'Owner not found.'),
  filterFormat: error('60022', 'Invalid filter.'),
  filterAttribute: error('60023', 'Unsupported attribute.'),
  filterOperator: error('60024', 'Unsupported operator.'),
  forbidden: error('60403', 'The operation is not allowed.', 403),
} as const;

type Refusal = OrganizationRefusal | UserRefusal | PasswordRefusal | CommonRefusal | { readonly reason: 'id-reserved' };

const wireErrors: Record<Exclude<Refusal, PasswordRefusal>['reason'], readonly [WireError, string]> = {
  'invalid-input': [tenantErrors.invalid, 'The tenant data are not valid.'],
  forbidden: [tenantErrors.forbidden, 'The caller may not do that.'],
  'not-found': [tenantErrors.unknownId, 'There is no such tenant.'],
  'value-taken': [tenantErrors.domainExists, 'The domain is, or was, in use.'],
  'revision-differs': [error('60000', 'Conflict.', 412), 'The tenant was changed meanwhile.'],
  'idempotency-key-reused': [error('60000', 'Conflict.', 422), 'The idempotency key was used for another request.'],
  'idempotency-key-invalid': [tenantErrors.invalid, 'The idempotency key is not valid.'],
  'organization-exists': [tenantErrors.domainExists, 'The tenant exists already.'],
  'organization-not-found': [tenantErrors.unknownId, 'There is no such tenant.'],
  'handle-invalid': [
    tenantErrors.illegalCharacters,
    'The domain must have 1 to 100 of the characters a-z, 0-9 and ._-',
  ],
  'name-invalid': [tenantErrors.invalid, 'The name must have 1 to 255 characters and no blank at either end.'],
  'super-organization-protected': [tenantErrors.invalid, 'The super organization cannot be deactivated.'],
  'id-reserved': [tenantErrors.invalid, 'The id cannot be chosen.'],
  'user-exists': [tenantErrors.invalid, 'The owner exists already.'],
  'user-not-found': [tenantErrors.unknownOwner, 'There is no such owner.'],
  'user-name-invalid': [tenantErrors.invalid, 'The owner’s user name is not valid.'],
  'attributes-too-large': [tenantErrors.invalid, 'The owner’s attributes are too large.'],
};

export function tenantError(refusal: Refusal): RestError {
  if (isPasswordRefusal(refusal)) return new RestError(passwordError(refusal), passwordSentence(refusal));
  const [wire, description] = wireErrors[refusal.reason];
  return new RestError(wire, description);
}

const passwordError = ({ reason }: PasswordRefusal): WireError =>
  reason === 'password-unchecked' ? { ...tenantErrors.invalid, status: 503 } : tenantErrors.invalid;
