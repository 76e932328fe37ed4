/** Which code of the contract stands for which refusal. The compiler keeps the table complete. */
import type { ApplicationCommandRefusal } from '../../../commands/applications/change-application.ts';
import type { CommonRefusal } from '../../../commands/command.ts';
import { RestError, type WireError } from '../rest-error.ts';

type Refusal = ApplicationCommandRefusal | CommonRefusal;

const invalid: WireError = { status: 400, code: 'APP-60001', message: 'Invalid application data.' };
const notFound: WireError = { status: 404, code: 'APP-60006', message: 'Application not found.' };
const forbidden: WireError = { status: 403, code: 'APP-60008', message: 'The operation is not allowed.' };
const invalidOidc: WireError = { status: 400, code: 'OAUTH-60001', message: 'Invalid OAuth application data.' };

export const applicationErrors = {
  invalid,
  notFound,
  forbidden,
  invalidOidc,
  invalidFilter: { status: 400, code: 'APP-60004', message: 'Invalid filter.' },
  nameTaken: { status: 409, code: 'APP-60007', message: 'An application of that name exists.' },
  roleNotAllowed: { status: 400, code: 'APP-60008', message: 'The roles cannot be associated.' },
  oidcNotConfigured: { status: 404, code: 'APP-60502', message: 'Resource not found.' },
  invalidLimit: { status: 400, code: 'APP-60503', message: 'Invalid limit.' },
  invalidOffset: { status: 400, code: 'APP-60504', message: 'Invalid offset.' },
  unknownAttribute: { status: 400, code: 'APP-60505', message: 'Unsupported attribute.' },
  readOnlyProperties: { status: 400, code: 'APP-60506', message: 'Additional properties are read only.' },
  apiNotFound: { status: 400, code: 'APP-60507', message: 'API resource not found.' },
  scopeNotOfApi: { status: 400, code: 'APP-60508', message: 'Scope not found.' },
  apiAlreadyAuthorized: { status: 409, code: 'APP-60509', message: 'The API is authorized already.' },
  apiNotAuthorized: { status: 400, code: 'APP-60510', message: 'The API is not authorized.' },
  invalidPolicy: { status: 400, code: 'APP-60511', message: 'Invalid policy.' },
  policyNotAllowed: { status: 400, code: 'APP-60512', message: 'The policy does not go with the API.' },
  subjectContradicts: { status: 400, code: 'APP-60513', message: 'Invalid subject configuration.' },
  outboundProvisioningOff: { status: 400, code: 'APP-60514', message: 'Outbound provisioning is off.' },
  reservedNameOnCreate: { status: 400, code: 'APP-60515', message: 'The name is reserved.' },
  reservedNameOnUpdate: { status: 400, code: 'APP-60516', message: 'The name is reserved.' },
  hybridFlow: { status: 400, code: 'APP-60517', message: 'Hybrid flow is not supported.' },
  detailsType: { status: 400, code: 'APP-60519', message: 'Authorization details type not found.' },
  exceedsOwn: { status: 403, code: 'APP-60520', message: 'The operation needs more permissions.' },
  sortUnsupported: { status: 501, code: 'APP-65002', message: 'Sorting is not supported.' },
  templateUnsupported: { status: 501, code: 'APP-65501', message: 'Creation from a template is not supported.' },
  oauthAppExists: { status: 409, code: 'OAUTH-60008', message: 'The OAuth application exists.' },
} as const satisfies Record<string, WireError>;

const wireErrors: Record<Refusal['reason'], readonly [WireError, string]> = {
  'invalid-input': [invalid, 'The application data are not valid.'],
  forbidden: [forbidden, 'The caller may not do that.'],
  'not-found': [notFound, 'There is no such application.'],
  'value-taken': [applicationErrors.nameTaken, 'The name is taken.'],
  'revision-differs': [{ ...forbidden, status: 412 }, 'The application was changed meanwhile.'],
  'idempotency-key-reused': [{ ...invalid, status: 422 }, 'The idempotency key was used for another request.'],
  'idempotency-key-invalid': [invalid, 'The idempotency key is not valid.'],
  'application-exists': [applicationErrors.nameTaken, 'The application exists already.'],
  'application-not-found': [notFound, 'There is no such application.'],
  'application-name-invalid': [
    invalid,
    'The name must have 1 to 255 letters, digits, spaces and _-. and must not begin or end with a space.',
  ],
  'system-application': [forbidden, 'The application is part of the server and cannot be changed in this way.'],
  'oidc-not-configured': [applicationErrors.oidcNotConfigured, 'The application has no OpenID Connect configuration.'],
  'client-id-fixed': [invalidOidc, 'The client id cannot be changed.'],
  'public-client-has-no-secret': [invalidOidc, 'A public client has no secret.'],
  'callback-missing': [invalidOidc, 'The grant type authorization_code needs a callback URL.'],
  'callback-invalid': [
    invalidOidc,
    'A callback URL must be absolute, without fragment, and of a scheme that runs nothing.',
  ],
  'too-many-callbacks': [invalidOidc, 'There are too many callback URLs.'],
  'origin-invalid': [invalid, 'An allowed origin must be scheme, host and port of an http or https address.'],
  'grant-not-for-public-client': [invalidOidc, 'A public client cannot use the grant type client_credentials.'],
  'api-already-authorized': [applicationErrors.apiAlreadyAuthorized, 'The application is authorized for the API.'],
  'api-not-authorized': [applicationErrors.apiNotAuthorized, 'The application is not authorized for the API.'],
  'api-not-found': [applicationErrors.apiNotFound, 'There is no such API resource.'],
  'scope-not-of-api': [applicationErrors.scopeNotOfApi, 'The API has no such scope.'],
  'exceeds-own-permissions': [
    applicationErrors.exceedsOwn,
    'The application carries, or would carry, scopes that the caller does not hold.',
  ],
};

export function applicationError(refusal: Refusal, isOauth = false): RestError {
  if (refusal.reason === 'value-taken' && (isOauth || refusal.kind === 'client-id')) {
    // The contract tells the duplicate of an OAuth application apart from that of a plain one.
    return new RestError(applicationErrors.oauthAppExists, 'The application name or client id is taken.');
  }
  const [wire, description] = wireErrors[refusal.reason];
  return new RestError(wire, `${description}${detailOf(refusal)}`);
}

function detailOf(refusal: Refusal): string {
  if (refusal.reason !== 'invalid-input') return '';
  return ` ${refusal.issues.map(({ path, message }) => `${path}: ${message}`).join('; ')}`;
}
