/** Codes of the claim management contract. One code can mean two things there; status and code together tell. */
import type { CommonRefusal } from '../../../commands/command.ts';
import type { ClaimRefusal } from '../../../domain/attributes/decide-claims.ts';
import type { DialectRefusal } from '../../../domain/attributes/decide-dialects.ts';
import { RestError, type WireError } from '../rest-error.ts';

const error = (code: string, message: string, status = 400): WireError => ({ status, code: `CMT-${code}`, message });

export const claimErrors = {
  noPaging: error('50022', 'Pagination is not supported.', 501),
  noFilter: error('50023', 'Filtering is not supported.', 501),
  noSort: error('50024', 'Sorting is not supported.', 501),
  noAttributes: error('50025', 'Selecting attributes is not supported.', 501),
  badId: error('60001', 'Invalid id.'),
  dialectNotFound: error('50016', 'Dialect not found.', 404),
  externalNotFound: error('50018', 'External claim not found.', 404),
  localNotFound: error('50019', 'Local claim not found.', 404),
  externalMismatch: error('50020', 'The claim URI is not that of the path.', 409),
  localMismatch: error('50021', 'The claim URI is not that of the path.', 409),
  intoUnknownDialect: error('50027', 'Dialect not found.', 404),
  valuesShared: error('60020', 'Users share values of the claim.', 409),
} as const;

const invalid = error('60001', 'Invalid claim.');

type Refusal = ClaimRefusal | DialectRefusal | CommonRefusal;

const wireErrors: Record<Refusal['reason'], readonly [WireError, string]> = {
  'invalid-input': [invalid, 'The claim data are not valid.'],
  forbidden: [error('60403', 'The operation is not allowed.', 403), 'The caller may not do that.'],
  'not-found': [claimErrors.localNotFound, 'There is no such claim.'],
  'value-taken': [error('50039', 'Conflict.', 409), 'The value is taken.'],
  'revision-differs': [error('60412', 'Conflict.', 412), 'The definitions were changed meanwhile.'],
  'idempotency-key-reused': [error('60422', 'Conflict.', 422), 'The idempotency key was used for another request.'],
  'idempotency-key-invalid': [invalid, 'The idempotency key is not valid.'],
  'claim-uri-invalid': [error('60002', 'Invalid claim URI.'), 'The claim URI is missing, too long, or holds blanks.'],
  'display-name-missing': [error('60003', 'Empty display name.'), 'A claim has a display name.'],
  'mappings-missing': [error('50030', 'Empty attribute mapping.'), 'A claim has at least one attribute mapping.'],
  'user-store-missing': [error('60005', 'Empty user store.'), 'An attribute mapping names its user store.'],
  'user-store-unknown': [
    error('50026', 'Invalid user store.'),
    'An attribute mapping names a user store that is not there.',
  ],
  'pattern-invalid': [
    invalid,
    'The regular expression cannot be used: it must be of RE2 syntax (no look-around, no back reference) and small.',
  ],
  'input-format-invalid': [
    error('60017', 'Invalid input format.'),
    'The input type does not go with the data type, the options and the number of values.',
  ],
  'boolean-multi-valued': [error('60018', 'Invalid boolean claim.'), 'A boolean has one value.'],
  'options-not-of-text': [error('60019', 'Invalid canonical values.'), 'Only a text has canonical values.'],
  'sub-attributes-missing': [error('60014', 'Empty sub-attributes.'), 'A complex claim has sub-attributes.'],
  'sub-attribute-name-invalid': [
    error('60015', 'Invalid sub-attribute.'),
    'A sub-attribute has a name that SCIM allows.',
  ],
  'sub-attribute-invalid': [
    error('60016', 'Invalid sub-attribute.'),
    'A sub-attribute is another local claim of the organization, and not complex.',
  ],
  'system-claim-multi-valued': [error('60012', 'System claim.'), 'The number of values of a system claim is fixed.'],
  'system-claim-data-type': [error('60013', 'System claim.'), 'The data type of a system claim is fixed.'],
  'system-claim-resolving-method': [
    error('60013', 'System claim.'),
    'How values of a system claim are resolved in shared profiles is fixed.',
  ],
  'local-claim-exists': [error('50039', 'The claim exists.', 409), 'There is a local claim of this URI.'],
  'local-claim-not-found': [claimErrors.localNotFound, 'There is no such local claim.'],
  'local-claim-mapped': [error('50031', 'The claim is mapped.'), 'An external claim is mapped to the local claim.'],
  'local-claim-is-part': [error('50031', 'The claim is in use.'), 'The local claim is a sub-attribute of another.'],
  'local-claim-used-by-application': [
    error('50040', 'The claim is in use.'),
    'An application asks for the local claim.',
  ],
  'system-local-claim': [error('60006', 'System claim.', 403), 'A claim of the server cannot be removed.'],
  'too-many-definitions': [invalid, 'The organization has as many definitions as it can have.'],
  'dialect-uri-invalid': [
    error('60002', 'Invalid dialect URI.'),
    'The dialect URI is missing, too long, or holds blanks.',
  ],
  'dialect-exists': [error('60002', 'The dialect exists.', 409), 'There is a dialect of this URI.'],
  'dialect-not-found': [claimErrors.dialectNotFound, 'There is no such dialect.'],
  'system-dialect-rename': [error('60007', 'System dialect.', 403), 'A dialect of the server cannot be renamed.'],
  'system-dialect-removal': [error('60008', 'System dialect.', 403), 'A dialect of the server cannot be removed.'],
  'external-claim-uri-invalid': [
    error('60002', 'Invalid claim URI.'),
    'The claim URI is missing, too long, holds blanks, or is no attribute of the schema that the dialect stands for.',
  ],
  'external-claim-exists': [error('50038', 'The claim exists.', 409), 'The dialect has a claim of this URI.'],
  'external-claim-not-found': [claimErrors.externalNotFound, 'There is no such claim in the dialect.'],
  'system-external-claim': [error('60006', 'System claim.', 403), 'A claim of a standard schema stays as it is.'],
  'mapped-claim-not-found': [error('50036', 'Local claim not found.'), 'There is no local claim to map to.'],
  'claim-mapped-already': [
    error('60004', 'The claim is mapped.'),
    'The dialect has a claim for the local claim already.',
  ],
};

export function claimError(refusal: Refusal): RestError {
  const [wire, description] = wireErrors[refusal.reason];
  if (refusal.reason !== 'invalid-input') return new RestError(wire, description);
  const issues = refusal.issues.map(({ path, message }) => `${path}: ${message}`).join('; ');
  return new RestError(wire, `${description} ${issues}`);
}
