/** Attributes of RFC 7643 §4.1 (core user) and §4.3 (enterprise user). */
import { type AttributeDefinition, attribute, complex, flag, list, text } from './attribute-definition.ts';

const state = { kept: 'state' } as const;
const server = { kept: 'state', mutability: 'readOnly' } as const;
/** Said by memberships, and looked up there. */
const joined = { ...server, search: 'none' } as const;

const meta = complex(
  'meta',
  'When the user was made and changed, and where it is.',
  [
    text('resourceType', 'The kind of resource.', { ...server, caseExact: true, search: 'none' }),
    attribute('created', 'dateTime', 'When the user was made.', server),
    attribute('lastModified', 'dateTime', 'When the user was last changed.', server),
    attribute('location', 'reference', 'The address of the user.', { ...server, search: 'none' }),
    text('version', 'The version of the user, as in ETag.', { ...server, caseExact: true, search: 'none' }),
  ],
  server,
);

const name = complex('name', 'The parts of the name.', [
  text('formatted', 'The whole name, as it is to be shown.', { search: 'contains' }),
  text('familyName', 'Family name.', { displayName: 'Last Name', search: 'contains' }),
  text('givenName', 'Given name.', { displayName: 'First Name', search: 'contains' }),
  text('middleName', 'Middle names.', { search: 'contains' }),
  text('honorificPrefix', 'Title before the name.', { search: 'contains' }),
  text('honorificSuffix', 'Addition after the name.', { search: 'contains' }),
]);

const addresses = complex(
  'addresses',
  'Postal addresses.',
  [
    text('formatted', 'The whole address, as it is to be shown.'),
    text('streetAddress', 'Street, house number, box.'),
    text('locality', 'City or village.'),
    text('region', 'State or region.'),
    text('postalCode', 'Postal code.'),
    text('country', 'Country, ISO 3166-1 alpha 2.'),
    text('type', 'What the address is for.', { canonicalValues: ['work', 'home', 'other'] }),
    flag('primary', 'The preferred one; at most one of them.'),
  ],
  { multiValued: true },
);

/** What a group or role of a user looks like. */
const membership = [
  text('value', 'Its id.', { ...joined, caseExact: true }),
  attribute('$ref', 'reference', 'Its address.', joined),
  text('display', 'Its name.', joined),
  text('type', 'Direct or indirect.', { ...joined, canonicalValues: ['direct', 'indirect'] }),
];

/** Where a role of a user can be given. */
const audience = [
  text('audienceValue', 'The id of the organization or application of the role.', { ...joined, caseExact: true }),
  text('audienceType', 'Organization or application.', joined),
];

export const coreAttributes: readonly AttributeDefinition[] = [
  text('id', 'The id that the server gave.', { ...server, caseExact: true, returned: 'always', uniqueness: 'server' }),
  text('externalId', 'The id that the client gave.', { caseExact: true }),
  meta,
  text('userName', 'The name to sign in with.', {
    ...state,
    required: true,
    mutability: 'immutable',
    uniqueness: 'server',
    search: 'contains',
    displayName: 'Username',
  }),
  name,
  text('displayName', 'The name to show.', { search: 'contains' }),
  text('nickName', 'The casual name.'),
  attribute('profileUrl', 'reference', 'A page about the user.', { displayName: 'URL', caseExact: false }),
  text('title', 'The role at work, such as "Vice President".'),
  text('userType', 'The relation to the organization, such as "Employee".'),
  text('preferredLanguage', 'Preferred language, as in Accept-Language.'),
  text('locale', 'Locale for dates, numbers and money.'),
  text('timezone', 'Time zone, such as "Europe/Paris".'),
  flag('active', 'Neither locked nor disabled.', state),
  text('password', 'The password in clear; it is hashed and never shown.', {
    ...state,
    caseExact: true,
    mutability: 'writeOnly',
    returned: 'never',
    search: 'none',
  }),
  list('emails', 'E-mail addresses.', {
    value: text('value', 'The address.', { search: 'contains' }),
    types: ['work', 'home', 'other'],
  }),
  list('phoneNumbers', 'Telephone numbers.', {
    value: text('value', 'The number.'),
    types: ['work', 'home', 'mobile', 'fax', 'pager', 'other'],
  }),
  list('ims', 'Instant messaging addresses.', {
    value: text('value', 'The address.'),
    types: ['aim', 'gtalk', 'icq', 'xmpp', 'msn', 'skype', 'qq', 'yahoo'],
  }),
  list('photos', 'Pictures.', {
    value: attribute('value', 'reference', 'The address of the picture.'),
    types: ['photo', 'thumbnail'],
  }),
  addresses,
  complex('groups', 'Groups that the user is in.', membership, { ...joined, multiValued: true }),
  list('entitlements', 'What the user is entitled to.', { value: text('value', 'The entitlement.') }),
  complex('roles', 'Roles that the user has.', [...membership, ...audience], { ...joined, multiValued: true }),
  list('x509Certificates', 'Certificates.', { value: attribute('value', 'binary', 'DER, in Base64.') }),
];

export const enterpriseAttributes: readonly AttributeDefinition[] = [
  text('employeeNumber', 'Number of the employee.'),
  text('costCenter', 'Cost center.'),
  text('organization', 'Organization.'),
  text('division', 'Division.'),
  text('department', 'Department.'),
  complex('manager', 'The manager.', [
    text('value', 'Id of the manager.', { caseExact: true }),
    attribute('$ref', 'reference', 'Address of the manager.'),
    text('displayName', 'Name of the manager.'),
  ]),
];
