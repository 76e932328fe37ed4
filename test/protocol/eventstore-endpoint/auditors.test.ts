/** Who reads the log at the door for auditors, what he sees, and how he loses it. */
import { EventStoreDBClient, jsonEvent, START } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setUp } from '../../../commands/bootstrap.ts';
import { createRootOrganization } from '../../../commands/organizations/root-organization.ts';
import { execute } from '../../../commands/pipeline.ts';
import { assignRole, unassignRole } from '../../../commands/users/assign-role.ts';
import { disableUser, enableUser, lockUser, setUserPassword, unlockUser } from '../../../commands/users/change-user.ts';
import { AUDITOR_ROLE_ID, SUPER_ORG_ID, type UserId } from '../../../domain/ids.ts';
import { roles } from '../../../domain/roles/role.ts';
import { HashQueueFull } from '../../../infra/password-hash/password-hasher.ts';
import { auditorsOnly } from '../../../protocol/eventstore-endpoint/auditors.ts';
import { GRANT_CHECKED_EVERY_MS } from '../../../protocol/eventstore-endpoint/authorize.ts';
import { AUDITOR_PASSWORD, type AuditorDoor, startAuditorDoor } from '../../support/auditor-door.ts';
import { collect } from '../../support/event-store.ts';
import { ADMIN_PASSWORD, asking, openSetUpKernel, openTestKernel } from '../../support/kernel.ts';

const PLANTED = Array.from({ length: 20 }, (_, index) => `Zweig${index}Vogelbeere`);
/** The check, and the time until the client hears of it. */
const LOST_MS_MAX = GRANT_CHECKED_EVERY_MS + 3_000;

let door: AuditorDoor;
const clients: EventStoreDBClient[] = [];
beforeAll(async () => {
  door = await startAuditorDoor();
  for (const [index, value] of PLANTED.entries()) {
    const attributes = { 'name.givenName': value, nickName: `${value}@example.org` };
    await door.newUser(`planted${index}-${value.toLowerCase()}`, attributes);
  }
});
afterAll(async () => {
  for (const client of clients) await client.dispose();
  await door.stop();
});

function clientOf(user?: string, password?: string): EventStoreDBClient {
  const client = EventStoreDBClient.connectionString(door.url(user, password));
  clients.push(client);
  return client;
}

async function readAll(client: EventStoreDBClient) {
  const events = [];
  for await (const { event } of client.readAll({ fromPosition: START })) if (event !== undefined) events.push(event);
  return events;
}

async function newAuditor(userName: string): Promise<UserId> {
  const id = await door.newUser(userName);
  await door.run(assignRole, { userId: id, roleId: AUDITOR_ROLE_ID });
  return id;
}

const denied = { type: 'access-denied' };

describe('an auditor', () => {
  it('reads every event of every organization', async () => {
    const tenant = { handle: 'other.example', owner: { userName: 'owner', password: AUDITOR_PASSWORD } };
    const id = await door.run(createRootOrganization, tenant);
    const read = await readAll(clientOf());
    const business = read.filter(({ streamId }) => !streamId.startsWith('$')).map((event) => event.id);
    const stored = await collect(door.server.kernel.store.readAll({ after: 'start' }));
    expect(business).toEqual(stored.map((event) => event.id));
    expect(read.some(({ streamId }) => streamId === `org-${id}`)).toBe(true);
  });

  it('[E40] finds personal data sealed, wherever he looks', async () => {
    const read = await readAll(clientOf());
    const text = JSON.stringify(read, (_, value) => (typeof value === 'bigint' ? String(value) : value)).toLowerCase();
    expect(read.length).toBeGreaterThan(PLANTED.length);
    expect(text).toContain('"$enc"');
    for (const value of PLANTED) {
      expect(text).not.toContain(value.toLowerCase());
      expect(text).not.toContain(Buffer.from(value).toString('base64').slice(0, -4).toLowerCase());
    }
  });

  it('changes nothing', async () => {
    const before = await door.server.kernel.store.head();
    const event = jsonEvent({ type: 'test.thing.happened.v1', data: {} });
    await expect(clientOf().appendToStream('user-1', event)).rejects.toMatchObject({ code: 12 });
    await expect(clientOf().tombstoneStream('user-1')).rejects.toMatchObject({ code: 12 });
    expect(await door.server.kernel.store.head()).toEqual(before);
  });

  it('is also who may do everything in the super organization', async () => {
    expect((await readAll(clientOf('admin', ADMIN_PASSWORD))).length).toBeGreaterThan(0);
  });
});

describe('the door', () => {
  it('[SEC-A1] is closed to users without the role, and to those of other organizations', async () => {
    await door.newUser('plain');
    await expect(readAll(clientOf('plain'))).rejects.toMatchObject(denied);
    await expect(readAll(clientOf('owner@other.example'))).rejects.toMatchObject(denied);
  });

  it('records a wrong password as every door does, and tells no more than of an unknown name', async () => {
    const failures = async () =>
      (await collect(door.server.kernel.store.readAll({ after: 'start' }))).filter(
        ({ type }) => type === 'session.login.failed.v1',
      );
    const before = (await failures()).length;
    const told = [];
    for (const user of ['audrey', 'nobody-of-that-name']) {
      told.push(
        await readAll(clientOf(user, 'wrong')).then(
          () => 'read',
          ({ type, code, message }) => ({ type, code, message }),
        ),
      );
    }
    expect(told[0]).toMatchObject(denied);
    expect(told[1]).toEqual(told[0]);
    const recorded = (await failures()).slice(before);
    expect(recorded.map(({ data }) => data.reason)).toEqual(['wrong-password', 'no-such-user']);
  });

  it('is busy when too many passwords wait to be hashed', async () => {
    const authenticator = { authenticate: () => Promise.reject(new HashQueueFull(1)) };
    const tenant = { id: SUPER_ORG_ID, domain: 'carbon.super', isSuper: true, baseUrl: 'http://localhost' };
    const authorize = auditorsOnly({
      kernel: door.server.kernel,
      access: { rolesOf: async () => [] },
      authenticator,
      tenant,
    });
    await expect(authorize({ user: 'a', password: 'b', address: '127.0.0.1' })).rejects.toMatchObject({
      code: 14,
      details: 'Server Is Too Busy',
    });
  });
});

describe('an auditor who loses his right', () => {
  it.each<[string, (user: UserId) => Promise<unknown>]>([
    ['is locked', (userId) => door.run(lockUser, { userId })],
    ['is disabled', (userId) => door.run(disableUser, { userId })],
    ['loses the role', (userId) => door.run(unassignRole, { userId, roleId: AUDITOR_ROLE_ID })],
    ['has another password', (userId) => door.run(setUserPassword, { userId, password: 'Another-horse-9' })],
  ])('[SEC-A1] is refused at the next call when he %s', async (what, lose) => {
    const name = `leaving-${what.replaceAll(' ', '-')}`;
    const user = await newAuditor(name);
    const client = clientOf(name);
    expect((await readAll(client)).length).toBeGreaterThan(0);
    await lose(user);
    await expect(readAll(client)).rejects.toMatchObject(denied);
  });

  it(`[SEC-A1] hears no more of an open subscription after ${GRANT_CHECKED_EVERY_MS} ms, also when he comes back`, async () => {
    const [locked, disabled] = [await newAuditor('listening-1'), await newAuditor('listening-2')];
    const ended = ['listening-1', 'listening-2', 'audrey'].map((name) => {
      const subscription = clientOf(name).subscribeToAll({ fromPosition: START });
      const caughtUp = new Promise<void>((resolve) => subscription.once('caughtUp', () => resolve()).resume());
      const end = new Promise<unknown>((resolve) => subscription.once('error', resolve));
      return { caughtUp, end, subscription };
    });
    await Promise.all(ended.map(({ caughtUp }) => caughtUp));
    await door.run(lockUser, { userId: locked });
    await door.run(unlockUser, { userId: locked });
    await door.run(disableUser, { userId: disabled });
    const start = performance.now();
    const [first, second, third] = ended;
    expect(await first?.end).toMatchObject(denied);
    expect(await second?.end).toMatchObject(denied);
    expect(performance.now() - start).toBeLessThan(LOST_MS_MAX);
    await door.run(enableUser, { userId: disabled });
    const goesOn = await Promise.race([third?.end, Promise.resolve('open')]);
    expect(goesOn).toBe('open');
    await third?.subscription.unsubscribe();
  });
});

describe('the role of auditors', () => {
  const roleOf = async ({ kernel }: Awaited<ReturnType<typeof openTestKernel>>) =>
    (await kernel.aggregates.load(roles, AUDITOR_ROLE_ID)).state;

  it('is there after the first start, and holds one permission', async () => {
    const opened = await openSetUpKernel();
    expect(await roleOf(opened)).toMatchObject({ status: 'present', name: 'auditor', org: SUPER_ORG_ID });
    expect([...(await roleOf(opened)).permissions]).toEqual(['internal_event_log_view']);
    await opened.close();
  });

  it('is made once at the next start of a data folder that has none', async () => {
    const opened = await openTestKernel();
    const { kernel } = opened;
    const input = { id: SUPER_ORG_ID, handle: 'carbon.super', owner: { userName: 'admin', password: ADMIN_PASSWORD } };
    await execute(kernel, createRootOrganization, input, asking());
    expect((await roleOf(opened)).status).toBe('absent');
    const first = { superTenant: 'carbon.super', adminName: 'admin', adminPassword: null };
    expect(await setUp(kernel, first)).toBeNull();
    expect((await roleOf(opened)).status).toBe('present');
    const head = await kernel.store.head();
    await setUp(kernel, first);
    expect(await kernel.store.head()).toEqual(head);
    await opened.close();
  });
});
