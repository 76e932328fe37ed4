/** Bodies that fit no route, and bodies that nearly do. */
import type { Route } from '../../protocol/http/route.ts';

export interface BadBody {
  readonly what: string;
  readonly body: string | Buffer;
}

const DEEP = 100_000;

/** No JSON of ours, or JSON that no route takes. */
export const unusableJson: readonly BadBody[] = [
  { what: 'nothing but a brace', body: '{' },
  { what: 'a word', body: 'nonsense' },
  { what: 'a number', body: '1' },
  { what: 'a string', body: '"text"' },
  { what: 'a boolean', body: 'true' },
  { what: 'a list', body: '[]' },
  { what: 'a list of objects', body: '[{},{}]' },
  { what: 'a trailing comma', body: '{"a":1,}' },
  { what: 'two documents', body: '{}{}' },
  { what: 'a name twice', body: '{"userName":"a","userName":"b"}' },
  { what: 'a byte order mark', body: '\ufeff{}' },
  { what: 'a prototype', body: '{"__proto__":{"admin":true}}' },
  { what: 'a deep prototype', body: '{"name":{"__proto__":{"admin":true}}}' },
  { what: 'a prototype in escapes', body: '{"\\u005f_proto__":{"admin":true}}' },
  { what: 'a number beyond a double', body: '{"a":1e999}' },
  { what: 'half of a surrogate pair', body: '{"a":"\\ud800"}' },
  { what: 'deep lists', body: '['.repeat(DEEP) + ']'.repeat(DEEP) },
  { what: 'deep objects', body: `${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}` },
  { what: 'invalid UTF-8', body: Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xc3, 0x28, 0x22, 0x7d]) },
  { what: 'UTF-16', body: Buffer.from('{"a":1}', 'utf16le') },
  { what: 'zero bytes', body: Buffer.alloc(64) },
];

const LONG = 100_000;

/** What stands in place of each member in turn, and of the members of each member. */
const oddValues: readonly unknown[] = [
  null,
  0,
  -1,
  1.5,
  Number.MAX_SAFE_INTEGER,
  true,
  '',
  ' ',
  '\u0000',
  "' OR 1=1 --",
  'x'.repeat(LONG),
  [],
  [[]],
  [null],
  ['x'],
  {},
  { constructor: { prototype: { admin: true } } },
  { $where: '1', $enc: '1' },
  { toString: 1, hasOwnProperty: 1 },
];

/** A body with one thing wrong with it: a member of another kind, or one that nobody knows. */
export function nearlyRight(valid: Readonly<Record<string, unknown>>): readonly BadBody[] {
  const bodies: BadBody[] = [];
  for (const name of Object.keys(valid)) {
    for (const value of oddValues) bodies.push(bodyOf(name, { ...valid, [name]: value }));
    const inner = valid[name];
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) continue;
    for (const member of Object.keys(inner)) {
      for (const value of oddValues)
        bodies.push(bodyOf(`${name}.${member}`, { ...valid, [name]: { ...inner, [member]: value } }));
    }
  }
  for (const name of ['unknown', 'constructor', 'prototype', 'toString', '$where', 'a'.repeat(LONG)]) {
    bodies.push(bodyOf(name.slice(0, 20), { ...valid, [name]: { x: 1 } }));
  }
  return bodies;
}

const bodyOf = (what: string, value: object): BadBody => {
  const body = JSON.stringify(value);
  return { what: `${what} in ${body.slice(0, 200)}`, body };
};

const SOMEBODY = '0198a0c0-0000-7000-8000-000000000001';
const question = { filter: 'displayName eq "a"', startIndex: 1, count: 10, sortBy: 'displayName', attributes: ['id'] };
const patchOp = (...Operations: readonly object[]) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations,
});
const role = {
  displayName: 'Someone’s',
  audience: { value: SOMEBODY, type: 'application', display: 'x' },
  permissions: [{ value: 'internal_user_mgt_view' }],
  users: [{ value: SOMEBODY }],
  groups: [{ value: SOMEBODY }],
};
const rolesAt = (path: string) => ({
  [`POST ${path}`]: role,
  [`POST ${path}/.search`]: question,
  [`PUT ${path}/:id`]: { displayName: 'Someone’s', permissions: [{ value: 'internal_user_mgt_view' }] },
  [`PATCH ${path}/:id`]: patchOp({ op: 'replace', path: 'displayName', value: 'x' }),
});

/** A body that the route takes, where its members matter; the commands' are made from their schemas. */
export const validBodies: ReadonlyMap<string, Readonly<Record<string, unknown>>> = new Map(
  Object.entries({
    'POST /scim2/Users': {
      userName: 'someone',
      password: 'Correct-horse-9',
      name: { givenName: 'Some', familyName: 'One' },
      emails: [{ value: 'some@example.com', primary: true }],
      active: true,
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { department: 'd', manager: { value: 'm' } },
      'urn:scim:schemas:extension:custom:User': { colour: 'red' },
    },
    'POST /scim2/Users/.search': {
      filter: 'userName eq "a"',
      startIndex: 1,
      count: 10,
      sortBy: 'userName',
      sortOrder: 'ascending',
      attributes: ['userName'],
      excludedAttributes: [],
      domain: 'PRIMARY',
    },
    'PUT /scim2/Users/:id': { userName: 'fixture', name: { givenName: 'Some' }, emails: ['a@example.com'] },
    'PATCH /scim2/Users/:id': {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', path: 'nickName', value: 'x' }],
    },
    'POST /scim2/.search': { filter: 'userName eq "a"', startIndex: 1, count: 10, sortBy: 'userName' },
    'POST /scim2/Bulk': {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      failOnErrors: 1,
      Operations: [
        { method: 'DELETE', path: '/Users/00000000-0000-4000-8000-000000000000', bulkId: 'a', version: 'W/"1"' },
        { method: 'PATCH', path: '/Users/bulkId:a', data: { Operations: [{ op: 'add', value: { title: 'x' } }] } },
      ],
    },
    'POST /scim2/Me': { userName: 'someone-else', active: true },
    'PUT /scim2/Me': { userName: 'admin', nickName: 'a' },
    'PATCH /scim2/Me': { Operations: [{ op: 'replace', path: 'nickName', value: 'x' }] },
    'POST /scim2/Groups': { displayName: 'Some', externalId: 'x', members: [{ value: SOMEBODY, display: 'x' }] },
    'POST /scim2/Groups/.search': question,
    'PUT /scim2/Groups/:id': { displayName: 'Some', members: [] },
    'PATCH /scim2/Groups/:id': patchOp({ op: 'add', path: 'members', value: [{ value: SOMEBODY }] }),
    ...rolesAt('/scim2/Roles'),
    ...rolesAt('/scim2/v2/Roles'),
    ...rolesAt('/scim2/v3/Roles'),
    // These two take a list, which the bodies above and below are not.
    'PUT /scim2/v3/Roles/:id/Users': {},
    'PUT /scim2/v3/Roles/:id/Groups': {},
    'PATCH /scim2/v3/Roles/:id/Users': patchOp({ op: 'add', value: [{ value: SOMEBODY }] }),
    'PATCH /scim2/v3/Roles/:id/Groups': patchOp({ op: 'remove', path: `value eq ${SOMEBODY}` }),
    'POST /api/server/v1/applications': {
      name: 'Somewhat',
      description: 'd',
      claimConfiguration: { subject: { claim: { uri: 'http://wso2.org/claims/userid' } } },
      advancedConfigurations: { skipLoginConsent: true },
      inboundProtocolConfiguration: { oidc: { grantTypes: ['client_credentials'] } },
    },
    'PATCH /api/server/v1/applications/:applicationId': { name: 'Other', advancedConfigurations: { saas: false } },
    'PUT /api/server/v1/applications/:applicationId/inbound-protocols/oidc': {
      clientId: 'c',
      clientSecret: 's',
      grantTypes: ['authorization_code'],
      callbackURLs: ['https://app.example/cb'],
      accessToken: { type: 'JWT', userAccessTokenExpiryInSeconds: 60 },
      refreshToken: { expiryInSeconds: 60 },
    },
    'POST /api/server/v1/applications/:applicationId/authorized-apis': {
      id: 'x',
      policyIdentifier: 'RBAC',
      scopes: [],
    },
    'PATCH /api/server/v1/applications/:applicationId/authorized-apis/:apiId': { addedScopes: [], removedScopes: [] },
    'POST /api/server/v1/tenants': {
      domain: 'bad.example',
      owners: [
        { username: 'o', password: 'Correct-horse-9', email: 'o@x.example', provisioningMethod: 'inline-password' },
      ],
    },
    'PUT /api/server/v1/tenants/:tenantId/lifecycle-status': { activated: true },
  }),
);

/** Of the OAuth door: parameters that some grant or page reads. */
export const formNames = [
  'grant_type',
  'code',
  'redirect_uri',
  'client_id',
  'client_secret',
  'code_verifier',
  'refresh_token',
  'scope',
  'token',
  'token_type_hint',
  'username',
  'password',
  'sessionDataKey',
  'sessionDataKeyConsent',
  'consent',
  'id_token_hint',
  'post_logout_redirect_uri',
  'state',
  'response_type',
  'response_mode',
  'prompt',
  'max_age',
  'claims',
  'request',
] as const;

export const oddTexts: readonly string[] = [
  '',
  ' ',
  '\u0000',
  '\r\nSet-Cookie: a=b',
  "' OR 1=1 --",
  '"',
  '%',
  '../../etc/passwd',
  '__proto__',
  'constructor',
  '-1',
  '1e9',
  '9'.repeat(40),
  'NaN',
  '{}',
  '[]',
  'x'.repeat(4_000),
  '\u{1f600}'.repeat(100),
  'a.b.c',
  'javascript:alert(1)',
];

export const oddFilters: readonly string[] = [
  'userName',
  'userName eq',
  'eq "a"',
  'userName eq "a',
  'userName xx "a"',
  '(userName eq "a"',
  'password eq "a"',
  '__proto__ eq "a"',
  'constructor.name eq "a"',
  '$where eq "1"',
  `${'('.repeat(1_000)}userName eq "a"${')'.repeat(1_000)}`,
  `${'not ('.repeat(1_000)}userName eq "a"${')'.repeat(1_000)}`,
  Array.from({ length: 1_000 }, () => 'userName eq "a"').join(' or '),
  'userName eq "a" and',
  'emails[value eq "a"',
];

export const isForm = ({ body }: Route): boolean => body === 'form';
