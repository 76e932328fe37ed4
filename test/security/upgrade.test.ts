import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { NewEvent, RecordedEvent } from '../../infra/event-store/event-store.ts';
import { comparePositions } from '../../infra/event-store/position.ts';
import { asAdmin, type ManagementClient } from '../support/management-client.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { newUser } from '../support/server-client.ts';

/** What a newer release may have written before this one reads the log again. */
const NEW_TYPE = 'identity.user.celebrated.v1';
const NEWER_VERSION = 'identity.user.disabled.v7';

const eventOf = (type: string, tenant: string, subject?: string): NewEvent => ({
  id: crypto.randomUUID(),
  type,
  data: { reason: 'a-member-that-this-release-does-not-know', nested: { list: [1, 'two', null] } },
  meta: {
    $correlationId: crypto.randomUUID(),
    $causationId: crypto.randomUUID(),
    at: new Date().toISOString(),
    tenant,
    org: tenant,
    actor: 'newer-release',
    actorType: 'system',
    ...(subject === undefined ? {} : { subject }),
  },
});

describe('a log that a newer release wrote to', () => {
  let server: TestServer;
  let admin: ManagementClient;
  let user: string;
  let written: readonly RecordedEvent[];

  beforeAll(async () => {
    server = await startTestServer();
    admin = asAdmin(server);
    user = await newUser(server, { userName: 'kim', password: 'Correct-horse-9' });
    const application = await admin.send('POST', '/api/server/v1/applications', { name: 'Before' });
    const tenant = (await eventsOf(`user-${user}`))[0]?.meta.tenant ?? '';
    const { store } = server.kernel;
    await store.append(`user-${user}`, 'any', [eventOf(NEW_TYPE, tenant, user)]);
    await store.append(`app-${application.createdId}`, 'any', [eventOf('application.application.painted.v1', tenant)]);
    await store.append(`gadget-${crypto.randomUUID()}`, 'no-stream', [eventOf('gadget.thing.made.v3', tenant)]);
    written = await all();
  });
  afterAll(async () => await server.stop());

  async function eventsOf(stream: string): Promise<readonly RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    for await (const event of server.kernel.store.readStream(stream)) events.push(event);
    return events;
  }

  async function all(): Promise<readonly RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    for await (const event of server.kernel.store.readAll({ after: 'start' })) events.push(event);
    return events;
  }

  const command = (type: string, input: object) => admin.send('POST', `/api/commands/${type}`, input);

  async function settled(): Promise<void> {
    await vi.waitFor(async () => {
      const head = await server.kernel.store.head();
      for (const { position, parked } of await server.reads.status()) {
        const level = head === null || (position !== null && comparePositions(position, head) >= 0);
        expect(level || parked !== undefined).toBe(true);
      }
    });
  }

  it('[SEC-L14] takes commands beside event types that nobody here knows', async () => {
    await settled();
    expect((await server.reads.status()).filter(({ parked }) => parked !== undefined)).toEqual([]);
    expect((await command('LockUser', { userId: user })).status).toBe(200);
    expect((await command('UnlockUser', { userId: user })).status).toBe(200);
    expect((await admin.get('/api/read/users?filter=userName+eq+kim')).json.items).toHaveLength(1);
    expect((await admin.get('/health/ready')).status).toBe(200);
  });

  it('[SEC-L14] is told as it is, in history and feed', async () => {
    const history = await admin.get(`/api/history/users/${user}`);
    expect(history.status).toBe(200);
    expect(history.text).toContain(NEW_TYPE);
    const feed = await admin.get('/api/feed?limit=500');
    expect(feed.status).toBe(200);
    expect(feed.text).toContain('gadget.thing.made.v3');
  });

  it('[SEC-L14] parks the projection that would miss a newer version, and serves the rest', async () => {
    const tenant = (await eventsOf(`user-${user}`))[0]?.meta.tenant ?? '';
    await server.kernel.store.append(`user-${user}`, 'any', [eventOf(NEWER_VERSION, tenant, user)]);
    await settled();
    const statuses = await server.reads.status();
    const parked = statuses.filter((status) => status.parked !== undefined);
    expect(parked.map(({ name, parked: at }) => [name, at?.eventType])).toEqual([['users', NEWER_VERSION]]);

    expect((await command('LockUser', { userId: user })).status).toBe(200);
    expect((await admin.get(`/api/history/users/${user}`)).status).toBe(200);
    expect((await admin.send('POST', '/api/server/v1/applications', { name: 'After' })).status).toBe(201);
    await vi.waitFor(async () => {
      expect((await admin.get('/api/read/applications?filter=name+eq+After')).json.items).toHaveLength(1);
    });
    const ready = await admin.get('/health/ready');
    expect(ready.status, 'an operator is told').toBe(503);
    expect(ready.json.checks['projection:users']).toBe('down');
    expect(ready.text, 'and others are not told of what happened').not.toContain(NEWER_VERSION);
  });

  it('[SEC-L14] is started with again, and left as it was', async () => {
    await server.stop('keep');
    const { directory } = server;
    server = await startTestServer({ directory });
    admin = asAdmin(server);
    await settled();
    expect((await command('UnlockUser', { userId: user })).status).toBe(200);
    expect((await admin.get(`/api/history/users/${user}`)).text).toContain(NEWER_VERSION);
    const now = await all();
    expect(now.slice(0, written.length)).toEqual(written);
  });
});
