import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execute } from '../../../commands/pipeline.ts';
import { unassignRole } from '../../../commands/users/assign-role.ts';
import { SUPER_ORG_ID } from '../../../domain/ids.ts';
import { organizations } from '../../../domain/organizations/organization.ts';
import { asking } from '../../support/kernel.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { makeAdministrator, type ScimClient, scimClient } from './client.ts';

let server: TestServer;
let scim: ScimClient;
let count = 0;

beforeAll(async () => {
  server = await startTestServer();
  scim = scimClient(server);
});
afterAll(() => server.stop());

const create = () => {
  count += 1;
  return scim.create({ userName: `etag-${count}` });
};
const title = (value: string) => ({ Operations: [{ op: 'replace', path: 'title', value }] });
const send = (method: string, id: string, headers: Record<string, string>, body?: object) =>
  scim.call(method, `/Users/${id}`, { headers, ...(body === undefined ? {} : { body }) });
const revisionOf = async (id: string) => (await server.kernel.store.streamInfo(`user-${id}`)).revision;

describe('the version of a user', () => {
  it('stands in meta and in ETag, is the same for reader and writer, and moves with each change', async () => {
    const made = await scim.call('POST', '/Users', { body: { userName: 'versioned' } });
    const { id, meta } = made.body;
    expect(made.headers.get('etag')).toBe(meta.version);
    expect(meta.version).toMatch(/^W\/"\d+"$/);
    const read = await scim.call('GET', `/Users/${id}`);
    expect([read.headers.get('etag'), read.body.meta.version]).toEqual([meta.version, meta.version]);
    const listed = await scim.list({ filter: `id eq "${id}"` });
    expect(listed.body.Resources[0].meta.version).toBe(meta.version);

    const changed = await send('PATCH', id, {}, title('Dr'));
    expect(changed.body.meta.version).not.toBe(meta.version);
    expect(changed.headers.get('etag')).toBe(changed.body.meta.version);
    expect((await scim.call('GET', `/Users/${id}`)).headers.get('etag')).toBe(changed.body.meta.version);
    expect((await send('PATCH', id, {}, title('Dr'))).body.meta.version).toBe(changed.body.meta.version);
  });

  it('moves with what the user does not show as well', async () => {
    const { id, meta } = await create();
    await makeAdministrator(server, id);
    const { state } = await server.kernel.aggregates.load(organizations, SUPER_ORG_ID);
    const roleId = state.administratorRole;
    expect((await execute(server.kernel, unassignRole, { userId: id, roleId }, asking())).ok).toBe(true);
    const { body } = await send('PATCH', id, {}, title('Dr'));
    expect((await scim.call('GET', `/Users/${id}`)).headers.get('etag')).toBe(body.meta.version);
    expect(body.meta.version).not.toBe(meta.version);
  });

  it('spares the body to a reader who knows it', async () => {
    const { id, meta } = await create();
    const known = await send('GET', id, { 'if-none-match': meta.version });
    expect([known.status, known.text, known.headers.get('etag')]).toEqual([304, '', meta.version]);
    expect((await send('GET', id, { 'if-none-match': `"x", ${meta.version}` })).status).toBe(304);
    expect((await send('GET', id, { 'if-none-match': '*' })).status).toBe(304);
    expect((await send('GET', id, { 'if-none-match': 'W/"999"' })).status).toBe(200);
  });
});

describe('a change on condition of a version', () => {
  it.each([
    ['PUT', { userName: 'etag-put' }],
    ['PATCH', title('Dr')],
    ['DELETE', undefined],
  ] as const)('%s is refused with 412 where another version is there, and leaves no event', async (method, body) => {
    const { id, userName, meta } = await create();
    const sent = method === 'PUT' ? { userName, title: 'Dr' } : body;
    const revision = await revisionOf(id);
    for (const condition of ['W/"999"', '"999"', 'W/"999", "17"', 'nonsense']) {
      const refused = await send(method, id, { 'if-match': condition }, sent);
      expect(refused.body, condition).toMatchObject({ status: '412' });
    }
    expect((await send(method, id, { 'if-none-match': meta.version }, sent)).status).toBe(412);
    expect((await send(method, id, { 'if-none-match': '*' }, sent)).status).toBe(412);
    expect(await revisionOf(id)).toBe(revision);
    const done = await send(method, id, { 'if-match': `"0", ${meta.version}` }, sent);
    expect(done.status).toBe(method === 'DELETE' ? 204 : 200);
    expect((await send(method, id, { 'if-match': meta.version }, sent)).status).toBe(method === 'DELETE' ? 404 : 412);
  });

  it('takes a strong tag and the asterisk', async () => {
    const { id, meta } = await create();
    expect((await send('PATCH', id, { 'if-match': meta.version.slice(2) }, title('Dr'))).status).toBe(200);
    expect((await send('PATCH', id, { 'if-match': '*' }, title('Prof'))).status).toBe(200);
    const nobody = '00000000-0000-4000-8000-000000000000';
    expect((await send('PATCH', nobody, { 'if-match': '*' }, title('Dr'))).status).toBe(404);
  });

  it('lets one of many writers who saw the same version win, and no second', async () => {
    const { id, meta } = await create();
    const writers = Array.from({ length: 12 }, (_, index) =>
      send('PATCH', id, { 'if-match': meta.version }, title(`writer ${index}`)),
    );
    const statuses = (await Promise.all(writers)).map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array.from({ length: 11 }, () => 412)]);
  });
});

describe('a repeated request with an idempotency key', () => {
  const key = { 'idempotency-key': 'once' };

  it('makes one user and gives the same answer', async () => {
    const body = { userName: 'only-once', title: 'Dr' };
    const first = await scim.call('POST', '/Users', { body, headers: key });
    const again = await scim.call('POST', '/Users', { body, headers: key });
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toEqual(first.body);
    const other = await scim.call('POST', '/Users', { body: { ...body, title: 'Prof' }, headers: key });
    expect(other.body).toMatchObject({ status: '400', scimType: 'invalidValue' });
  });

  it('changes once, whatever others did since, and deletes once', async () => {
    const { id, meta } = await create();
    const headers = { ...key, 'if-match': meta.version };
    const first = await send('PATCH', id, headers, title('first'));
    await send('PATCH', id, {}, title('second'));
    const again = await send('PATCH', id, headers, title('first'));
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect((await scim.call('GET', `/Users/${id}`)).body.title).toBe('second');
    expect((await send('DELETE', id, key)).status).toBe(204);
    expect((await send('DELETE', id, key)).status).toBe(204);
    expect((await send('DELETE', id, {})).status).toBe(404);
  });
});
