/** Each rule of the claim management API, by status and code. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asAdmin, createTenant, limitedCaller, type ManagementClient } from '../../support/management-client.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';
import {
  type ClaimClient,
  CUSTOM,
  claimBody,
  claimClient,
  DIALECTS,
  dialect,
  idOf,
  LOCAL,
  localClaim,
  uriOf,
} from './claim-client.ts';

let server: TestServer;
let admin: ManagementClient;
let claims: ClaimClient;

beforeAll(async () => {
  server = await startTestServer();
  admin = asAdmin(server);
  claims = claimClient(admin);
  for (const name of ['plain', 'part', 'mapped', 'asked', 'other']) await claims.define(name);
  await claims.define('whole', { dataType: 'complex', subAttributes: [uriOf('part')] });
  await claims.map('mapped');
  await admin.send('POST', DIALECTS, { dialectURI: 'urn:hr' });
});
afterAll(async () => await server.stop());

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
const options = [{ label: 'A', value: 'a' }];
const mapping = (userstore: string) => ({ attributeMapping: [{ mappedAttribute: 'x', userstore }] });

const definitions: readonly (readonly [string, object, string])[] = [
  ['a dropdown without options', { inputFormat: { inputType: 'dropdown' } }, 'CMT-60017'],
  ['a dropdown of numbers', { dataType: 'integer', inputFormat: { inputType: 'dropdown' } }, 'CMT-60017'],
  [
    'radio buttons of several values',
    { canonicalValues: options, multiValued: true, inputFormat: { inputType: 'radio_group' } },
    'CMT-60017',
  ],
  ['check boxes of one value', { canonicalValues: options, inputFormat: { inputType: 'checkbox_group' } }, 'CMT-60017'],
  [
    'a multiple choice of one value',
    { canonicalValues: options, inputFormat: { inputType: 'multi_select_dropdown' } },
    'CMT-60017',
  ],
  ['a date picker of text', { inputFormat: { inputType: 'date_picker' } }, 'CMT-60017'],
  ['a number input of decimals', { dataType: 'decimal', inputFormat: { inputType: 'number_input' } }, 'CMT-60017'],
  ['a check box of text', { inputFormat: { inputType: 'checkbox' } }, 'CMT-60017'],
  ['a toggle of text', { inputFormat: { inputType: 'toggle' } }, 'CMT-60017'],
  ['a boolean of several values', { dataType: 'boolean', multiValued: true }, 'CMT-60018'],
  ['options of a number', { dataType: 'integer', canonicalValues: options }, 'CMT-60019'],
  ['a complex claim without parts', { dataType: 'complex' }, 'CMT-60014'],
  ['a part whose name is none', { dataType: 'complex', subAttributes: [uriOf('1st')] }, 'CMT-60015'],
  ['a part that is not there', { dataType: 'complex', subAttributes: [uriOf('nowhere')] }, 'CMT-60016'],
  ['a part that is complex', { dataType: 'complex', subAttributes: [uriOf('whole')] }, 'CMT-60016'],
  ['an empty name', { displayName: ' ' }, 'CMT-60003'],
  ['no mapping', { attributeMapping: [] }, 'CMT-50030'],
  ['a mapping without a user store', mapping(''), 'CMT-60005'],
  ['a mapping to a user store that is not there', mapping('ELSEWHERE'), 'CMT-50026'],
];

describe('a definition', () => {
  it.each(definitions)('[U7-2] with %s is refused on creation and on replacement', async (_, given, code) => {
    const made = await admin.send('POST', LOCAL, claimBody('new', given));
    const replaced = await claims.replace('plain', given);
    expect([made.status, made.json.code]).toEqual([400, code]);
    expect([replaced.status, replaced.json.code]).toEqual([400, code]);
  });

  it('cannot be a part of itself', async () => {
    const replaced = await claims.replace('plain', { dataType: 'complex', subAttributes: [uriOf('plain')] });
    expect(replaced.json.code).toBe('CMT-60016');
  });

  it.each(['claimURI', 'displayName', 'attributeMapping'])('without %s is no request', async (member) => {
    const made = await admin.send('POST', LOCAL, { ...claimBody('new'), [member]: undefined });
    expect([made.status, made.json.code]).toEqual([400, 'UE-10000']);
  });

  it.each(['text_input', 'a-widget-of-ours'])('may name the input %s', async (inputType) => {
    expect((await claims.replace('other', { inputFormat: { inputType } })).status).toBe(200);
  });

  it('of an unknown type is a text', async () => {
    await claims.replace('other', { dataType: 'data_time' });
    expect((await admin.get(localClaim('other'))).json.dataType).toBe('string');
  });

  it('of the server keeps its number of values, its type and how shared profiles resolve it', async () => {
    const email = (given: object) => claims.replace('emailaddress', { displayName: 'Email', ...given });
    const refused = [
      await email({ multiValued: false }),
      await email({ dataType: 'integer' }),
      await email({ sharedProfileValueResolvingMethod: 'FromSharedProfile' }),
    ];
    expect(refused.map(({ status, json }) => [status, json.code])).toEqual([
      [400, 'CMT-60012'],
      [400, 'CMT-60013'],
      [400, 'CMT-60013'],
    ]);
    expect((await email({ description: 'Where mail goes.', required: true })).status).toBe(200);
    const { json } = await admin.get(localClaim('emailaddress'));
    expect(json).toMatchObject({ description: 'Where mail goes.', multiValued: true });
    expect(json.properties).toContainEqual({ key: 'isSystemClaim', value: 'true' });
  });
});

const calls: readonly (readonly [string, string, string, object | undefined, number, string])[] = [
  ['defines a claim that is there', 'POST', LOCAL, claimBody('plain'), 409, 'CMT-50039'],
  ['defines a claim that differs in case alone', 'POST', LOCAL, claimBody('PLAIN'), 409, 'CMT-50039'],
  ['defines a claim of the server', 'POST', LOCAL, claimBody('emailaddress'), 409, 'CMT-50039'],
  ['replaces another claim than the path names', 'PUT', localClaim('plain'), claimBody('other'), 409, 'CMT-50021'],
  ['replaces a claim that is not there', 'PUT', localClaim('nowhere'), claimBody('nowhere'), 404, 'CMT-50019'],
  ['reads a claim that is not there', 'GET', localClaim('nowhere'), undefined, 404, 'CMT-50019'],
  ['reads a claim by what is no id', 'GET', `${LOCAL}/$`, undefined, 400, 'CMT-60001'],
  ['removes a claim that a dialect maps', 'DELETE', localClaim('mapped'), undefined, 400, 'CMT-50031'],
  ['removes a claim of the server', 'DELETE', localClaim('emailaddress'), undefined, 403, 'CMT-60006'],
  ['adds a dialect that is there', 'POST', DIALECTS, { dialectURI: 'urn:hr' }, 409, 'CMT-60002'],
  ['reads a dialect that is not there', 'GET', dialect('urn:nowhere'), undefined, 404, 'CMT-50016'],
  ['renames a dialect of the server', 'PUT', dialect(CORE), { dialectURI: 'urn:x' }, 403, 'CMT-60007'],
  ['renames the local dialect', 'PUT', `${DIALECTS}/local`, { dialectURI: 'urn:x' }, 403, 'CMT-60007'],
  ['removes a dialect of the server', 'DELETE', dialect(CORE), undefined, 403, 'CMT-60008'],
  ['removes the local dialect', 'DELETE', `${DIALECTS}/local`, undefined, 403, 'CMT-60008'],
  [
    'reads a claim that the dialect has not',
    'GET',
    `${dialect('urn:hr')}/claims/${idOf('x')}`,
    undefined,
    404,
    'CMT-50018',
  ],
  [
    'changes a claim that the dialect has not',
    'PUT',
    `${dialect('urn:hr')}/claims/${idOf('x')}`,
    { claimURI: 'x', mappedLocalClaimURI: uriOf('plain') },
    404,
    'CMT-50018',
  ],
  [
    'changes another claim of a dialect than the path names',
    'PUT',
    `${dialect('urn:hr')}/claims/${idOf('x')}`,
    { claimURI: 'y', mappedLocalClaimURI: uriOf('plain') },
    409,
    'CMT-50020',
  ],
  [
    'adds a claim to a dialect that is not there',
    'POST',
    `${dialect('urn:nowhere')}/claims`,
    { claimURI: 'x', mappedLocalClaimURI: uriOf('plain') },
    404,
    'CMT-50027',
  ],
  [
    'maps to a local claim that is not there',
    'POST',
    `${dialect('urn:hr')}/claims`,
    { claimURI: 'x', mappedLocalClaimURI: uriOf('nowhere') },
    400,
    'CMT-50036',
  ],
  [
    'maps a name that the dialect has',
    'POST',
    `${dialect(CUSTOM)}/claims`,
    { claimURI: `${CUSTOM}:mapped`, mappedLocalClaimURI: uriOf('plain') },
    409,
    'CMT-50038',
  ],
  [
    'maps a local claim that the dialect has mapped',
    'POST',
    `${dialect(CUSTOM)}/claims`,
    { claimURI: `${CUSTOM}:again`, mappedLocalClaimURI: uriOf('mapped') },
    400,
    'CMT-60004',
  ],
  [
    'maps a name that is no attribute of the schema',
    'POST',
    `${dialect(CUSTOM)}/claims`,
    { claimURI: `${CUSTOM}:__proto__`, mappedLocalClaimURI: uriOf('plain') },
    400,
    'CMT-60002',
  ],
  [
    'removes a standard name of SCIM',
    'DELETE',
    `${dialect(CORE)}/claims/${idOf(`${CORE}:emails`)}`,
    undefined,
    403,
    'CMT-60006',
  ],
  ['pages', 'GET', `${LOCAL}?limit=1`, undefined, 501, 'CMT-50022'],
  ['skips', 'GET', `${LOCAL}?offset=1`, undefined, 501, 'CMT-50022'],
  ['filters', 'GET', `${LOCAL}?filter=a`, undefined, 501, 'CMT-50023'],
  ['sorts', 'GET', `${DIALECTS}?sort=a`, undefined, 501, 'CMT-50024'],
  ['selects attributes', 'GET', `${dialect(CORE)}/claims?attributes=a`, undefined, 501, 'CMT-50025'],
];

describe('a call', () => {
  it.each(calls)('that %s is answered by its code', async (_, method, path, body, status, code) => {
    const answer = await admin.send(method, path, body);
    expect([answer.status, answer.json.code]).toEqual([status, code]);
    expect(answer.json.traceId).toBeTruthy();
  });

  it('that removes what is not there has nothing to do', async () => {
    const paths = [localClaim('nowhere'), dialect('urn:nowhere'), `${dialect('urn:hr')}/claims/${idOf('x')}`];
    for (const path of paths) expect((await admin.send('DELETE', path)).status).toBe(204);
  });

  it('removes a claim that nothing refers to, and then it is not there', async () => {
    await claims.define('brief');
    expect((await admin.send('DELETE', localClaim('brief'))).status).toBe(204);
    expect((await admin.get(localClaim('brief'))).json.code).toBe('CMT-50019');
  });

  it('does not remove a claim that an application asks for', async () => {
    const claimConfiguration = {
      claimMappings: [],
      requestedClaims: [{ claim: { uri: uriOf('asked') }, mandatory: false }],
    };
    const made = await admin.send('POST', '/api/server/v1/applications', { name: 'asking', claimConfiguration });
    expect(made.status, made.text).toBe(201);
    await admin.get('/api/read/applications?limit=1');
    const removed = await admin.send('DELETE', localClaim('asked'));
    expect([removed.status, removed.json.code]).toEqual([400, 'CMT-50040']);
  });
});

describe('a dialect of one’s own', () => {
  it('is added, renamed with what is in it, and removed', async () => {
    const added = await admin.send('POST', DIALECTS, { dialectURI: 'urn:payroll' });
    expect(added.status).toBe(201);
    const body = { claimURI: 'payroll-number', mappedLocalClaimURI: uriOf('plain') };
    await admin.send('POST', `${dialect('urn:payroll')}/claims`, body);
    expect((await admin.send('PUT', dialect('urn:payroll'), { dialectURI: 'urn:wages' })).status).toBe(200);
    const read = await admin.get(dialect('urn:wages'));
    expect(read.json).toMatchObject({ id: idOf('urn:wages'), dialectURI: 'urn:wages', link: { rel: 'claims' } });
    const listed = await admin.get(read.json.link.href);
    expect(listed.json).toMatchObject([{ ...body, claimDialectURI: 'urn:wages' }]);
    const remapped = { ...body, mappedLocalClaimURI: uriOf('other') };
    const one = `${dialect('urn:wages')}/claims/${idOf('payroll-number')}`;
    expect((await admin.send('PUT', one, remapped)).status).toBe(200);
    expect((await admin.get(one)).json).toMatchObject(remapped);
    expect((await admin.send('DELETE', dialect('urn:wages'))).status).toBe(204);
    expect((await admin.get(dialect('urn:wages'))).status).toBe(404);
  });

  it('stands beside those of the server', async () => {
    const { json } = await admin.get(DIALECTS);
    const uris = json.map(({ dialectURI }: { dialectURI: string }) => dialectURI);
    expect(uris).toEqual(
      expect.arrayContaining(['http://wso2.org/claims', CORE, CUSTOM, 'http://wso2.org/oidc/claim']),
    );
    expect(json[0]).toMatchObject({ id: 'local', dialectURI: 'http://wso2.org/claims' });
  });
});

describe('a list of local claims', () => {
  const uris = async (query: string): Promise<readonly string[]> =>
    (await admin.get(`${LOCAL}${query}`)).json.map(({ claimURI }: { claimURI: string }) => claimURI);

  it('may leave out identity claims, hidden ones, and those that a profile does not show', async () => {
    await claims.define('shy', { profiles: { endUser: { supportedByDefault: true } } });
    const locked = uriOf('identity/accountLocked');
    expect(await uris('')).toEqual(expect.arrayContaining([locked, uriOf('shy'), uriOf('givenname')]));
    expect(await uris('?exclude-identity-claims=true')).not.toContain(locked);
    expect(await uris('?exclude-hidden-claims=true')).not.toContain(uriOf('shy'));
    expect(await uris('?profile=endUser')).toEqual(expect.arrayContaining([uriOf('shy'), uriOf('givenname')]));
    expect(await uris('?profile=console')).not.toContain(uriOf('shy'));
  });
});

describe('the definitions of one organization', () => {
  it('[SEC-B1] are not seen or changed by another', async () => {
    const { owner } = await createTenant(server, 'attributes.example');
    expect((await owner.get(localClaim('plain'))).status).toBe(404);
    const forged = { organizationId: '10084a8d-113f-4211-a0d5-efe36b082211', uri: 'urn:forged' };
    const sent = await owner.send('POST', '/api/commands/AddClaimDialect', forged);
    expect(sent.status).toBe(404);
    expect((await admin.get(dialect('urn:forged'))).status).toBe(404);
    expect((await owner.send('POST', LOCAL, claimBody('plain'))).status).toBe(201);
  });

  it('are read with the right to view and changed with the rights to change', async () => {
    const viewer = await limitedCaller(server, 'viewer', ['internal_claim_meta_view']);
    expect((await viewer.get(LOCAL)).status).toBe(200);
    expect((await viewer.send('POST', LOCAL, claimBody('mine'))).status).toBe(403);
    expect((await viewer.send('DELETE', localClaim('plain'))).status).toBe(403);
  });

  it('have a history that says what was changed', async () => {
    await claims.replace('plain', { displayName: 'Plainer' });
    const { json } = await admin.get('/api/history/attributes/10084a8d-113f-4211-a0d5-efe36b082211?limit=200');
    const text = JSON.stringify(json);
    expect(text).toContain('attribute.claim.redefined.v1');
    expect(text).toContain('Plainer');
  });
});
