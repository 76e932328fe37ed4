import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic, startTestServer, type TestServer } from '../../support/server.ts';
import { newClient, ownToken } from '../../support/server-client.ts';
import { ENTERPRISE, makeAdministrator, PASSWORD, type ScimClient, scimClient } from './client.ts';

const REQUEST = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';
const RESPONSE = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse';
const ALL_SCOPES = ['create', 'update', 'delete'].map((verb) => `internal_bulk_user_${verb}`);

let server: TestServer;
let scim: ScimClient;
let bearer: (scopes: readonly string[]) => Promise<string>;
let count = 0;

beforeAll(async () => {
  server = await startTestServer();
  scim = scimClient(server);
  const client = await newClient(server, {
    name: 'Provisioning',
    scopes: [...ALL_SCOPES, 'internal_bulk_resource_create', 'internal_user_mgt_create', 'internal_user_mgt_delete'],
  });
  bearer = async (scopes) => `Bearer ${await ownToken(server, client, scopes)}`;
});
afterAll(() => server.stop());

function freshName(): string {
  count += 1;
  return `bulk-${count}`;
}

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly bulkId?: string;
  readonly data?: unknown;
  readonly version?: string;
}

const bulk = (Operations: readonly Sent[], more: object = {}, call: object = {}) =>
  scim.call('POST', '/Bulk', { body: { schemas: [REQUEST], Operations, ...more }, ...call });
const post = (bulkId: string, data: object): Sent => ({ method: 'POST', path: '/Users', bulkId, data });
const title = (id: string, value: string): Sent => ({
  method: 'PATCH',
  path: `/Users/${id}`,
  data: { Operations: [{ op: 'replace', path: 'title', value }] },
});
const statuses = ({ body }: { body: { Operations: readonly { status: string }[] } }) =>
  body.Operations.map(({ status }) => status);
const head = async () => await server.kernel.store.head();
/** As new as the answer, whoever got that. */
const get = (id: string, seen?: { readonly headers: Headers }) => {
  const position = seen?.headers.get('muniment-position') ?? null;
  return scim.call('GET', `/Users/${id}`, position === null ? {} : { headers: { 'muniment-position': position } });
};
const managerOf = async (id: string) => (await get(id)).body[ENTERPRISE]?.manager?.value;
const idIn = (operation: { location: string }): string => operation.location.split('/').at(-1) ?? '';

describe('a bulk request', () => {
  it('does each operation and tells its status as the text of RFC 7644 §3.7.3, its location and its version', async () => {
    const [kept, gone] = [await scim.create({ userName: freshName() }), await scim.create({ userName: freshName() })];
    const name = freshName();
    const answer = await bulk([
      post('new', { userName: name, password: PASSWORD }),
      { method: 'PUT', path: `/Users/${kept.id}`, data: { userName: kept.userName, title: 'Dr' } },
      title(kept.id, 'Prof'),
      { method: 'DELETE', path: `/Users/${gone.id}`, bulkId: 'named' },
    ]);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/scim+json');
    expect(answer.body.schemas).toEqual([RESPONSE]);
    const users = `${server.url}/scim2/Users`;
    const version = expect.stringMatching(/^W\/"\d+"$/);
    const made = idIn(answer.body.Operations[0]);
    expect(answer.body.Operations).toEqual([
      { method: 'POST', bulkId: 'new', version, location: `${users}/${made}`, status: '201' },
      { method: 'PUT', version, location: `${users}/${kept.id}`, status: '200' },
      { method: 'PATCH', version, location: `${users}/${kept.id}`, status: '200' },
      { method: 'DELETE', bulkId: 'named', location: `${users}/${gone.id}`, status: '204' },
    ]);
    expect((await get(made)).body.userName).toBe(name);
    expect((await get(kept.id)).body).toMatchObject({
      title: 'Prof',
      meta: { version: answer.body.Operations[2].version },
    });
    expect((await get(gone.id)).status).toBe(404);
    expect((await scim.call('GET', '/Me', { authorization: basic(name, PASSWORD) })).status).toBe(200);
  });

  it('goes on after a failed operation, and says of each why it failed', async () => {
    const taken = await scim.create({ userName: freshName() });
    const answer = await bulk([
      post('a', { userName: taken.userName }),
      title('00000000-0000-4000-8000-000000000000', 'Dr'),
      { method: 'PATCH', path: `/Users/${taken.id}`, data: { Operations: [{ op: 'move' }] } },
      { method: 'FETCH', path: '/Users' },
      { method: 'POST', path: '/Robots', bulkId: 'r', data: {} },
      { method: 'POST', path: '/Users', data: { userName: freshName() } },
      { method: 'POST', path: `/Users/${taken.id}`, bulkId: 'p', data: {} },
      { method: 'DELETE', path: '/Users' },
      { method: 'PUT', path: `/Users/${taken.id}` },
      { method: 'DELETE', path: '/Me' },
      title(taken.id, 'last'),
    ]);
    expect(statuses(answer)).toEqual(['409', '404', '400', '400', '400', '400', '400', '400', '400', '400', '200']);
    const [first, , , , , , , , ninth] = answer.body.Operations;
    expect(first.response).toMatchObject({ status: '409', scimType: 'uniqueness' });
    expect(first).not.toHaveProperty('location');
    expect(ninth.response).toMatchObject({ scimType: 'invalidSyntax' });
    expect((await get(taken.id)).body.title).toBe('last');
  });

  it.each([
    [1, ['201', '409']],
    [2, ['201', '409', '201', '409']],
    [3, ['201', '409', '201', '409', '201']],
  ])('with failOnErrors %i begins nothing after that many failures', async (failOnErrors, expected) => {
    const taken = { userName: freshName() };
    const again = (bulkId: string) => post(bulkId, taken);
    const fresh = (bulkId: string) => post(bulkId, { userName: freshName() });
    const answer = await bulk([again('1'), again('2'), fresh('3'), again('4'), fresh('5')], { failOnErrors });
    expect(statuses(answer)).toEqual(expected);
  });

  it.each([
    ['no operations', { Operations: [] }, 400],
    ['operations that are none', { Operations: ['x'] }, 400],
    ['a bulkId that two operations have', { Operations: [post('a', {}), post('a', {})] }, 400],
    ['a failOnErrors of nothing', { Operations: [post('a', {})], failOnErrors: 0 }, 400],
    ['a failOnErrors that is no number', { Operations: [post('a', {})], failOnErrors: 'all' }, 400],
    ['no body', {}, 400],
    ['too many operations', { Operations: Array.from({ length: 1_001 }, (_, i) => post(`${i}`, {})) }, 413],
    ['too large a body', { Operations: [post('a', { userName: 'x'.repeat(1_048_576) })] }, 413],
  ])('[SEC-J7] of %s is refused as a whole, without an event', async (_, body, status) => {
    const before = await head();
    const answer = await scim.call('POST', '/Bulk', { body });
    expect(answer.body).toMatchObject({ status: String(status) });
    expect(await head()).toEqual(before);
  });

  it('[SEC-J7] may have as many operations as are announced', { timeout: 60_000 }, async () => {
    const { body } = await scim.call('GET', '/ServiceProviderConfig');
    const names = Array.from({ length: body.bulk.maxOperations }, freshName);
    const answer = await bulk(names.map((userName, index) => post(`${index}`, { userName })));
    expect(new Set(statuses(answer))).toEqual(new Set(['201']));
    expect(answer.body.Operations).toHaveLength(1_000);
    const found = await scim.list({ filter: `userName eq ${names.at(-1)}` });
    expect(found.body.totalResults).toBe(1);
  });

  it('judges the version that an operation names', async () => {
    const { id, meta } = await scim.create({ userName: freshName() });
    const seen = { ...title(id, 'first'), version: meta.version };
    const answer = await bulk([seen, { ...seen, data: title(id, 'second').data }]);
    expect(statuses(answer)).toEqual(['200', '412']);
    expect((await get(id)).body.title).toBe('first');
  });

  it('sent again with its idempotency key gives the same answer and has no second effect', async () => {
    const { id } = await scim.create({ userName: freshName() });
    const other = await scim.create({ userName: freshName() });
    const operations = [
      post('a', { userName: freshName() }),
      title(id, 'first'),
      { method: 'DELETE', path: `/Users/${other.id}` },
      post('b', { userName: freshName(), [ENTERPRISE]: { manager: { value: 'bulkId:a' } } }),
    ];
    const call = { headers: { 'idempotency-key': 'bulk-once' } };
    const first = await bulk(operations, {}, call);
    expect(statuses(first)).toEqual(['201', '200', '204', '201']);
    await scim.patch(id, { op: 'replace', path: 'title', value: 'second' });
    const before = await head();
    const again = await bulk(operations, {}, call);
    expect(again.body).toEqual(first.body);
    expect(await head()).toEqual(before);
    expect((await get(id)).body.title).toBe('second');
  });
});

describe('a reference of a bulk request', () => {
  it('stands for the id of what another operation makes: in values, in lists, in paths, before and after it', async () => {
    const answer = await bulk([
      post('worker', { userName: freshName(), [ENTERPRISE]: { manager: { value: 'bulkId:boss' } } }),
      post('boss', { userName: freshName() }),
      { ...title('bulkId:worker', 'by reference'), bulkId: 'patch' },
      {
        method: 'PATCH',
        path: '/Users/bulkId:boss',
        data: {
          Operations: [
            { op: 'add', path: 'ims', value: [{ value: 'bulkId:worker', type: 'chat' }] },
            { op: 'replace', path: 'ims[value eq "bulkId:worker"].display', value: 'by path' },
          ],
        },
      },
    ]);
    expect(statuses(answer)).toEqual(['201', '201', '200', '200']);
    const [worker, boss, patched] = answer.body.Operations.map(idIn);
    expect(patched).toBe(worker);
    expect(await managerOf(worker)).toBe(boss);
    expect((await get(worker)).body.title).toBe('by reference');
    expect((await get(boss)).body.ims).toEqual([{ value: worker, type: 'chat', display: 'by path' }]);
  });

  it('is followed through a chain as long as the request', { timeout: 60_000 }, async () => {
    const length = 200;
    const names = Array.from({ length }, freshName);
    const answer = await bulk(
      names.map((userName, index) =>
        post(`${index}`, {
          userName,
          ...(index + 1 === length ? {} : { [ENTERPRISE]: { manager: { value: `bulkId:${index + 1}` } } }),
        }),
      ),
    );
    expect(new Set(statuses(answer))).toEqual(new Set(['201']));
    const made = answer.body.Operations.map(idIn);
    expect(await managerOf(made[0])).toBe(made[1]);
    expect(await managerOf(made[length - 2])).toBe(made[length - 1]);
  });

  it('in a circle is refused with 409, and so is what leans on the circle; the rest is done', async () => {
    const lean = (manager: string) => ({ userName: freshName(), [ENTERPRISE]: { manager: { value: manager } } });
    const answer = await bulk([
      post('a', lean('bulkId:b')),
      post('b', lean('bulkId:c')),
      post('c', lean('bulkId:a')),
      post('self', lean('bulkId:self')),
      post('outside', lean('bulkId:a')),
      post('free', lean('nobody')),
    ]);
    expect(statuses(answer)).toEqual(['409', '409', '409', '409', '409', '201']);
  });

  it('to nothing is refused, to a failed operation as well; neither leaves an event', async () => {
    const taken = await scim.create({ userName: freshName() });
    const before = await head();
    const answer = await bulk([
      post('unknown', { userName: freshName(), [ENTERPRISE]: { manager: { value: 'bulkId:nowhere' } } }),
      post('failed', { userName: taken.userName }),
      post('leaning', { userName: freshName(), [ENTERPRISE]: { manager: { value: 'bulkId:failed' } } }),
      title('bulkId:failed', 'x'),
    ]);
    expect(statuses(answer)).toEqual(['400', '409', '409', '409']);
    expect(await head()).toEqual(before);
  });
});

describe('a right to bulk operations', () => {
  it('[U14.7-5] [SEC-C5] of one kind does that kind and is refused the others, each by itself', async () => {
    const { id } = await scim.create({ userName: freshName() });
    const authorization = await bearer(['internal_bulk_user_create']);
    const answer = await bulk(
      [post('new', { userName: freshName() }), { method: 'DELETE', path: `/Users/${id}` }, title(id, 'Dr')],
      {},
      { authorization },
    );
    expect(answer.status).toBe(200);
    expect(statuses(answer)).toEqual(['201', '403', '403']);
    expect(answer.body.Operations[1].response).toMatchObject({
      detail: 'Operation is not permitted. You do not have permissions to make this request.',
      status: '403',
    });
    const { status, body } = await get(id, answer);
    expect([status, body.title]).toEqual([200, undefined]);
  });

  it.each([[[]], [['internal_user_mgt_create', 'internal_user_mgt_delete']]])(
    '[U14.7-5] [SEC-C5] is asked for: %j opens nothing',
    async (scopes) => {
      const authorization = await bearer(scopes);
      const before = await head();
      const answer = await bulk([post('new', { userName: freshName() })], {}, { authorization });
      expect(answer.status).toBe(403);
      expect(answer.body).toMatchObject({ status: '403' });
      expect(await head()).toEqual(before);
    },
  );

  it('[SEC-C5] is not got round by a reference to a refused operation', async () => {
    const authorization = await bearer(['internal_bulk_user_update']);
    const { id } = await scim.create({ userName: freshName() });
    const answer = await bulk(
      [
        post('refused', { userName: freshName() }),
        { ...title(id, 'bulkId:refused') },
        title('bulkId:refused', 'x'),
        title(id, 'allowed'),
      ],
      {},
      { authorization },
    );
    expect(statuses(answer)).toEqual(['403', '409', '409', '200']);
    expect((await get(id, answer)).body.title).toBe('allowed');
  });

  it('[SEC-C5] to every resource does everything, and gives no right outside the request', async () => {
    const authorization = await bearer(['internal_bulk_resource_create']);
    const answer = await bulk([post('n', { userName: freshName() }), title('bulkId:n', 'x')], {}, { authorization });
    expect(statuses(answer)).toEqual(['201', '200']);
    expect((await scim.call('POST', '/Users', { body: { userName: freshName() }, authorization })).status).toBe(403);
  });

  it('ends with the caller: what comes after his own disabling is not done', async () => {
    const userName = freshName();
    const { id } = await scim.create({ userName, password: PASSWORD });
    await makeAdministrator(server, id);
    const late = freshName();
    const answer = await bulk(
      [
        {
          method: 'PATCH',
          path: `/Users/${id}`,
          data: { Operations: [{ op: 'replace', path: 'active', value: false }] },
        },
        post('late', { userName: late }),
        post('later', { userName: freshName() }),
      ],
      {},
      { authorization: basic(userName, PASSWORD) },
    );
    expect(statuses(answer)).toEqual(['200', '401']);
    const position = answer.headers.get('muniment-position') ?? '';
    const found = await scim.list({ filter: `userName eq ${late}`, minPosition: position });
    expect(found.body.totalResults).toBe(0);
  });
});
