/** Attributes of the organization on every way through SCIM: lists, Me, Bulk. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mapClaim, unmapClaim } from '../../../commands/attributes/dialect-commands.ts';
import { execute } from '../../../commands/pipeline.ts';
import { SUPER_ORG_ID } from '../../../domain/ids.ts';
import { addCustomAttributes, claimUri } from '../../support/custom-attributes.ts';
import { asking } from '../../support/kernel.ts';
import { basic, startTestServer, type TestServer } from '../../support/server.ts';
import { CUSTOM, ENTERPRISE, PASSWORD, type ScimClient, scimClient } from './client.ts';

let server: TestServer;
let scim: ScimClient;
let own: string;

const unique = { uniquenessScope: 'WITHIN_USERSTORE' };

beforeAll(async () => {
  server = await startTestServer();
  scim = scimClient(server);
  await addCustomAttributes(server.kernel, {
    shoeSize: { dataType: 'integer', regEx: '^[1-9][0-9]$' },
    grade: { profiles: { endUser: { readOnly: true } } },
    level: { readOnly: true },
    motto: { readOnly: true, profiles: { endUser: { readOnly: false } } },
    brief: {},
    badge: {},
  });
  const local = `/api/server/v1/claim-dialects/local/claims/${Buffer.from(claimUri('badge')).toString('base64url')}`;
  await fetch(server.url + local, {
    method: 'PUT',
    headers: { authorization: server.admin.authorization, 'content-type': 'application/json' },
    body: JSON.stringify({
      claimURI: claimUri('badge'),
      displayName: 'Badge',
      attributeMapping: [{ mappedAttribute: 'badge', userstore: 'PRIMARY' }],
      ...unique,
    }),
  });
  // Another name for the department, which administrators alone write.
  const alias = { dialect: CUSTOM, uri: `${CUSTOM}:team`, claim: 'http://wso2.org/claims/department' };
  await execute(server.kernel, mapClaim, { organizationId: SUPER_ORG_ID, ...alias }, asking());
  for (const [index, shoeSize] of [44, 38, 41].entries()) {
    await scim.create({ userName: `user${index}`, password: PASSWORD, [CUSTOM]: { shoeSize, brief: 'x' } });
  }
  own = basic('user0', PASSWORD);
});
afterAll(async () => await server.stop());

const me = (...operations: readonly object[]) =>
  scim.call('PATCH', '/Me', {
    authorization: own,
    body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: operations },
  });
const set = (name: string, value: unknown) => ({ op: 'replace', path: `${CUSTOM}:${name}`, value });

describe('an attribute of the organization', () => {
  it('is found and sorted by under its name in any case, by its type', async () => {
    const path = `${CUSTOM.toUpperCase()}:SHOESIZE`;
    const { body } = await scim.list({ filter: `${path} gt 40`, sortBy: path, sortOrder: 'descending' });
    const sizes = body.Resources.map((user: Record<string, { shoeSize: number }>) => user[CUSTOM]?.shoeSize);
    expect(sizes).toEqual([44, 41]);
    const word = await scim.list({ filter: `${CUSTOM}:shoeSize eq "big"` });
    expect([word.status, word.body.scimType]).toEqual([400, 'invalidFilter']);
  });

  it('is not there to be asked for where nobody declared it', async () => {
    const asked = await scim.list({ filter: `${CUSTOM}:nobody eq 1` });
    expect([asked.status, asked.body.scimType]).toEqual([400, 'invalidFilter']);
  });

  it('is no longer shown once it is not mapped, and is shown again when it is', async () => {
    const mapping = { organizationId: SUPER_ORG_ID, dialect: CUSTOM, uri: `${CUSTOM}:brief` };
    await execute(server.kernel, unmapClaim, mapping, asking());
    const shown = async () => {
      const { body } = await scim.list({ filter: 'userName eq "user1"' });
      const one = await scim.call('GET', `/Users/${body.Resources[0].id}`);
      return [body.Resources[0][CUSTOM], one.body[CUSTOM]];
    };
    expect(await shown()).toEqual([{ shoeSize: 38 }, { shoeSize: 38 }]);
    await execute(server.kernel, mapClaim, { ...mapping, claim: claimUri('brief') }, asking());
    expect((await shown())[0]).toEqual({ shoeSize: 38, brief: 'x' });
  });
});

describe('[SEC-C4] a user, of himself,', () => {
  it('writes an attribute of the organization, checked as any other', async () => {
    expect((await me(set('shoeSize', 45))).body[CUSTOM].shoeSize).toBe(45);
    const refused = await me(set('shoeSize', 450));
    expect([refused.status, refused.body.scimType, refused.body.detail.slice(0, 9)]).toEqual([
      400,
      'invalidValue',
      'SUO-10001',
    ]);
    expect((await me(set('motto', 'hi'))).status).toBe(200);
  });

  it.each(['grade', 'level'])('does not write %s, which the definition keeps from him', async (name) => {
    const refused = await me(set(name, 'x'));
    expect([refused.status, refused.body.scimType]).toEqual([400, 'mutability']);
  });

  it('does not write under another name what administrators alone write', async () => {
    const refused = await me(set('team', 'board'));
    expect([refused.status, refused.body.scimType]).toEqual([400, 'mutability']);
    const { body } = await scim.call('GET', '/Me', { authorization: own });
    expect(body[ENTERPRISE]).toBeUndefined();
  });

  it('cannot take a value that another has', async () => {
    await scim.create({ userName: 'holder', [CUSTOM]: { badge: 'B-1' } });
    const refused = await me(set('badge', 'b-1'));
    expect([refused.status, refused.body.scimType]).toEqual([400, 'invalidValue']);
    expect((await me(set('badge', 'b-2'))).status).toBe(200);
  });
});

describe('bulk', () => {
  it('checks each operation by the definitions, uniqueness among the operations included', async () => {
    const post = (userName: string, custom: object) => ({
      method: 'POST',
      path: '/Users',
      bulkId: userName,
      data: { userName, [CUSTOM]: custom },
    });
    const { status, body } = await scim.call('POST', '/Bulk', {
      body: {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
        Operations: [
          post('bulk1', { badge: 'B-9' }),
          post('bulk2', { badge: 'b-9' }),
          post('bulk3', { shoeSize: 7 }),
          post('bulk4', { shoeSize: 39, nobody: 1 }),
        ],
      },
    });
    expect(status).toBe(200);
    expect(body.Operations.map((operation: { status: string }) => operation.status)).toEqual([
      '201',
      '400',
      '400',
      '201',
    ]);
  });
});
