import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LISTENERS_PER_TENANT_MAX } from '../../protocol/native/feed-routes.ts';
import { RIGHTS_COUNT_MS } from '../../protocol/native/feed-stream.ts';
import type { FeedEvent } from '../../read-api/feed.ts';
import { type EventStream, openEventStream } from '../support/event-stream.ts';
import {
  asAdmin,
  createMachine,
  createTenant,
  limitedCaller,
  type ManagementClient,
  machineToken,
  type NewTenant,
  OWNER_PASSWORD,
} from '../support/management-client.ts';
import { basic, startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let admin: ManagementClient;
let tenant: NewTenant;

beforeAll(async () => {
  server = await startTestServer();
  admin = asAdmin(server);
  tenant = await createTenant(server, 'feeds.com');
});
afterAll(() => server.stop());

interface Page {
  readonly events: readonly FeedEvent[];
  readonly range: { readonly after: string | null; readonly through: string };
  readonly more: boolean;
}

async function page(client: ManagementClient, query: string): Promise<Page> {
  const answer = await client.get(`/api/feed?${query}`);
  expect(answer.status, answer.text).toBe(200);
  return answer.json;
}

/** All events from a position on, page by page; each page must follow on the one before. */
async function drain(client: ManagementClient, after: string | null, query = 'limit=3'): Promise<FeedEvent[]> {
  const events: FeedEvent[] = [];
  let place = after;
  for (;;) {
    const from = place === null ? '' : `&after=${encodeURIComponent(place)}`;
    const next = await page(client, `${query}${from}`);
    expect(next.range.after).toBe(place);
    events.push(...next.events);
    place = next.range.through;
    if (!next.more) return events;
  }
}

const ids = (events: readonly { readonly id: string }[]): string[] => events.map(({ id }) => id);

const create = (client: ManagementClient, name: string) =>
  client.send('POST', '/api/commands/CreateApplication', { name });

async function newest(client: ManagementClient): Promise<string> {
  return (await create(client, `mark-${crypto.randomUUID()}`)).json.position;
}

describe('polling the feed', () => {
  it('gives the tenant’s events in log order, with actor, command and cause, each once', async () => {
    const after = await newest(tenant.owner);
    await create(tenant.owner, 'ordered-1');
    await create(admin, 'of-another-tenant');
    await create(tenant.owner, 'ordered-2');
    const events = await drain(tenant.owner, after, 'limit=1&type=application.');
    expect(events.map(({ data }) => data['name'])).toEqual(['ordered-1', 'ordered-2']);
    expect(events[0]).toMatchObject({
      type: 'application.application.created.v1',
      tenant: tenant.id,
      org: tenant.id,
      actorType: 'user',
      command: 'CreateApplication',
      erased: false,
    });
    expect(events[0]?.position.localeCompare(events[1]?.position ?? '')).toBe(-1);
  });

  it('filters by several beginnings of types and by the person concerned', async () => {
    const after = await newest(tenant.owner);
    const user = (await tenant.owner.send('POST', '/api/commands/CreateUser', { userName: 'followed' })).json.id;
    await tenant.owner.send('POST', '/api/commands/LockUser', { userId: user });
    await create(tenant.owner, 'unrelated');
    const ofUser = await drain(tenant.owner, after, `subject=${user}`);
    expect(ofUser.map(({ type }) => type)).toEqual(['identity.user.created.v1', 'identity.user.locked.v1']);
    expect(ofUser[0]?.data['userName'], 'personal values are readable with the right to audit').toBe('followed');
    const twoTypes = await drain(tenant.owner, after, 'type=identity.user.locked&type=application.');
    expect(twoTypes.map(({ type }) => type)).toEqual(['identity.user.locked.v1', 'application.application.created.v1']);
  });

  it('says how far it has looked where nothing was for the caller', async () => {
    const after = await newest(tenant.owner);
    const others = (await create(admin, 'silent-for-others')).json.position;
    const silent = await page(tenant.owner, `after=${encodeURIComponent(after)}&type=application.`);
    expect(silent).toMatchObject({ events: [], more: false });
    expect(silent.range.through >= others, 'the stretch without events is covered').toBe(true);
  });

  it('waits for the next event, and answers when it comes', async () => {
    const after = await newest(tenant.owner);
    const waiting = page(tenant.owner, `wait=20&after=${encodeURIComponent(after)}&type=application.`);
    await create(admin, 'not-for-him');
    await create(tenant.owner, 'awaited');
    const { events } = await waiting;
    expect(events.map(({ data }) => data['name'])).toEqual(['awaited']);
  });

  it('answers with a mark when nothing came', async () => {
    const after = await newest(tenant.owner);
    const { events, range, more } = await page(
      tenant.owner,
      `wait=1&after=${encodeURIComponent(after)}&type=application.`,
    );
    expect({ events, after: range.after, more }).toEqual({ events: [], after, more: false });
  });

  it('leaves sign-ins and tokens out unless they are asked for', async () => {
    const after = await newest(admin);
    const machine = await createMachine(admin, 'technical', ['internal_audit_view']);
    await machineToken(server.url, machine, ['internal_audit_view']);
    const types = async (query: string) => (await drain(admin, after, query)).map(({ type }) => type);
    expect(await types('limit=1000')).not.toContain('oauth.token.issued.v1');
    expect(await types('limit=1000&technical=true')).toContain('oauth.token.issued.v1');
  });

  it.each([
    ['after=somewhere', 'position-invalid'],
    ['after=0000000000000001', 'position-invalid'],
    ['after=ffffffffffffffff/ffffffffffffffff', 'position-invalid'],
    ["after=0'or'1'='1", 'position-invalid'],
    ['wait=31', 'parameter-invalid'],
    ['limit=1001', 'parameter-invalid'],
    ['type=%25', 'parameter-invalid'],
    ['subject=kim', 'parameter-invalid'],
    ['tenant=other', 'parameter-unknown'],
  ])('[SEC-L10] refuses %s', async (query, reason) => {
    expect(await admin.get(`/api/feed?${query}`)).toMatchObject({ status: 400, json: { reason } });
  });

  it('[SEC-L10] gives nothing of another tenant for its positions, types, organization or people', async () => {
    const foreign = await create(admin, 'foreign-event');
    const { position } = foreign.json;
    await newest(tenant.owner);
    const after = await page(tenant.owner, `after=${encodeURIComponent(position)}&limit=1000`);
    expect(after.events.length).toBeGreaterThan(0);
    expect(new Set(after.events.map((event) => event.tenant))).toEqual(new Set([tenant.id]));
    const adminId = (await admin.get('/api/read/users?filter=userName+eq+admin')).json.items[0].id;
    const superOrg = (await admin.get('/api/server/v1/tenants/domain/carbon.super')).json.id;
    expect(await drain(tenant.owner, null, `subject=${adminId}`)).toEqual([]);
    expect(await drain(tenant.owner, null, `org=${superOrg}`)).toEqual([]);
    const everything = await tenant.owner.get('/api/feed?limit=1000');
    expect(everything.text).not.toContain('foreign-event');
  });

  it('needs the right to audit', async () => {
    const viewer = await limitedCaller(server, 'feed-viewer', ['internal_application_mgt_view']);
    expect((await viewer.get('/api/feed')).status).toBe(403);
    const auditor = await limitedCaller(server, 'feed-auditor', ['internal_audit_view']);
    expect((await auditor.get('/api/feed')).status).toBe(200);
  });
});

describe('streaming the feed', () => {
  const stream = (query: string, headers: Record<string, string> = {}): Promise<EventStream> =>
    openEventStream(`${server.url}/t/feeds.com/api/feed?${query}`, {
      authorization: basic('kim', OWNER_PASSWORD),
      ...headers,
    });

  it('sends what is there, a mark, and then what happens, each with its position as id', async () => {
    const after = await newest(tenant.owner);
    await create(tenant.owner, 'streamed-1');
    const events = await stream(`after=${encodeURIComponent(after)}&type=application.`);
    expect(events.status).toBe(200);
    expect(events.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const [first] = await events.take(1);
    expect(first).toMatchObject({ data: { data: { name: 'streamed-1' } } });
    expect(first?.id).toBe(first?.data.position);
    let mark = (await events.frames.next()).value;
    // On the way there may be marks of what was passed over.
    while (mark.event === 'mark' && !mark.data.live) mark = (await events.frames.next()).value;
    expect(mark).toMatchObject({ event: 'mark', data: { live: true } });
    expect(mark.id).toBe(mark.data.through);
    await create(tenant.owner, 'streamed-2');
    expect(await events.take(1)).toMatchObject([{ data: { data: { name: 'streamed-2' } } }]);
    events.close();
  });

  it('goes on after Last-Event-ID, which counts more than the address', async () => {
    const after = await newest(tenant.owner);
    const first = (await create(tenant.owner, 'resume-1')).json.position;
    await create(tenant.owner, 'resume-2');
    const events = await stream(`after=${encodeURIComponent(after)}&type=application.`, { 'last-event-id': first });
    expect(await events.take(1)).toMatchObject([{ data: { data: { name: 'resume-2' } } }]);
    events.close();
    const forged = await stream('', { 'last-event-id': 'forged' });
    expect(forged.status).toBe(400);
  });

  it('[SEC-L9] ends when the right of the listener ends', async () => {
    const machine = await createMachine(admin, 'listener', ['internal_audit_view']);
    const token = await machineToken(server.url, machine, ['internal_audit_view']);
    const after = encodeURIComponent(await newest(admin));
    const events = await openEventStream(`${server.url}/api/feed?after=${after}`, { authorization: `Bearer ${token}` });
    expect(events.status).toBe(200);
    await events.frames.next();
    await admin.send('POST', `/api/server/v1/applications/${machine.id}/inbound-protocols/oidc/revoke`);
    const delivered: string[] = [];
    let isOpen = true;
    const ended = (async () => {
      for await (const { data } of events.frames) delivered.push(String(data.data?.name));
      isOpen = false;
    })();
    const revokedMs = performance.now();
    while (isOpen && performance.now() - revokedMs < 2 * RIGHTS_COUNT_MS) await newest(admin);
    await create(admin, 'too-late');
    while (isOpen) await newest(admin);
    await ended;
    expect(delivered).not.toContain('too-late');
    const again = await openEventStream(`${server.url}/api/feed`, { authorization: `Bearer ${token}` });
    expect(again.status).toBe(401);
  });

  it('serves a bounded number of listeners of a tenant, and frees the place of one that goes', async () => {
    const crowded = await createTenant(server, 'crowded.com');
    const open = () =>
      openEventStream(`${server.url}/t/crowded.com/api/feed`, { authorization: basic('kim', OWNER_PASSWORD) });
    const streams = await Promise.all(Array.from({ length: LISTENERS_PER_TENANT_MAX }, open));
    expect(new Set(streams.map(({ status }) => status))).toEqual(new Set([200]));
    expect((await open()).status).toBe(429);
    expect(await crowded.owner.get('/api/feed?wait=1')).toMatchObject({
      status: 429,
      json: { reason: 'too-many-listeners' },
    });
    expect((await stream('')).status, 'other tenants are served').toBe(200);
    for (const { close } of streams) close();
    await expect.poll(async () => (await open()).status).toBe(200);
  });
});

describe('resuming the feed', () => {
  it('[SEC-L9] loses and repeats nothing from any position, over a restart and a change of filter', async () => {
    let own = await startTestServer();
    const names = Array.from({ length: 8 }, (_, index) => `resumable-${index}`);
    for (const name of names) await create(asAdmin(own), name);
    const all = await drain(asAdmin(own), null, 'limit=1000');
    expect(new Set(ids(all)).size).toBe(all.length);
    await own.stop('keep');
    own = await startTestServer({ directory: own.directory });
    try {
      expect(ids(await drain(asAdmin(own), null, 'limit=7')), 'from the start').toEqual(ids(all));
      for (const position of new Set(all.map((event) => event.position))) {
        const rest = all.filter((event) => event.position > position);
        expect(ids(await drain(asAdmin(own), position, 'limit=5'))).toEqual(ids(rest));
        const applications = rest.filter(({ type }) => type.startsWith('application.'));
        expect(ids(await drain(asAdmin(own), position, 'limit=5&type=application.'))).toEqual(ids(applications));
      }
    } finally {
      await own.stop();
    }
  });
});
