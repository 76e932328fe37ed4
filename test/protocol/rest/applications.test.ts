import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asAdmin, limitedCaller, type ManagementClient } from '../../support/management-client.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';

const APPLICATIONS = '/api/server/v1/applications';

let server: TestServer;
let admin: ManagementClient;

beforeAll(async () => {
  server = await startTestServer();
  admin = asAdmin(server);
});
afterAll(() => server.stop());

const oidc = (over: object = {}) => ({
  inboundProtocolConfiguration: {
    oidc: { grantTypes: ['authorization_code'], callbackURLs: ['https://app.example/cb'], ...over },
  },
});

async function created(name: string, over: object = {}): Promise<string> {
  const answer = await admin.send('POST', APPLICATIONS, { name, ...over });
  expect(answer.status, answer.text).toBe(201);
  return answer.createdId;
}

describe('creating an application', () => {
  it('answers 201 with Location and an empty body, and the application reads back', async () => {
    const answer = await admin.send('POST', APPLICATIONS, {
      name: 'pickup',
      description: 'Pickup',
      accessUrl: 'https://pickup.example',
      templateId: 'custom',
      advancedConfigurations: { skipLoginConsent: true },
      claimConfiguration: {
        dialect: 'LOCAL',
        requestedClaims: [{ claim: { uri: 'http://wso2.org/claims/emailaddress' }, mandatory: true }],
        subject: { claim: { uri: 'http://wso2.org/claims/username' } },
      },
      ...oidc(),
    });
    expect(answer).toMatchObject({ status: 201, text: '' });
    expect(answer.headers.get('location')).toBe(`${server.url}${APPLICATIONS}/${answer.createdId}`);

    const read = await admin.get(`${APPLICATIONS}/${answer.createdId}`);
    expect(read.json).toMatchObject({
      id: answer.createdId,
      name: 'pickup',
      description: 'Pickup',
      accessUrl: 'https://pickup.example',
      templateId: 'custom',
      applicationEnabled: true,
      access: 'WRITE',
      advancedConfigurations: { skipLoginConsent: true, skipLogoutConsent: false },
      claimConfiguration: {
        requestedClaims: [{ claim: { uri: 'http://wso2.org/claims/emailaddress' }, mandatory: true }],
        subject: { claim: { uri: 'http://wso2.org/claims/username' } },
      },
      inboundProtocols: [{ type: 'oauth2' }],
    });
  });

  it('tells the duplicate of a plain application apart from that of an OAuth application', async () => {
    await created('twin');
    const plain = await admin.send('POST', APPLICATIONS, { name: 'TWIN' });
    expect(plain).toMatchObject({ status: 409, json: { code: 'APP-60007' } });
    const oauth = await admin.send('POST', APPLICATIONS, { name: 'twin', ...oidc() });
    expect(oauth).toMatchObject({ status: 409, json: { code: 'OAUTH-60008' } });
  });

  it('refuses a client id that another application has', async () => {
    await created('first-client', oidc({ clientId: 'chosen' }));
    const second = await admin.send('POST', APPLICATIONS, { name: 'second-client', ...oidc({ clientId: 'chosen' }) });
    expect(second).toMatchObject({ status: 409, json: { code: 'OAUTH-60008' } });
    const names = (await admin.get(`${APPLICATIONS}?filter=name+eq+second-client`)).json;
    expect(names.totalResults, 'nothing half-made is left').toBe(0);
  });

  it.each([
    ['a missing name', {}, 400, 'UE-10000'],
    ['an unknown member', { name: 'x1', colour: 'red' }, 400, 'UE-10000'],
    ['a number for a name', { name: 7 }, 400, 'UE-10000'],
    ['no grant types', { name: 'x2', ...oidc({ grantTypes: [] }) }, 400, 'UE-10000'],
    ['an @ in the name', { name: 'a@b' }, 400, 'APP-60001'],
    ['the name of a system application', { name: 'Console' }, 400, 'APP-60515'],
    ['the name of the resident application', { name: 'wso2carbon-local-sp' }, 409, 'APP-60007'],
    [
      'an origin that is none',
      { name: 'x3', ...oidc({ allowedOrigins: ['https://a.example/path'] }) },
      400,
      'APP-60001',
    ],
    [
      'a callback with a fragment',
      { name: 'x4', ...oidc({ callbackURLs: ['https://a.example/#x'] }) },
      400,
      'OAUTH-60001',
    ],
    [
      'a callback that runs code',
      { name: 'x5', ...oidc({ callbackURLs: ['javascript:alert(1)'] }) },
      400,
      'OAUTH-60001',
    ],
    ['a callback pattern', { name: 'x6', ...oidc({ callbackURLs: ['regexp=(https://.*)'] }) }, 400, 'OAUTH-60001'],
    ['a grant type not served', { name: 'x7', ...oidc({ grantTypes: ['password'] }) }, 400, 'OAUTH-60001'],
    [
      'an algorithm not served',
      { name: 'x8', ...oidc({ idToken: { idTokenSignedResponseAlg: 'none' } }) },
      400,
      'OAUTH-60001',
    ],
    ['hybrid flow', { name: 'x9', ...oidc({ hybridFlow: { enable: true } }) }, 400, 'APP-60517'],
    [
      'ID token encryption',
      { name: 'y1', ...oidc({ idToken: { encryption: { enabled: true } } }) },
      400,
      'OAUTH-60001',
    ],
    [
      'mutual TLS',
      { name: 'y2', ...oidc({ clientAuthentication: { tlsClientAuthSubjectDn: 'CN=x' } }) },
      400,
      'OAUTH-60001',
    ],
    ['SAML', { name: 'y3', inboundProtocolConfiguration: { saml: { metadataURL: 'https://x' } } }, 400, 'APP-60001'],
    [
      'a role of an audience',
      { name: 'y5', associatedRoles: { allowedAudience: 'ORGANIZATION', roles: [{ id: 'r' }] } },
      400,
      'APP-60008',
    ],
    [
      'additional properties',
      { name: 'y6', advancedConfigurations: { additionalSpProperties: [{ name: 'a', value: 'b' }] } },
      400,
      'APP-60506',
    ],
    [
      'outbound provisioning',
      { name: 'y7', provisioningConfigurations: { outboundProvisioningIdps: [{ idp: 'x' }] } },
      400,
      'APP-60514',
    ],
    [
      'a mandatory mapped subject',
      { name: 'y8', claimConfiguration: { subject: { mappedLocalSubjectMandatory: true } } },
      400,
      'APP-60513',
    ],
  ])('refuses %s and keeps nothing', async (_, body, status, code) => {
    const before = (await admin.get(APPLICATIONS)).json.totalResults;
    const answer = await admin.send('POST', APPLICATIONS, body);
    expect(answer).toMatchObject({ status, json: { code, traceId: answer.headers.get('activityid') } });
    expect(answer.json.description).not.toBe('');
    expect((await admin.get(APPLICATIONS)).json.totalResults).toBe(before);
  });

  it('says whose roles count in its tokens', async () => {
    const allowed = (allowedAudience: string) => ({ associatedRoles: { allowedAudience } });
    const made = await admin.send('POST', APPLICATIONS, { name: 'OwnRoles', ...allowed('APPLICATION') });
    expect(made.status, made.text).toBe(201);
    const path = `${APPLICATIONS}/${made.createdId}`;
    expect((await admin.get(path)).json).toMatchObject(allowed('APPLICATION'));
    const listed = `${APPLICATIONS}?filter=name+eq+OwnRoles&attributes=associatedRoles.allowedAudience`;
    expect((await admin.get(listed)).json.applications).toMatchObject([allowed('APPLICATION')]);
    await admin.send('PATCH', path, allowed('ORGANIZATION'));
    expect((await admin.get(path)).json).toMatchObject(allowed('ORGANIZATION'));
  });

  it('[SEC-I7] refuses text that is no JSON, and keys that reach for a prototype', async () => {
    for (const body of ['{', '{"name":"a"}}', '{"__proto__":{"name":"a"},"name":"b"}']) {
      const response = await fetch(`${server.url}${APPLICATIONS}`, {
        method: 'POST',
        headers: { authorization: server.admin.authorization, 'content-type': 'application/json' },
        body,
      });
      expect([response.status, ((await response.json()) as { code: string }).code], body).toEqual([400, 'UE-10000']);
    }
  });

  it('answers 501 for a template', async () => {
    const answer = await admin.send('POST', `${APPLICATIONS}?template=spa`, { name: 'from-template' });
    expect(answer).toMatchObject({ status: 501, json: { code: 'APP-65501' } });
  });
});

describe('changing and deleting an application', () => {
  it('changes what is given and keeps the rest', async () => {
    const id = await created('changing', { description: 'kept', accessUrl: 'https://old.example' });
    const answer = await admin.send('PATCH', `${APPLICATIONS}/${id}`, {
      name: 'changed',
      accessUrl: 'https://new.example',
    });
    expect(answer).toMatchObject({ status: 200, text: '' });
    const read = (await admin.get(`${APPLICATIONS}/${id}`)).json;
    expect(read).toMatchObject({ name: 'changed', description: 'kept', accessUrl: 'https://new.example' });
  });

  it('refuses the name of another application, of the system, and of the resident one', async () => {
    const id = await created('renaming');
    await created('in-use');
    const rename = (name: string) => admin.send('PATCH', `${APPLICATIONS}/${id}`, { name });
    expect(await rename('in-use')).toMatchObject({ status: 409, json: { code: 'APP-60007' } });
    expect(await rename('My Account')).toMatchObject({ status: 400, json: { code: 'APP-60516' } });
    expect(await rename('wso2carbon-local-sp')).toMatchObject({ status: 403, json: { code: 'APP-60008' } });
  });

  it('shows system applications as READ and neither renames nor deletes them', async () => {
    const found = (await admin.get(`${APPLICATIONS}?filter=name+eq+Console`)).json.applications[0];
    expect(found.access).toBe('READ');
    const renamed = await admin.send('PATCH', `${APPLICATIONS}/${found.id}`, { name: 'Mine' });
    expect(renamed).toMatchObject({ status: 403, json: { code: 'APP-60008' } });
    expect(await admin.send('DELETE', `${APPLICATIONS}/${found.id}`)).toMatchObject({ status: 403 });
  });

  it('answers 204 to DELETE, and 404 afterwards everywhere', async () => {
    const id = await created('going', oidc());
    expect(await admin.send('DELETE', `${APPLICATIONS}/${id}`)).toMatchObject({ status: 204, text: '' });
    for (const path of ['', '/inbound-protocols', '/inbound-protocols/oidc', '/authorized-apis']) {
      expect(await admin.get(`${APPLICATIONS}/${id}${path}`)).toMatchObject({
        status: 404,
        json: { code: 'APP-60006' },
      });
    }
    expect((await admin.get(`${APPLICATIONS}?filter=name+eq+going`)).json.totalResults).toBe(0);
  });

  it('answers 404 APP-60006 for an id that is none', async () => {
    for (const id of ['nobody', '00000000-0000-4000-8000-000000000000', '__proto__']) {
      expect(await admin.get(`${APPLICATIONS}/${id}`)).toMatchObject({ status: 404, json: { code: 'APP-60006' } });
    }
  });
});

describe('listing applications', () => {
  it('pages by limit and offset with links, and starts counting at 1', async () => {
    for (const name of ['page-a', 'page-b', 'page-c']) await created(name);
    const filter = 'filter=name+sw+page-';
    const first = (await admin.get(`${APPLICATIONS}?${filter}&limit=2`)).json;
    expect(first).toMatchObject({ totalResults: 3, startIndex: 1, count: 2 });
    expect(first.links).toEqual([{ rel: 'next', href: expect.stringContaining('offset=2') }]);
    const second = (await admin.get(first.links[0].href)).json;
    expect(second).toMatchObject({ totalResults: 3, startIndex: 3, count: 1 });
    expect(second.links).toEqual([{ rel: 'previous', href: expect.stringContaining('offset=0') }]);
    const names = [...first.applications, ...second.applications].map(({ name }) => name);
    expect(names.sort()).toEqual(['page-a', 'page-b', 'page-c']);
  });

  it('binds and before or in a filter', async () => {
    for (const name of ['logic-a', 'logic-b', 'logic-c']) await created(name);
    const filter = 'name sw logic- and name ew a or name eq "logic-c" and name co logic';
    const found = (await admin.get(`${APPLICATIONS}?filter=${encodeURIComponent(filter)}`)).json;
    expect(found.applications.map(({ name }: { name: string }) => name).sort()).toEqual(['logic-a', 'logic-c']);
  });

  it('shows chosen attributes only when they are asked for', async () => {
    const id = await created('attributes', oidc({ clientId: 'attributes-client' }));
    const filter = 'filter=clientId+eq+attributes-client';
    const plain = (await admin.get(`${APPLICATIONS}?${filter}`)).json.applications[0];
    expect(plain).toMatchObject({ id, self: `${APPLICATIONS}/${id}` });
    expect(plain).not.toHaveProperty('clientId');
    const query = `${filter}&attributes=clientId,advancedConfigurations,associatedRoles.allowedAudience`;
    expect((await admin.get(`${APPLICATIONS}?${query}`)).json.applications[0]).toMatchObject({
      clientId: 'attributes-client',
      advancedConfigurations: { skipLoginConsent: false },
      associatedRoles: { allowedAudience: 'ORGANIZATION' },
    });
  });

  it('leaves the system applications out when asked', async () => {
    const all = (await admin.get(`${APPLICATIONS}?limit=100`)).json;
    const own = (await admin.get(`${APPLICATIONS}?limit=100&excludeSystemPortals=true`)).json;
    expect(all.totalResults - own.totalResults).toBe(2);
  });

  it.each([
    ['sortBy=name', 501, 'APP-65002'],
    ['sortOrder=ASC', 501, 'APP-65002'],
    ['limit=0', 400, 'APP-60503'],
    ['limit=-1', 400, 'APP-60503'],
    ['limit=ten', 400, 'APP-60503'],
    ['offset=-1', 400, 'APP-60504'],
    ['attributes=secret', 400, 'APP-60505'],
    ['filter=name', 400, 'APP-60004'],
    ['filter=secret+eq+x', 400, 'APP-60004'],
    ['filter=name+gt+x', 400, 'APP-60004'],
    ['filter=not+(name+eq+x)', 400, 'APP-60004'],
    [`filter=${encodeURIComponent("name eq ') OR 1=1 --")}`, 400, 'APP-60004'],
  ])('refuses %s', async (query, status, code) => {
    expect(await admin.get(`${APPLICATIONS}?${query}`)).toMatchObject({ status, json: { code } });
  });
});

describe('the OpenID Connect configuration', () => {
  it('is set with 201, replaced with 200, removed with 204, and then missing', async () => {
    const id = await created('late-oidc');
    const path = `${APPLICATIONS}/${id}/inbound-protocols/oidc`;
    expect(await admin.get(path)).toMatchObject({ status: 404, json: { code: 'APP-60502' } });
    const body = { grantTypes: ['authorization_code', 'refresh_token'], callbackURLs: ['https://a.example/cb'] };
    expect(await admin.send('PUT', path, body)).toMatchObject({ status: 201, text: '' });
    const first = (await admin.get(path)).json;
    expect(first).toMatchObject({ ...body, state: 'ACTIVE', publicClient: false });

    const replaced = {
      ...body,
      clientId: first.clientId,
      refreshToken: { expiryInSeconds: 60, renewRefreshToken: false },
    };
    expect(await admin.send('PUT', path, replaced)).toMatchObject({ status: 200, text: '' });
    const second = (await admin.get(path)).json;
    expect(second).toMatchObject({ clientId: first.clientId, refreshToken: replaced.refreshToken });
    expect(second.clientSecret, 'a replaced configuration keeps its secret').toBe(first.clientSecret);

    expect(await admin.send('DELETE', path)).toMatchObject({ status: 204 });
    expect(await admin.send('DELETE', path)).toMatchObject({ status: 404, json: { code: 'APP-60502' } });
    expect((await admin.get(`${APPLICATIONS}/${id}/inbound-protocols`)).json).toEqual([]);
  });

  it('takes back what it gave: a read configuration can be put unchanged', async () => {
    const id = await created(
      'round-trip',
      oidc({ callbackURLs: ['regexp=(https://a.example/x|https://b.example/y)'] }),
    );
    const path = `${APPLICATIONS}/${id}/inbound-protocols/oidc`;
    const before = await admin.get(path);
    expect(before.json.callbackURLs).toEqual(['regexp=(https://a.example/x|https://b.example/y)']);
    const { clientSecret: _, ...given } = before.json;
    expect(await admin.send('PUT', path, given)).toMatchObject({ status: 200 });
    expect((await admin.get(path)).text).toBe(before.text);
  });

  it('refuses another client id', async () => {
    const id = await created('fixed-client', oidc());
    const body = { grantTypes: ['client_credentials'], clientId: 'another' };
    const answer = await admin.send('PUT', `${APPLICATIONS}/${id}/inbound-protocols/oidc`, body);
    expect(answer).toMatchObject({ status: 400, json: { code: 'OAUTH-60001' } });
  });

  it('gets a new secret by regenerate-secret, and is REVOKED by revoke until then', async () => {
    const id = await created('rotating', oidc());
    const path = `${APPLICATIONS}/${id}/inbound-protocols/oidc`;
    const before = (await admin.get(path)).json.clientSecret;
    expect(await admin.send('POST', `${path}/revoke`)).toMatchObject({ status: 200 });
    expect((await admin.get(path)).json.state).toBe('REVOKED');
    const rotated = await admin.send('POST', `${path}/regenerate-secret`);
    expect(rotated).toMatchObject({ status: 200, json: { state: 'ACTIVE' } });
    expect(rotated.json.clientSecret).not.toBe(before);
    expect((await admin.get(path)).json.clientSecret).toBe(rotated.json.clientSecret);
  });

  it('[SEC-C7] shows the client secret only to a caller with the right to see secrets', async () => {
    const id = await created('secretive', oidc());
    const path = `${APPLICATIONS}/${id}/inbound-protocols/oidc`;
    const viewer = await limitedCaller(server, 'c7-viewer', [
      'internal_application_mgt_view',
      'internal_application_mgt_update',
    ]);
    const seeing = await limitedCaller(server, 'c7-seeing', [
      'internal_application_mgt_view',
      'internal_application_mgt_client_secret_view',
    ]);
    const secret = (await admin.get(path)).json.clientSecret as string;
    expect((await seeing.get(path)).json.clientSecret).toBe(secret);
    const without = await viewer.get(path);
    expect(without).toMatchObject({ status: 200 });
    expect(without.json).not.toHaveProperty('clientSecret');
    const rotated = await viewer.send('POST', `${path}/regenerate-secret`);
    expect(rotated).toMatchObject({ status: 200 });
    expect(rotated.json).not.toHaveProperty('clientSecret');
    const everywhere = [
      await viewer.get(`${APPLICATIONS}/${id}`),
      await viewer.get(`${APPLICATIONS}?attributes=clientId`),
      await admin.get(`/api/history/applications/${id}`),
      await admin.get('/api/feed?limit=1000'),
      await admin.get('/api/read/applications?limit=1000'),
    ];
    const newSecret = (await admin.get(path)).json.clientSecret as string;
    for (const { status, text } of everywhere) {
      expect(status).toBe(200);
      expect(text).not.toContain(secret);
      expect(text).not.toContain(newSecret);
    }
  });
});

describe('rights', () => {
  it('answers 401 without a credential and 403 without the scope, with no body', async () => {
    const viewer = await limitedCaller(server, 'rights-viewer', ['internal_application_mgt_view']);
    const anonymous = await fetch(`${server.url}${APPLICATIONS}`);
    expect([anonymous.status, await anonymous.text()]).toEqual([401, '']);
    expect(await viewer.send('POST', APPLICATIONS, { name: 'denied' })).toMatchObject({ status: 403, text: '' });
    expect((await viewer.get(`${APPLICATIONS}?filter=name+eq+rights-viewer`)).json.applications[0].access).toBe('READ');
  });
});
