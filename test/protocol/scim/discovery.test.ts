import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { ACCOUNT, CORE, CUSTOM, ENTERPRISE, type ScimClient, scimClient } from './client.ts';

const LIST = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

let server: TestServer;
let scim: ScimClient;

beforeAll(async () => {
  server = await startTestServer();
  scim = scimClient(server);
});
afterAll(() => server.stop());

const read = (path: string) => scim.call('GET', path, { authorization: null });

describe('discovery', () => {
  it('[U14.7-1] gives the schemas without a token, as the ListResponse of RFC 7644 §4 and not as a bare array', async () => {
    const { status, headers, body } = await read('/Schemas');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/scim+json');
    expect(headers.get('activityid')).not.toBeNull();
    expect(body).toMatchObject({ schemas: [LIST], totalResults: 6, startIndex: 1, itemsPerPage: 6 });
    expect(body.Resources.map(({ id, name }: { id: string; name: string }) => [id, name])).toEqual([
      [CORE, 'User'],
      [ENTERPRISE, 'EnterpriseUser'],
      [ACCOUNT, 'SystemUser'],
      [CUSTOM, 'CustomUser'],
      ['urn:ietf:params:scim:schemas:core:2.0:Group', 'Group'],
      ['urn:ietf:params:scim:schemas:extension:2.0:Role', 'Role'],
    ]);
  });

  it('describes attributes to who asks for plain JSON with their published display names, and by RFC 7643', async () => {
    const headers = { accept: 'application/json' };
    const asked = (urn: string) => scim.call('GET', `/Schemas/${urn}`, { authorization: null, headers });
    const attributes = async (urn: string) =>
      new Map((await asked(urn)).body.attributes.map((a: { name: string }) => [a.name, a]));
    const core = await attributes(CORE);
    expect(core.get('profileUrl')).toMatchObject({ displayName: 'URL', type: 'reference' });
    expect(core.get('name')).toMatchObject({
      type: 'complex',
      subAttributes: expect.arrayContaining([
        expect.objectContaining({ name: 'familyName', displayName: 'Last Name' }),
        expect.objectContaining({ name: 'givenName', displayName: 'First Name' }),
      ]),
    });
    expect(core.get('password')).toMatchObject({ mutability: 'writeOnly', returned: 'never' });
    const account = await attributes(ACCOUNT);
    expect(account.get('country')).toMatchObject({ displayName: 'Country', type: 'string' });
    expect(account.get('emailVerified')).toMatchObject({ displayName: 'Email Verified', type: 'boolean' });
    expect(account.get('askPassword')).toBeUndefined();
  });

  it('describes attributes with what RFC 7643 §7 has, and no more, to everybody else', async () => {
    expect((await read('/Schemas')).text).not.toContain('displayName":"');
    expect((await read(`/Schemas/${CORE}`)).text).not.toContain('displayName":"');
  });

  it.each(['/Schemas', '/ResourceTypes', '/ServiceProviderConfig', '/Users', '/Bulk'])(
    'has methods that it has not: %s answers 405 in its own form, and says which there are',
    async (path) => {
      const { status, headers, body } = await scim.call(path === '/Bulk' ? 'GET' : 'DELETE', path);
      expect(status).toBe(405);
      expect(headers.get('allow')).toBe(path === '/Users' ? 'GET, POST' : path === '/Bulk' ? 'POST' : 'GET');
      expect(body).toMatchObject({ schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: '405' });
    },
  );

  it('lists the resource types and gives each by its name', async () => {
    const { body } = await read('/ResourceTypes');
    expect(body).toMatchObject({ schemas: [LIST], totalResults: 2 });
    const user = await read('/ResourceTypes/User');
    expect(user.body).toEqual(body.Resources[0]);
    expect(user.body).toMatchObject({
      id: 'User',
      endpoint: '/Users',
      schema: CORE,
      meta: { location: `${server.url}/scim2/ResourceTypes/User` },
    });
    expect((await read('/ResourceTypes/Group')).body).toEqual(body.Resources[1]);
    expect((await read('/ResourceTypes/Role')).status).toBe(404);
    expect((await read('/ResourceTypes/Robot')).status).toBe(404);
    expect((await read('/Schemas/urn:unknown')).status).toBe(404);
  });

  it('[SEC-J7] announces its limits, and promises nothing that is not there', async () => {
    const { status, body } = await read('/ServiceProviderConfig');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      patch: { supported: true },
      bulk: { supported: true, maxOperations: 1_000, maxPayloadSize: 1_048_576 },
      filter: { supported: true, maxResults: 200 },
      changePassword: { supported: true },
      sort: { supported: true },
      etag: { supported: true },
      pagination: { cursor: true, index: true, defaultPaginationMethod: 'index', maxPageSize: 200 },
    });
    expect(
      body.authenticationSchemes.map(({ type, primary }: { type: string; primary: boolean }) => [type, primary]),
    ).toEqual([
      ['oauthbearertoken', true],
      ['httpbasic', false],
    ]);
  });

  it('refuses a filter, so that nobody takes the answer for a filtered one', async () => {
    expect((await read('/Schemas?filter=name+eq+User')).status).toBe(403);
  });
});

describe('access', () => {
  it.each([
    ['GET', '/Users'],
    ['GET', '/Users/.search'],
    ['GET', '/Me'],
    ['POST', '/Me'],
    ['PUT', '/Me'],
    ['PATCH', '/Me'],
    ['DELETE', '/Me'],
    ['POST', '/.search'],
    ['POST', '/Bulk'],
    ['POST', '/Users'],
    ['POST', '/Users/.search'],
    ['GET', '/Users/00000000-0000-4000-8000-000000000000'],
    ['PUT', '/Users/00000000-0000-4000-8000-000000000000'],
    ['PATCH', '/Users/00000000-0000-4000-8000-000000000000'],
    ['DELETE', '/Users/00000000-0000-4000-8000-000000000000'],
  ])('[SEC-C6] %s %s without a credential is refused in the form of SCIM', async (method, path) => {
    const { status, headers, body } = await scim.call(method, path, { authorization: null });
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toContain('Bearer');
    expect(headers.get('content-type')).toBe('application/scim+json');
    expect(body).toMatchObject({ schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: '401' });
  });

  it.each(['/Robots', '/Users/', '/users', '/'])('%s is absent', async (path) => {
    expect((await scim.call('GET', path)).status).toBe(404);
  });
});

describe('media types', () => {
  const post = (
    headers: Record<string, string>,
    body: unknown = { userName: `u${Object.values(headers).join('').length}${Math.random()}` },
  ) => scim.call('POST', '/Users', { headers, body });

  it.each(['application/scim+json', 'application/json', 'application/json; charset=UTF-8', 'Application/SCIM+JSON'])(
    'the Content-Type %s is taken',
    async (type) => expect((await post({ 'content-type': type })).status).toBe(201),
  );

  it.each(['text/plain', 'application/xml', 'application/json; charset=latin1', 'application/x-www-form-urlencoded'])(
    'the foreign Content-Type %s is answered 406',
    async (type) => expect((await post({ 'content-type': type })).body).toMatchObject({ status: '406' }),
  );

  it('a foreign Accept is answered 406', async () => {
    expect((await scim.call('GET', '/Users', { headers: { accept: 'text/html' } })).status).toBe(406);
    expect(
      (await scim.call('GET', '/Users', { headers: { accept: 'text/html, application/json;q=0.5' } })).status,
    ).toBe(200);
  });

  it('[SEC-K3] a body that is no JSON is refused without a word about the server', async () => {
    const { status, body, text } = await post({}, '{"userName": kim}');
    expect(status).toBe(400);
    expect(body).toMatchObject({ scimType: 'invalidSyntax', status: '400' });
    expect(text).not.toMatch(/ at |\.ts|node|sqlite|fastify/i);
  });
});
