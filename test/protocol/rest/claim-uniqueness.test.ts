/** Attributes of which no two users have the same value. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asAdmin, type ManagementClient } from '../../support/management-client.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { type ClaimClient, CUSTOM, claimClient, localClaim, uriOf } from './claim-client.ts';

let server: TestServer;
let admin: ManagementClient;
let claims: ClaimClient;

beforeAll(async () => {
  server = await startTestServer();
  admin = asAdmin(server);
  claims = claimClient(admin);
});
afterAll(async () => await server.stop());

const WITHIN = { uniquenessScope: 'WITHIN_USERSTORE' };
const ACROSS = { uniquenessScope: 'ACROSS_USERSTORES' };
const scopeOf = async (name: string): Promise<string> => (await admin.get(localClaim(name))).json.uniquenessScope;

async function attribute(name: string, given: object = {}): Promise<void> {
  await claims.define(name, given);
  await claims.map(name);
}

const mail = (value: string) => ({ emails: [{ type: 'work', value }] });

describe('a unique attribute', () => {
  it('[U7-6] refuses the same e-mail in the same store on create and on update', async () => {
    expect((await claims.replace('emailaddress', { displayName: 'Email', ...WITHIN })).status).toBe(200);
    expect(await scopeOf('emailaddress')).toBe('WITHIN_USERSTORE');
    const first = await claims.createUser('mail-1', {}, mail('Kim@example.com'));
    expect(first.status).toBe(201);
    const second = await claims.createUser('mail-2', {}, mail('kim@EXAMPLE.com'));
    expect([second.status, second.json.scimType]).toEqual([400, 'invalidValue']);
    expect(second.json.detail).toBe('The value of Email is in use by another user.');

    const other = (await claims.createUser('mail-2', {}, mail('lee@example.com'))).json.id;
    const patched = await claims.patchUser(other, {
      op: 'replace',
      path: 'emails',
      value: [{ value: 'kim@example.com' }],
    });
    const put = await claims.putUser(other, { userName: 'mail-2', ...mail('kim@example.com') });
    expect([patched.status, put.status]).toEqual([400, 400]);
    const own = await claims.putUser(first.json.id, { userName: 'mail-1', ...mail('KIM@example.com') });
    expect(own.status).toBe(200);
  });

  it('[U7-6] refuses it everywhere across user stores, and NONE never', async () => {
    await attribute('plate', ACROSS);
    expect(await scopeOf('plate')).toBe('ACROSS_USERSTORES');
    expect((await claims.createUser('plate-1', { plate: 'B-X 1' })).status).toBe(201);
    expect((await claims.createUser('plate-2', { plate: 'b-x 1' })).status).toBe(400);
    expect((await claims.replace('plate')).status).toBe(200);
    expect(await scopeOf('plate')).toBe('NONE');
    expect((await claims.createUser('plate-2', { plate: 'b-x 1' })).status).toBe(201);
  });

  it('gives a value back when it is changed, removed, or its user goes', async () => {
    await attribute('locker', WITHIN);
    const { id } = (await claims.createUser('locker-1', { locker: 'one' })).json;
    await claims.patchUser(id, { op: 'replace', path: `${CUSTOM}:locker`, value: 'two' });
    const second = (await claims.createUser('locker-2', { locker: 'one' })).json.id;
    expect(second).toBeTruthy();
    await claims.patchUser(second, { op: 'remove', path: `${CUSTOM}:locker` });
    expect((await claims.createUser('locker-3', { locker: 'ONE' })).status).toBe(201);
    await admin.send('DELETE', `/scim2/Users/${id}`);
    expect((await claims.createUser('locker-4', { locker: 'two' })).status).toBe(201);
    const erased = { userId: (await claims.createUser('locker-5', { locker: 'five' })).json.id };
    expect((await admin.send('POST', '/api/commands/EraseUser', erased)).status).toBe(200);
    expect((await claims.createUser('locker-6', { locker: 'five' })).status).toBe(201);
  });

  it('counts each value of several', async () => {
    await attribute('nick', { multiValued: true, ...WITHIN });
    expect((await claims.createUser('nick-1', { nick: ['a', 'b', 'A'] })).status).toBe(201);
    expect((await claims.createUser('nick-2', { nick: ['c', 'B'] })).status).toBe(400);
    expect((await claims.createUser('nick-3', { nick: ['c'] })).status).toBe(201);
  });

  it('[SEC-B6] lets exactly one of many users made at once have a value, in whatever normal form', async () => {
    await attribute('passport', WITHIN);
    const forms = ['Ångström', 'Ångström'.normalize('NFD'), 'ÅNGSTRÖM', 'ａngström'.replace('ａ', 'å'), 'ångström'];
    const made = await Promise.all(
      Array.from({ length: 25 }, (_, index) => claims.createUser(`pass-${index}`, { passport: forms[index % 5] })),
    );
    expect(made.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(made.filter(({ status }) => status === 400)).toHaveLength(24);
  });
});

describe('an attribute that becomes unique', () => {
  it('has the values of all users claimed before it is', async () => {
    await attribute('desk');
    for (let index = 0; index < 40; index += 1) await claims.createUser(`desk-${index}`, { desk: `desk ${index}` });
    expect((await claims.replace('desk', WITHIN)).status).toBe(200);
    expect(await scopeOf('desk')).toBe('WITHIN_USERSTORE');
    for (const taken of ['desk 0', 'DESK 39']) {
      expect((await claims.createUser('desk-new', { desk: taken })).status).toBe(400);
    }
    expect((await claims.createUser('desk-new', { desk: 'desk 40' })).status).toBe(201);
  });

  it('stays as it is while users share values, and says who', async () => {
    await attribute('phone');
    const ids: string[] = [];
    for (const index of [1, 2, 3]) {
      ids.push((await claims.createUser(`phone-${index}`, { phone: index === 3 ? '9' : '+1 (é)' })).json.id);
    }
    const refused = await claims.replace('phone', { displayName: 'changed', ...WITHIN });
    expect([refused.status, refused.json.code]).toEqual([409, 'CMT-60020']);
    expect((await admin.get(localClaim('phone'))).json).toMatchObject({
      displayName: 'phone',
      uniquenessScope: 'NONE',
    });
    const history = await admin.get('/api/history/attributes/10084a8d-113f-4211-a0d5-efe36b082211?limit=200');
    const abandoned = history.json.entries.findLast(
      ({ type, data }: { type: string; data: { uri: string } }) =>
        type === 'attribute.uniqueness.abandoned.v1' && data.uri === uriOf('phone'),
    );
    expect(abandoned.data.collisionCount).toBe(1);
    expect(ids.slice(0, 2)).toContain(abandoned.data.collisions[0]);

    await claims.patchUser(abandoned.data.collisions[0], { op: 'replace', path: `${CUSTOM}:phone`, value: '8' });
    expect((await claims.replace('phone', WITHIN)).status).toBe(200);
    expect((await claims.createUser('phone-4', { phone: '8' })).status).toBe(400);
  });

  it('means nothing of a uniqueness that ended: a value changed since is free', async () => {
    await attribute('seat', WITHIN);
    const { id } = (await claims.createUser('seat-1', { seat: 'a1' })).json;
    await claims.replace('seat');
    await claims.patchUser(id, { op: 'replace', path: `${CUSTOM}:seat`, value: 'a2' });
    expect((await claims.replace('seat', ACROSS)).status).toBe(200);
    expect((await claims.createUser('seat-2', { seat: 'A2' })).status).toBe(400);
    expect((await claims.createUser('seat-2', { seat: 'a1' })).status).toBe(201);
  });
});
