import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Aggregates } from '../../../commands/aggregates.ts';
import { createRootOrganization } from '../../../commands/organizations/root-organization.ts';
import { execute } from '../../../commands/pipeline.ts';
import { SUPER_ORG_ID } from '../../../domain/ids.ts';
import { patchUser } from '../../../protocol/scim/users/write-users.ts';
import { asking, system } from '../../support/kernel.ts';
import { basic, startTestServer, type TestServer } from '../../support/server.ts';
import {
  ACCOUNT,
  CORE,
  CUSTOM,
  ENTERPRISE,
  makeAdministrator,
  PASSWORD,
  type ScimClient,
  scimClient,
} from './client.ts';

let server: TestServer;
let scim: ScimClient;
let count = 0;

beforeAll(async () => {
  server = await startTestServer();
  scim = scimClient(server);
});
afterAll(() => server.stop());

function freshName(): string {
  count += 1;
  return `user-${count}`;
}

const SCHEMAS = [CORE, ENTERPRISE, ACCOUNT, CUSTOM];
const signsIn = async (userName: string, password = PASSWORD) =>
  (await scim.call('GET', '/Users', { authorization: basic(userName, password) })).status !== 401;

function full(userName: string) {
  return {
    schemas: [],
    userName,
    password: PASSWORD,
    externalId: 'hr-1',
    name: { givenName: '김예준', familyName: 'Berry', firstName: 'ignored' },
    displayName: 'Kim 🦊',
    emails: [
      { type: 'home', value: 'kim@home.example', primary: true },
      { type: 'work', value: 'kim@work.example' },
    ],
    [ENTERPRISE]: { employeeNumber: '1234A', manager: { value: 'Taylor' }, country: 'FR' },
    [ACCOUNT]: { emailAddresses: ['a@x.example', 'b@x.example'] },
    [CUSTOM]: { shoeSize: 42, lead: { email: 'lead@x.example' }, tags: ['a', 'b'] },
  };
}

describe('creating a user', () => {
  it('[U14.7-1] answers 201 with Location, the four schemas in order and the four meta keys', async () => {
    const name = freshName();
    const { status, headers, body } = await scim.call('POST', '/Users', { body: full(name) });
    expect(status).toBe(201);
    expect(headers.get('content-type')).toBe('application/scim+json');
    expect(headers.get('location')).toBe(`${server.url}/scim2/Users/${body.id}`);
    expect(body.schemas).toEqual(SCHEMAS);
    expect(Object.keys(body.meta).sort()).toEqual(['created', 'lastModified', 'location', 'resourceType']);
    expect(body).toMatchObject({
      userName: name,
      active: true,
      externalId: 'hr-1',
      name: { givenName: '김예준', familyName: 'Berry' },
      displayName: 'Kim 🦊',
      [ENTERPRISE]: { employeeNumber: '1234A', manager: { value: 'Taylor' } },
      [ACCOUNT]: {
        country: 'FR',
        emailAddresses: ['a@x.example', 'b@x.example'],
        accountState: 'UNLOCKED',
        accountLocked: false,
      },
      [CUSTOM]: { shoeSize: 42, lead: { email: 'lead@x.example' }, tags: ['a', 'b'] },
    });
    expect(body.name).not.toHaveProperty('firstName');
    expect(body).not.toHaveProperty('password');
    expect(await signsIn(name)).toBe(true);
  });

  it('shows at once what was made, as it was answered', async () => {
    const created = await scim.create({ userName: freshName(), name: { familyName: 'Berry' } });
    const { status, body } = await scim.call('GET', `/Users/${created.id}`);
    expect(status).toBe(200);
    expect(body).toEqual(created);
  });

  it('refuses a name that is taken, in whatever case', async () => {
    const userName = freshName();
    await scim.create({ userName });
    const { status, body } = await scim.call('POST', '/Users', {
      body: { userName: `PRIMARY/${userName.toUpperCase()}` },
    });
    expect(status).toBe(409);
    expect(body).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      scimType: 'uniqueness',
      detail: `User with the name: ${userName.toUpperCase()} already exists in the system.`,
      status: '409',
    });
  });

  it.each([
    ['no userName', {}],
    ['a blank userName', { userName: ' ' }],
    ['a short password', { userName: 'x-short', password: 'short' }],
    ['a name of another user store', { userName: 'OTHER/kim' }],
    ['a trigger without a flow', { userName: 'x-ask', [ACCOUNT]: { verifyMobile: true } }],
    ['a trigger in the enterprise schema', { userName: 'x-verify', [ENTERPRISE]: { verifyMobile: 'true' } }],
    ['a weak password', { userName: 'x-weak', password: 'all-small-letters' }],
    ['a value of the wrong type', { userName: 'x-type', title: { a: 1 } }],
  ])('refuses %s with invalidValue', async (_, body) => {
    const answer = await scim.call('POST', '/Users', { body });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ scimType: 'invalidValue', status: '400' });
  });

  it('makes an account locked or inactive that was asked for so', async () => {
    const locked = await scim.create({ userName: freshName(), password: PASSWORD, [ACCOUNT]: { accountLocked: true } });
    expect(locked).toMatchObject({ active: false, [ACCOUNT]: { accountLocked: true, accountState: 'LOCKED' } });
    const inactive = await scim.create({ userName: freshName(), password: PASSWORD, active: false });
    expect(inactive).toMatchObject({ active: false, [ACCOUNT]: { accountDisabled: true, accountState: 'DISABLED' } });
    expect(await signsIn(locked.userName)).toBe(false);
    expect(await signsIn(inactive.userName)).toBe(false);
  });

  it('[SEC-C4] takes no state that is the server’s to say', async () => {
    const created = await scim.create({
      userName: freshName(),
      id: '00000000-0000-4000-8000-000000000000',
      tenant: 'other',
      org: 'other',
      meta: { created: '1999-01-01T00:00:00Z' },
      roles: [{ value: 'admin' }],
      groups: [{ value: 'admins' }],
      [ACCOUNT]: {
        accountState: 'PENDING_AP',
        failedLoginAttempts: 7,
        totpEnabled: true,
        verifiedEmailAddresses: ['x@y.example'],
      },
    });
    expect(created.id).not.toBe('00000000-0000-4000-8000-000000000000');
    expect(created.meta.created).not.toContain('1999');
    expect(created).not.toHaveProperty('roles');
    expect(created).not.toHaveProperty('tenant');
    expect(created[ACCOUNT]).toEqual({ accountState: 'UNLOCKED', accountLocked: false, accountDisabled: false });
  });
});

describe('replacing a user', () => {
  it('[U14.7-1] drops what is left out, also attributes that nobody declared, and keeps lock and password', async () => {
    const name = freshName();
    const { id } = await scim.create(full(name));
    await scim.patch(id, { op: 'replace', value: { [ACCOUNT]: { accountLocked: true } } });
    const { status, headers, body } = await scim.call('PUT', `/Users/${id}`, { body: { userName: name, title: 'Dr' } });
    expect(status).toBe(200);
    expect(headers.get('location')).toBe(`${server.url}/scim2/Users/${id}`);
    expect(body.schemas).toEqual(SCHEMAS);
    expect(Object.keys(body.meta)).toHaveLength(4);
    expect(Object.keys(body).sort()).toEqual(['active', 'id', 'meta', 'schemas', 'title', ACCOUNT, 'userName'].sort());
    expect(body[ACCOUNT]).toMatchObject({
      accountLocked: true,
      accountState: 'LOCKED',
      lockedReason: 'ADMIN_INITIATED',
    });
    await scim.patch(id, { op: 'replace', path: `${ACCOUNT}:accountLocked`, value: false });
    expect(await signsIn(name)).toBe(true);
    const { body: read } = await scim.call('GET', `/Users/${id}`);
    expect(Object.keys(read)).not.toContain(CUSTOM);
  });

  it('[U14.7-6] refuses another userName', async () => {
    const { id, userName } = await scim.create({ userName: freshName() });
    const { status, body } = await scim.call('PUT', `/Users/${id}`, { body: { userName: `${userName}-new` } });
    expect(status).toBe(400);
    expect(body).toMatchObject({ detail: 'Attribute userName cannot be modified.', status: '400' });
    const patched = await scim.patch(id, { op: 'replace', value: { userName: `${userName}-new` } });
    expect(patched.status).toBe(400);
    expect(patched.body.detail).toBe('Attribute userName cannot be modified.');
    expect((await scim.call('GET', `/Users/${id}`)).body.userName).toBe(userName);
  });

  it('answers 404 for a user that is not there', async () => {
    const { status, body } = await scim.call('PUT', '/Users/00000000-0000-4000-8000-000000000000', {
      body: { userName: 'x' },
    });
    expect(status).toBe(404);
    expect(body.detail).toBe('No user with the id : 00000000-0000-4000-8000-000000000000 in the user store.');
    expect((await scim.call('GET', '/Users/no-uuid')).status).toBe(404);
  });
});

describe('patching a user', () => {
  it('[U14.7-4] removes one value of a list, puts it back, and adds lists by the key of their schema', async () => {
    const { password: _, ...user } = full(freshName());
    const { id } = await scim.create(user);
    const removed = await scim.patch(id, { op: 'remove', path: 'emails[type eq work]' });
    expect(removed.status).toBe(200);
    expect(removed.body.emails).toEqual([{ type: 'home', value: 'kim@home.example', primary: true }]);
    const added = await scim.patch(id, { op: 'add', value: { emails: [{ type: 'work', value: 'kim@work.example' }] } });
    expect(added.body.emails).toHaveLength(2);
    const addresses = await scim.patch(
      id,
      { op: 'remove', path: `${ACCOUNT}:emailAddresses` },
      { op: 'add', value: { [ACCOUNT]: { emailAddresses: ['c@x.example', 'd@x.example'] } } },
    );
    expect(addresses.body[ACCOUNT].emailAddresses).toEqual(['c@x.example', 'd@x.example']);
    expect((await scim.call('GET', `/Users/${id}`)).body).toEqual(addresses.body);
  });

  it('[U14.7-1] answers with the full user, its schemas and meta', async () => {
    const { id, userName, meta } = await scim.create(full(freshName()));
    const { body, headers } = await scim.patch(id, { op: 'Replace', path: `${ENTERPRISE}:manager.value`, value: 'Jo' });
    expect(body.schemas).toEqual(SCHEMAS);
    expect(Object.keys(body.meta)).toHaveLength(4);
    expect(body).toMatchObject({
      userName,
      meta: { created: meta.created },
      [ENTERPRISE]: { employeeNumber: '1234A', manager: { value: 'Jo' } },
    });
    expect(headers.get('muniment-position')).not.toBeNull();
  });

  it('stores nothing when one of its operations is refused', async () => {
    const created = await scim.create({ userName: freshName(), title: 'Dr' });
    const { status, body } = await scim.patch(
      created.id,
      { op: 'replace', path: 'title', value: 'Prof' },
      { op: 'replace', path: `${ACCOUNT}:accountState`, value: 'UNLOCKED' },
    );
    expect(status).toBe(400);
    expect(body.scimType).toBe('mutability');
    expect((await scim.call('GET', `/Users/${created.id}`)).body).toEqual(created);
  });

  it('sets the password, locks, unlocks and deactivates', async () => {
    const { id, userName } = await scim.create({ userName: freshName(), password: PASSWORD });
    await scim.patch(id, { op: 'replace', value: { password: 'Another-secret-1' } });
    expect(await signsIn(userName)).toBe(false);
    expect(await signsIn(userName, 'Another-secret-1')).toBe(true);
    const locked = await scim.patch(id, { op: 'replace', value: { [ACCOUNT]: { accountLocked: 'true' } } });
    expect(locked.body).toMatchObject({ active: false, [ACCOUNT]: { accountState: 'LOCKED' } });
    expect(await signsIn(userName, 'Another-secret-1')).toBe(false);
    await scim.patch(id, { op: 'replace', path: 'active', value: true });
    expect(await signsIn(userName, 'Another-secret-1')).toBe(true);
    const inactive = await scim.patch(id, { op: 'replace', path: 'active', value: 'False' });
    expect(inactive.body).toMatchObject({
      active: false,
      [ACCOUNT]: { accountDisabled: true, accountState: 'DISABLED' },
    });
    expect(await signsIn(userName, 'Another-secret-1')).toBe(false);
  });

  it('takes verifyEmail and keeps nothing of it; other triggers are refused', async () => {
    const created = await scim.create({ userName: freshName() });
    const taken = await scim.patch(created.id, { op: 'replace', value: { [ACCOUNT]: { verifyEmail: true } } });
    expect(taken.status).toBe(200);
    expect(taken.body).toEqual(created);
    const refused = await scim.patch(created.id, { op: 'replace', value: { [ACCOUNT]: { askPassword: true } } });
    expect(refused.body).toMatchObject({ scimType: 'invalidValue' });
  });

  it('of two at once loses neither: what comes between reading and writing is not overwritten', async () => {
    const { id } = await scim.create({ userName: freshName() });
    const email = (value: string) => ({ op: 'add', path: 'emails', value: [{ value }] });
    const { aggregates } = server.kernel;
    let meddled = false;
    const load: Aggregates['load'] = async (aggregate, key) => {
      const loaded = await aggregates.load(aggregate, key);
      if (key !== id || meddled) return loaded;
      meddled = true;
      expect((await scim.patch(id, email('between@x.example'))).status).toBe(200);
      return loaded;
    };
    const kernel = { ...server.kernel, aggregates: { ...aggregates, load } };
    const request = {
      ...{ method: 'PATCH', path: `/scim2/Users/${id}`, params: { id }, query: new URLSearchParams() },
      ...{ headers: {}, cookies: new Map(), body: { Operations: [email('asked@x.example')] } },
      ...{ tenant: { id: SUPER_ORG_ID, domain: 'carbon.super', isSuper: true, baseUrl: server.url }, caller: system },
      ...{
        ip: '127.0.0.1',
        correlationId: 'test',
        traceId: null,
        minPosition: null,
        signal: AbortSignal.timeout(10_000),
      },
    };
    const { status, body } = await patchUser({ kernel, readStore: server.reads }, request);
    expect(status).toBe(200);
    expect(body).toMatchObject({ emails: [{ value: 'between@x.example' }, { value: 'asked@x.example' }] });
  });

  it('[SEC-I7] leaves the server as it is, whatever its paths and names are called', async () => {
    const created = await scim.create({ userName: freshName() });
    for (const path of ['__proto__.x', 'constructor.prototype.x', 'toString', `${CUSTOM}:__proto__.x`]) {
      expect((await scim.patch(created.id, { op: 'add', path, value: 'x' })).status).toBe(400);
    }
    const body = '{"Operations":[{"op":"add","value":{"__proto__":{"x":"y"}}}]}';
    expect((await scim.call('PATCH', `/Users/${created.id}`, { body })).status).toBe(400);
    expect((await scim.call('GET', `/Users/${created.id}`)).body).toEqual(created);
    expect({}).not.toHaveProperty('x');
  });

  it('[SEC-J7] of a hundred thousand values is refused', async () => {
    const { id } = await scim.create({ userName: freshName() });
    const value = Array.from({ length: 100_000 }, (_, index) => `${index}`);
    expect((await scim.patch(id, { op: 'add', path: 'emails', value })).body).toMatchObject({
      scimType: 'invalidValue',
    });
  });
});

describe('deleting a user', () => {
  it('answers 204, then 404 to every further call, and frees the name', async () => {
    const { id, userName } = await scim.create({ userName: freshName() });
    const gone = await scim.call('DELETE', `/Users/${id}`);
    expect([gone.status, gone.text]).toEqual([204, '']);
    expect((await scim.call('GET', `/Users/${id}`)).status).toBe(404);
    expect((await scim.call('DELETE', `/Users/${id}`)).status).toBe(404);
    expect((await scim.patch(id, { op: 'add', path: 'title', value: 'x' })).status).toBe(404);
    expect((await scim.create({ userName })).id).not.toBe(id);
  });

  it('of the organization’s owner by another administrator is answered 403 without a body', async () => {
    const { body } = await scim.list({ filter: 'userName eq "admin"' });
    const owner = body.Resources[0].id;
    const other = await scim.create({ userName: freshName(), password: PASSWORD });
    await makeAdministrator(server, other.id);
    const authorization = basic(other.userName, PASSWORD);
    const removed = await scim.call('DELETE', `/Users/${owner}`, { authorization });
    expect([removed.status, removed.text]).toEqual([403, '']);
    const Operations = [{ op: 'replace', path: `${ACCOUNT}:accountLocked`, value: true }];
    const locked = await scim.call('PATCH', `/Users/${owner}`, { authorization, body: { Operations } });
    expect([locked.status, locked.text]).toEqual([403, '']);
  });
});

describe('another organization', () => {
  it('[SEC-B1] finds a user neither by id nor in a list, and changes nothing of it', async () => {
    const handle = 'other.example';
    const owner = { userName: 'boss', password: PASSWORD };
    const made = await execute(server.kernel, createRootOrganization, { handle, owner }, asking());
    expect(made.ok).toBe(true);
    const created = await scim.create({ userName: freshName() });
    const there = scimClient(server, `/t/${handle}`);
    const authorization = basic(`boss@${handle}`, PASSWORD);
    const path = `/Users/${created.id}`;
    const Operations = [{ op: 'add', path: 'title', value: 'x' }];
    const statuses = [
      (await there.call('GET', path, { authorization })).status,
      (await there.call('PUT', path, { authorization, body: { userName: 'somebody-else' } })).status,
      (await there.call('PATCH', path, { authorization, body: { Operations } })).status,
      (await there.call('DELETE', path, { authorization })).status,
    ];
    expect(statuses).toEqual([404, 404, 404, 404]);
    const { body } = await there.call('GET', '/Users', { authorization });
    expect(body.Resources.map(({ userName }: { userName: string }) => userName)).toEqual(['boss']);
    expect(body.Resources[0].meta.location).toBe(`${server.url}/t/${handle}/scim2/Users/${body.Resources[0].id}`);
    expect((await scim.call('GET', path)).body).toEqual(created);
  });
});

describe('a user without rights', () => {
  it('is refused at every endpoint', async () => {
    const { id, userName } = await scim.create({ userName: freshName(), password: PASSWORD });
    const authorization = basic(userName, PASSWORD);
    const calls = [
      scim.call('GET', '/Users', { authorization }),
      scim.call('POST', '/Users/.search', { authorization, body: {} }),
      scim.call('POST', '/Users', { authorization, body: { userName: 'x' } }),
      scim.call('GET', `/Users/${id}`, { authorization }),
      scim.call('PUT', `/Users/${id}`, { authorization, body: { userName } }),
      scim.call('PATCH', `/Users/${id}`, { authorization, body: { Operations: [{ op: 'remove', path: 'title' }] } }),
      scim.call('DELETE', `/Users/${id}`, { authorization }),
    ];
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(calls.map(() => 403));
  });
});
