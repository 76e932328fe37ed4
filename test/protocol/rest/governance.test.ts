import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asAdmin, createTenant, limitedCaller, type ManagementClient } from '../../support/management-client.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';

const BASE = '/api/server/v1/identity-governance';
const id = (name: string) => Buffer.from(name).toString('base64url');

/** As published: category, then its connectors. */
const IDS: Readonly<Record<string, readonly [string, string][]>> = {
  VXNlciBPbmJvYXJkaW5n: [
    ['c2VsZi1zaWduLXVw', 'self-sign-up'],
    ['bGl0ZS11c2VyLXNpZ24tdXA', 'lite-user-sign-up'],
    ['dXNlci1lbWFpbC12ZXJpZmljYXRpb24', 'user-email-verification'],
  ],
  TG9naW4gQXR0ZW1wdHMgU2VjdXJpdHk: [
    ['YWNjb3VudC5sb2NrLmhhbmRsZXI', 'account.lock.handler'],
    ['c3NvLmxvZ2luLnJlY2FwdGNoYQ', 'sso.login.recaptcha'],
  ],
  QWNjb3VudCBNYW5hZ2VtZW50: [
    ['YWNjb3VudC1yZWNvdmVyeQ', 'account-recovery'],
    ['YWRtaW4tZm9yY2VkLXBhc3N3b3JkLXJlc2V0', 'admin-forced-password-reset'],
    ['c3VzcGVuc2lvbi5ub3RpZmljYXRpb24', 'suspension.notification'],
    ['bXVsdGlhdHRyaWJ1dGUubG9naW4uaGFuZGxlcg', 'multiattribute.login.handler'],
    [id('account.disable.handler'), 'account.disable.handler'],
  ],
  UGFzc3dvcmQgUG9saWNpZXM: [
    ['cGFzc3dvcmRIaXN0b3J5', 'passwordHistory'],
    ['cGFzc3dvcmRFeHBpcnk', 'passwordExpiry'],
  ],
  T3RoZXIgU2V0dGluZ3M: [
    ['dXNlci1jbGFpbS11cGRhdGU', 'user-claim-update'],
    [id('pii-controller'), 'pii-controller'],
  ],
};

const LOCK = `${BASE}/TG9naW4gQXR0ZW1wdHMgU2VjdXJpdHk/connectors`;
const LOCK_ID = 'YWNjb3VudC5sb2NrLmhhbmRsZXI';
const TIME = 'account.lock.handler.Time';

interface Property {
  readonly name: string;
  readonly value: string;
}

const update = (...properties: readonly Property[]) => ({ operation: 'UPDATE', properties });
const valueIn = (body: { properties: Property[] }, name: string) =>
  body.properties.find((property) => property.name === name)?.value;

describe('identity governance', () => {
  let server: TestServer;
  let owner: ManagementClient;

  beforeAll(async () => {
    server = await startTestServer();
    ({ owner } = await createTenant(server, 'governed.com'));
  });
  afterAll(async () => await server.stop());

  it('[U13-1] resolves every published id, with and without a slash at the end of the list', async () => {
    const list = (await owner.get(`${BASE}/`)).json;
    expect((await owner.get(BASE)).json).toEqual(list);
    expect(list.map((each: { id: string }) => each.id).sort()).toEqual(Object.keys(IDS).sort());
    for (const [category, connectors] of Object.entries(IDS)) {
      const found = list.find((each: { id: string }) => each.id === category);
      expect(found.connectors.map((each: { id: string }) => each.id)).toEqual(connectors.map(([encoded]) => encoded));
      const body = (await owner.get(`${BASE}/${category}`)).json;
      expect(body.connectors.map((each: { name: string }) => each.name)).toEqual(connectors.map(([, name]) => name));
      for (const [encoded, name] of connectors) {
        const answer = await owner.get(`${BASE}/${category}/connectors/${encoded}`);
        expect(answer.json).toMatchObject({ id: encoded, name, category: body.name, order: 0, subCategory: 'DEFAULT' });
      }
    }
  });

  it('[U13-2] shows a new value after PATCH, and leaves the others as they were', async () => {
    const before = (await owner.get(`${LOCK}/${LOCK_ID}`)).json;
    const patched = await owner.send('PATCH', `${LOCK}/${LOCK_ID}`, update({ name: TIME, value: '7' }));
    expect([patched.status, patched.text]).toEqual([200, '']);
    const after = (await owner.get(`${LOCK}/${LOCK_ID}`)).json;
    expect(valueIn(after, TIME)).toBe('7');
    const others = ({ properties }: { properties: Property[] }) => properties.filter(({ name }) => name !== TIME);
    expect(others(after)).toEqual(others(before));
    expect((await owner.get(LOCK)).json[0]).toEqual(after);
  });

  it('sets several connectors of a category at once, or none of them', async () => {
    const recaptcha = {
      id: 'c3NvLmxvZ2luLnJlY2FwdGNoYQ',
      properties: [{ name: 'sso.login.recaptcha.enable', value: 'true' }],
    };
    const good = { id: LOCK_ID, properties: [{ name: 'account.lock.handler.On.Failure.Max.Attempts', value: '4' }] };
    const bad = { id: LOCK_ID, properties: [{ name: TIME, value: 'soon' }] };
    const refused = await owner.send('PATCH', LOCK, { operation: 'UPDATE', connectors: [recaptcha, bad] });
    expect([refused.status, refused.json.code]).toEqual([400, 'IDG-50014']);
    const values = async () =>
      (await owner.get(LOCK)).json.flatMap((each: { properties: Property[] }) => each.properties);
    expect(await values()).toContainEqual(
      expect.objectContaining({ name: 'sso.login.recaptcha.enable', value: 'false' }),
    );
    const taken = await owner.send('PATCH', LOCK, { operation: 'UPDATE', connectors: [recaptcha, good] });
    expect(taken.status).toBe(200);
    expect(await values()).toContainEqual(
      expect.objectContaining({ name: 'sso.login.recaptcha.enable', value: 'true' }),
    );
  });

  it('[U13-3] answers 404 for a wrong category, also for a connector that is known in another', async () => {
    for (const [path, code] of [
      [`${BASE}/bm9uZQ`, 'IDG-50008'],
      [`${BASE}/bm9uZQ/connectors/${LOCK_ID}`, 'IDG-50008'],
      [`${BASE}/UGFzc3dvcmQgUG9saWNpZXM/connectors/${LOCK_ID}`, 'IDG-50009'],
      [`${LOCK}/bm9uZQ`, 'IDG-50009'],
      [`${LOCK}/${LOCK_ID}=`, 'IDG-50009'],
    ] as const) {
      const answer = await owner.get(path);
      expect([answer.status, answer.json.code], path).toEqual([404, code]);
      expect(answer.json.traceId).toBeTypeOf('string');
    }
  });

  it('[U13-4] answers 501 to paging, filter and sort', async () => {
    const codes = { limit: 'IDG-50005', offset: 'IDG-50005', filter: 'IDG-50006', sort: 'IDG-50007' };
    for (const [name, code] of Object.entries(codes)) {
      const answer = await owner.get(`${BASE}?${name}=1`);
      expect([answer.status, answer.json.code], name).toEqual([501, code]);
    }
  });

  it('[U13-5] restores the table by revert, and refuses what it does not know', async () => {
    await owner.send('PATCH', `${LOCK}/${LOCK_ID}`, update({ name: TIME, value: '9' }));
    const path = `${LOCK}/revert?connectorId=${LOCK_ID}`;
    const unknown = await owner.send('POST', path, { properties: [TIME, 'account.lock.handler.time'] });
    expect([unknown.status, unknown.json.code]).toEqual([400, 'IDG-50017']);
    expect(valueIn((await owner.get(`${LOCK}/${LOCK_ID}`)).json, TIME)).toBe('9');
    const reverted = await owner.send('POST', path, { properties: [TIME] });
    expect([reverted.status, reverted.text]).toEqual([200, '']);
    expect(valueIn((await owner.get(`${LOCK}/${LOCK_ID}`)).json, TIME)).toBe('5');
    const without = await owner.send('POST', `${LOCK}/revert`, { properties: [TIME] });
    expect([without.status, without.json.code]).toEqual([400, 'IDG-50016']);
  });

  it.each([
    [
      'an unknown property, with all that came beside it',
      [
        { name: TIME, value: '8' },
        { name: 'no.such', value: '1' },
      ],
      'IDG-50012',
    ],
    ['a name in another case', [{ name: 'account.lock.handler.time', value: '8' }], 'IDG-50012'],
    [
      'a flag that is none',
      [{ name: 'account.lock.handler.lock.on.max.failed.attempts.enable', value: 'on' }],
      'IDG-50013',
    ],
    ['a number that is none', [{ name: TIME, value: '1.5' }], 'IDG-50014'],
  ])('refuses %s', async (_, properties, code) => {
    const before = (await owner.get(`${LOCK}/${LOCK_ID}`)).json;
    const answer = await owner.send('PATCH', `${LOCK}/${LOCK_ID}`, update(...properties));
    expect([answer.status, answer.json.code]).toEqual([400, code]);
    expect((await owner.get(`${LOCK}/${LOCK_ID}`)).json).toEqual(before);
  });

  it('tells preferences to whoever is signed in', async () => {
    const asked = [{ 'connector-name': 'self-sign-up', properties: ['SelfRegistration.Enable'] }];
    const answer = await owner.send('POST', `${BASE}/preferences`, asked);
    expect(answer.json).toEqual([
      { 'connector-name': 'self-sign-up', properties: [{ name: 'SelfRegistration.Enable', value: 'false' }] },
    ]);
    const whole = await owner.send('POST', `${BASE}/preferences`, [{ 'connector-name': 'passwordHistory' }]);
    expect(whole.json[0].properties).toHaveLength(2);
    const unknown = await owner.send('POST', `${BASE}/preferences`, [{ 'connector-name': 'none' }]);
    expect([unknown.status, unknown.json.code]).toEqual([400, 'IDG-50011']);
    const wrong = await owner.send('POST', `${BASE}/preferences`, [
      { 'connector-name': 'passwordHistory', properties: ['x'] },
    ]);
    expect([wrong.status, wrong.json.code]).toEqual([400, 'IDG-50012']);
  });

  it('keeps what one organization sets from every other', async () => {
    await owner.send('PATCH', `${LOCK}/${LOCK_ID}`, update({ name: TIME, value: '33' }));
    const { owner: other } = await createTenant(server, 'ungoverned.com');
    for (const client of [other, asAdmin(server)]) {
      expect(valueIn((await client.get(`${LOCK}/${LOCK_ID}`)).json, TIME)).toBe('5');
    }
  });

  it('needs the right for each of seeing and setting', async () => {
    const viewer = await limitedCaller(server, 'Viewer', ['internal_idp_view']);
    const stranger = await limitedCaller(server, 'Stranger', ['internal_config_update']);
    expect((await viewer.get(BASE)).status).toBe(200);
    expect((await viewer.send('PATCH', `${LOCK}/${LOCK_ID}`, update({ name: TIME, value: '1' }))).status).toBe(403);
    expect((await stranger.get(BASE)).status).toBe(403);
    expect((await stranger.send('POST', `${BASE}/preferences`, [{ 'connector-name': 'self-sign-up' }])).status).toBe(
      403,
    );
  });

  it('leaves a history of who set what', async () => {
    const { owner: kim, id: org } = await createTenant(server, 'told.com');
    await kim.send('PATCH', `${LOCK}/${LOCK_ID}`, update({ name: TIME, value: '12' }));
    const told = (await kim.get(`/api/history/settings/${org}`)).json;
    expect(JSON.stringify(told)).toContain('policy.connector.configured.v1');
  });

  it('says of each value where it comes from', async () => {
    const { owner: kim } = await createTenant(server, 'sourced.com');
    await kim.send('PATCH', `${LOCK}/${LOCK_ID}`, update({ name: TIME, value: '12' }));
    const { settings, rules } = (await kim.get('/api/read/effective-settings')).json;
    expect(settings[TIME]).toEqual({ value: '12', source: { kind: 'own' } });
    expect(settings['passwordHistory.enable']).toEqual({ value: 'false', source: { kind: 'default' } });
    expect(rules.password.source).toEqual({ kind: 'default' });
  });
});
