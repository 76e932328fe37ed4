import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodePosition } from '../../../infra/event-store/position.ts';
import { asAdmin, limitedCaller, type ManagementClient } from '../../support/management-client.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';

let server: TestServer;
let admin: ManagementClient;

beforeAll(async () => {
  server = await startTestServer();
  admin = asAdmin(server);
});
afterAll(() => server.stop());

const command = async (type: string, input: object) => {
  const answer = await admin.send('POST', `/api/commands/${type}`, input);
  expect(answer.status, answer.text).toBe(200);
  return answer.json as { id: string; position: string; revision: string };
};

const names = (answer: { json: { items: { userName: string }[] } }): string[] =>
  answer.json.items.map(({ userName }) => userName);

describe('a page of a collection', () => {
  beforeAll(async () => {
    for (const letter of ['a', 'b', 'c', 'd', 'e']) {
      await command('CreateUser', {
        userName: `page-${letter}`,
        attributes: { 'name.familyName': `Family ${letter}` },
      });
    }
  });

  it('shows what was written a moment ago', async () => {
    await command('CreateUser', { userName: 'just-now' });
    expect(names(await admin.get('/api/read/users?filter=userName+eq+just-now'))).toEqual(['just-now']);
  });

  it('walks forward and back by cursors, in order', async () => {
    const query = `/api/read/users?filter=${encodeURIComponent('userName sw "page-"')}&sort=-userName&limit=2`;
    const first = await admin.get(`${query}&total=true`);
    expect(names(first)).toEqual(['page-e', 'page-d']);
    expect(first.json).toMatchObject({ total: 5, previous: null });
    const second = await admin.get(`${query}&after=${first.json.next}`);
    expect(names(second)).toEqual(['page-c', 'page-b']);
    expect(second.json).not.toHaveProperty('total');
    const third = await admin.get(`${query}&after=${second.json.next}`);
    expect(names(third)).toEqual(['page-a']);
    expect(third.json.next).toBeNull();
    const back = await admin.get(`${query}&before=${third.json.previous}`);
    expect(names(back)).toEqual(['page-c', 'page-b']);
  });

  it('pages by offset too', async () => {
    const query = '/api/read/users?filter=userName+sw+page-&sort=userName&limit=2&offset=3';
    expect(names(await admin.get(query))).toEqual(['page-d', 'page-e']);
  });

  it('searches applications and tenants with the same grammar', async () => {
    await command('CreateApplication', { name: 'Grammar App' });
    const filter = encodeURIComponent(
      'name co "gramm" and not (system eq true) and createdAt gt "2020-01-01T00:00:00Z"',
    );
    const found = await admin.get(`/api/read/applications?filter=${filter}`);
    expect(found.json.items).toMatchObject([{ name: 'Grammar App' }]);
    expect((await admin.get('/api/read/tenants?filter=active+eq+true')).json.items).toMatchObject([
      { domain: 'carbon.super' },
    ]);
  });

  it.each([
    ['sort=password', 'field-unknown'],
    ['sort=__proto__', 'field-unknown'],
    ['filter=password+eq+x', 'filter-invalid'],
    ['filter=userName', 'filter-invalid'],
    ['limit=0', 'parameter-invalid'],
    ['limit=1001', 'parameter-invalid'],
    ['offset=-1', 'parameter-invalid'],
    ['total=yes', 'parameter-invalid'],
    ['colour=red', 'parameter-unknown'],
    ['after=x&before=y', 'parameter-invalid'],
    ['minPosition=somewhere', 'invalid-position'],
  ])('refuses %s', async (query, reason) => {
    expect(await admin.get(`/api/read/users?${query}`)).toMatchObject({ status: 400, json: { reason } });
  });

  it('answers 503 with Retry-After when the read model does not come as far as was asked for', async () => {
    const ahead = encodePosition({ commit: 1_000_000n, prepare: 1_000_000n });
    const answer = await admin.get(`/api/read/users?minPosition=${encodeURIComponent(ahead)}`);
    expect(answer).toMatchObject({ status: 503, json: { reason: 'behind' } });
    expect(answer.headers.get('retry-after')).toBe('1');
  });

  it('needs the right of the collection', async () => {
    const viewer = await limitedCaller(server, 'read-viewer', ['internal_application_mgt_view']);
    expect((await viewer.get('/api/read/applications')).status).toBe(200);
    expect((await viewer.get('/api/read/users')).status).toBe(403);
    expect((await viewer.get('/api/read/tenants')).status).toBe(403);
    expect((await admin.get('/api/read/robots')).status).toBe(404);
  });
});

describe('one document', () => {
  it('is read as it is and as it was, by instant and by position', async () => {
    const created = await command('CreateUser', { userName: 'timely', attributes: { displayName: 'First' } });
    const path = `/api/read/users/${created.id}`;
    const changed = await command('ChangeUserAttributes', { userId: created.id, set: { displayName: 'Second' } });
    expect((await admin.get(path)).json).toMatchObject({ userName: 'timely', displayName: 'Second' });

    const asOf = (moment: string) => admin.get(`${path}?asOf=${encodeURIComponent(moment)}`);
    const then = await asOf(created.position);
    expect(then.json).toMatchObject({ id: created.id, userName: 'timely', displayName: 'First' });
    expect(then.headers.get('etag')).toBe(`"${created.revision}"`);
    expect((await asOf(changed.position)).json).toEqual((await admin.get(path)).json);
    expect((await asOf(new Date().toISOString())).json).toMatchObject({ displayName: 'Second' });
    expect((await asOf('2020-01-01T00:00:00Z')).status, 'before it existed').toBe(404);
  });

  it('is read as it was after it was deleted, and not any more after it was erased', async () => {
    const created = await command('CreateUser', { userName: 'leaving', attributes: { displayName: 'Leaving' } });
    const path = `/api/read/users/${created.id}`;
    await command('DeleteUser', { userId: created.id });
    expect((await admin.get(path)).status).toBe(404);
    const then = () => admin.get(`${path}?asOf=${encodeURIComponent(created.position)}`);
    expect((await then()).json).toMatchObject({ displayName: 'Leaving' });
    await command('EraseUser', { userId: created.id });
    expect((await then()).status).toBe(404);
    expect((await then()).text).not.toContain('Leaving');
  });

  it('refuses moments that are none, or still to come', async () => {
    const { id } = await command('CreateUser', { userName: 'momentary' });
    const asOf = (moment: string) => admin.get(`/api/read/users/${id}?asOf=${encodeURIComponent(moment)}`);
    for (const moment of ['yesterday', '2026-01-01', '']) {
      expect(await asOf(moment)).toMatchObject({ status: 400, json: { reason: 'moment-invalid' } });
    }
    for (const moment of ['2999-01-01T00:00:00Z', 'ffffffffffffffff/ffffffffffffffff']) {
      expect(await asOf(moment)).toMatchObject({ status: 400, json: { reason: 'moment-ahead' } });
    }
  });
});

describe('the history of an entity', () => {
  it('says who changed what, from what to what, when and why', async () => {
    const user = await command('CreateUser', { userName: 'storied', attributes: { 'name.givenName': 'Ann' } });
    await admin.send(
      'POST',
      '/api/commands/ChangeUserAttributes',
      { userId: user.id, set: { 'name.givenName': 'Anna' } },
      {
        activityid: 'ticket-4711',
        'user-agent': 'auditor/1.0',
      },
    );
    const history = (await admin.get(`/api/history/users/${user.id}`)).json;
    const adminId = (await admin.get('/api/read/users?filter=userName+eq+admin')).json.items[0].id;
    expect(history).toMatchObject({ entity: 'users', id: user.id, next: null });
    expect(history.entries[0].changes).toContainEqual({ path: '/userName', to: 'storied' });
    expect(history.entries[1]).toMatchObject({
      type: 'identity.user.attributes_changed.v1',
      revision: '1',
      actor: { kind: 'user', id: adminId, chain: [] },
      command: 'ChangeUserAttributes',
      correlation: 'ticket-4711',
      source: { ip: '127.0.0.1', userAgent: 'auditor/1.0' },
      erased: false,
    });
    expect(history.entries[1].changes).toContainEqual({ path: '/attributes/name.givenName', from: 'Ann', to: 'Anna' });
  });

  it('pages by revision with the same before and after', async () => {
    const { id } = await command('CreateApplication', { name: 'paged-0' });
    for (const index of [1, 2, 3, 4]) await command('ChangeApplication', { applicationId: id, name: `paged-${index}` });
    const whole = (await admin.get(`/api/history/applications/${id}`)).json.entries;
    const pages: unknown[] = [];
    for (let after: string | null = ''; after !== null; ) {
      const page: { entries: unknown[]; next: string | null } = (
        await admin.get(`/api/history/applications/${id}?limit=2${after === '' ? '' : `&after=${after}`}`)
      ).json;
      pages.push(...page.entries);
      after = page.next;
    }
    expect(pages).toEqual(whole);
    expect(whole.at(-1).changes).toEqual([{ path: '/name', from: 'paged-3', to: 'paged-4' }]);
  });

  it('shows erased events as erased, without what they said', async () => {
    const user = await command('CreateUser', {
      userName: 'forgotten',
      attributes: { displayName: 'Forgotten Person' },
    });
    await command('EraseUser', { userId: user.id });
    const history = await admin.get(`/api/history/users/${user.id}`);
    expect(history.json.entries[0]).toMatchObject({ type: 'identity.user.created.v1', erased: true });
    expect(history.text).not.toMatch(/forgotten/i);
  });

  it('needs the right to audit, and knows only entities', async () => {
    const viewer = await limitedCaller(server, 'history-viewer', ['internal_user_mgt_view', 'internal_user_mgt_list']);
    expect((await viewer.get('/api/history/users/00000000-0000-4000-8000-000000000000')).status).toBe(403);
    for (const path of [
      'users/00000000-0000-4000-8000-000000000000',
      'users/x',
      'unq/x',
      'constructor/x',
      'users/..',
    ]) {
      expect((await admin.get(`/api/history/${path}`)).status, path).toBe(404);
    }
  });
});
