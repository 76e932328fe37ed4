import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addCustomAttributes } from '../../support/custom-attributes.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { ACCOUNT, CUSTOM, ENTERPRISE, type ScimClient, scimClient } from './client.ts';

let server: TestServer;
let scim: ScimClient;
const ids = new Map<string, string>();

const USERS = 7;

beforeAll(async () => {
  server = await startTestServer();
  scim = scimClient(server);
  await addCustomAttributes(server.kernel, { shoeSize: { dataType: 'integer' }, tags: { multiValued: true } });
  for (let index = USERS; index >= 1; index -= 1) {
    const userName = `scim2user${index}`;
    const { id } = await scim.create({
      userName,
      name: { familyName: index === 3 ? 'scim3user' : 'scim', givenName: `Given${index}` },
      title: `Title ${USERS - index}`,
      emails: [
        { type: 'work', value: `${userName}@work.example` },
        { type: 'home', value: `${userName}@home.example` },
      ],
      [ENTERPRISE]: { manager: { value: index % 2 === 0 ? 'even' : 'odd' } },
      [ACCOUNT]: { country: index < 4 ? 'FR' : 'DE', ...(index === 1 ? { emailVerified: true } : {}) },
      [CUSTOM]: { shoeSize: 40 + index, tags: [`tag${index}`] },
    });
    ids.set(userName, id);
  }
});
afterAll(() => server.stop());

interface User {
  readonly userName: string;
}
const names = (body: { Resources: readonly User[] }) => body.Resources.map(({ userName }) => userName);
const all = ['admin', ...Array.from({ length: USERS }, (_, index) => `scim2user${index + 1}`)];

async function found(filter: string, more: Readonly<Record<string, string>> = {}) {
  const { status, body, text } = await scim.list({ filter, ...more });
  if (status !== 200) throw new Error(text);
  return names(body);
}

describe('a list of users', () => {
  it('is a ListResponse of all, by userName', async () => {
    const { status, body } = await scim.call('GET', '/Users');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
      totalResults: USERS + 1,
      startIndex: 1,
      itemsPerPage: USERS + 1,
    });
    expect(names(body)).toEqual(all);
  });

  it('[U14.7-2] pages by startIndex and count, and tells the total', async () => {
    const { body } = await scim.list({ startIndex: '2', count: '4' });
    expect(body).toMatchObject({ totalResults: USERS + 1, startIndex: 2, itemsPerPage: 4 });
    expect(names(body)).toEqual(all.slice(1, 5));
  });

  it.each([
    [{ count: '0' }, { startIndex: 1, itemsPerPage: 0 }],
    [{ count: '-5' }, { startIndex: 1, itemsPerPage: 0 }],
    [{ count: '2147483647' }, { startIndex: 1, itemsPerPage: USERS + 1 }],
    [{ count: '99999999999' }, { startIndex: 1, itemsPerPage: USERS + 1 }],
    [{ startIndex: '0' }, { startIndex: 1, itemsPerPage: USERS + 1 }],
    [
      { startIndex: '-3', count: '2' },
      { startIndex: 1, itemsPerPage: 2 },
    ],
    [{ startIndex: '2147483647' }, { startIndex: 2147483647, itemsPerPage: 0 }],
    [{ startIndex: '999999999999999' }, { startIndex: 2147483647, itemsPerPage: 0 }],
  ])('[SEC-J7] of %j keeps to its limits', async (parameters, expected) => {
    const { status, body } = await scim.list(parameters);
    expect(status).toBe(200);
    expect(body).toMatchObject({ totalResults: USERS + 1, ...expected });
    expect(body.Resources).toHaveLength(expected.itemsPerPage);
  });

  it.each([{ count: 'all' }, { startIndex: '1.5' }, { sortOrder: 'up' }, { domain: 'OTHER' }])(
    'of %j is refused',
    async (parameters) =>
      expect((await scim.list(parameters)).body).toMatchObject({ status: '400', scimType: 'invalidValue' }),
  );

  it('is sorted as asked: sorting is not passed over', async () => {
    expect(names((await scim.list({ sortBy: 'userName', sortOrder: 'descending' })).body)).toEqual([...all].reverse());
    expect(names((await scim.list({ sortBy: 'title', count: '3' })).body)).toEqual([
      'scim2user7',
      'scim2user6',
      'scim2user5',
    ]);
    const byAddress = await scim.list({ sortBy: 'emails', sortOrder: 'Descending', count: '2', filter: 'emails pr' });
    expect(names(byAddress.body)).toEqual(['scim2user7', 'scim2user6']);
    expect((await scim.list({ sortBy: 'password' })).body).toMatchObject({ status: '400', scimType: 'invalidPath' });
  });

  it('is sorted by the primary value of a list, by the first where none is', async () => {
    const filter = 'userName sw primary';
    const address = (value: string, more: object = {}) => ({ value, ...more });
    await scim.create({ userName: 'primary-1', emails: [address('z@x.example'), address('a@x.example')] });
    const second = [address('y@x.example'), address('b@x.example', { primary: true })];
    const { id } = await scim.create({ userName: 'primary-2', emails: second });
    await scim.create({ userName: 'primary-3', emails: [address('c@x.example')] });
    const order = async () => names((await scim.list({ filter, sortBy: 'emails' })).body);
    expect(await order()).toEqual(['primary-2', 'primary-3', 'primary-1']);
    await scim.patch(id, { op: 'replace', path: 'emails[value eq "y@x.example"].primary', value: true });
    expect(await order()).toEqual(['primary-3', 'primary-2', 'primary-1']);
    const { body } = await scim.list({ filter });
    for (const user of body.Resources) await scim.call('DELETE', `/Users/${user.id}`);
  });

  it('is asked for at the root as well, where all kinds of resources are found', async () => {
    const body = { filter: 'meta.resourceType eq User and userName eq "scim2user3"', attributes: 'userName' };
    const answer = await scim.call('POST', '/.search', { body });
    expect(answer.status).toBe(200);
    expect(names(answer.body)).toEqual(['scim2user3']);
    expect(Object.keys(answer.body.Resources[0]).sort()).toEqual(['id', 'schemas', 'userName']);
    expect((await scim.call('POST', '/.search', { body: { filter: 'shoeSize eq 1' } })).body).toMatchObject({
      scimType: 'invalidFilter',
    });
  });

  it('is asked for in a body as well', async () => {
    const body = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
      attributes: ['name.familyName', 'userName'],
      filter: 'userName sw sci and name.familyName co im',
      domain: 'PRIMARY',
      startIndex: 1,
      count: 2,
    };
    const answer = await scim.call('POST', '/Users/.search', { body });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ totalResults: USERS, itemsPerPage: 2 });
    expect(Object.keys(answer.body.Resources[0]).sort()).toEqual(['id', 'name', 'schemas', 'userName']);
    expect(answer.body.Resources[0].name).toEqual({ familyName: 'scim' });
    expect((await scim.call('POST', '/Users/.search', { body: { count: [] } })).status).toBe(400);
  });
});

describe('a filter of users', () => {
  it('[U14.7-3] finds exactly the user of a combined filter', async () => {
    const answer = await scim.call('GET', '/Users?filter=userName+Ew+user3+and+name.familyName+Eq+scim3user');
    expect(answer.body).toMatchObject({ totalResults: 1, itemsPerPage: 1 });
    expect(names(answer.body)).toEqual(['scim2user3']);
  });

  it('[U14.7-3] pages in the order of userName', async () => {
    const { body } = await scim.list({
      filter: 'userName sw scim2 and name.familyName Eq scim',
      count: '3',
      startIndex: '2',
    });
    expect(body).toMatchObject({ totalResults: USERS - 1, startIndex: 2, itemsPerPage: 3 });
    expect(names(body)).toEqual(['scim2user2', 'scim2user4', 'scim2user5']);
  });

  it.each([
    ['userName eq SCIM2USER4', ['scim2user4']],
    ['userName eq "scim2user1" or userName eq "scim2user2"', ['scim2user1', 'scim2user2']],
    ['urn:scim:wso2:schema:country eq FR', ['scim2user1', 'scim2user2', 'scim2user3']],
    [`${ENTERPRISE}:manager.value eq even`, ['scim2user2', 'scim2user4', 'scim2user6']],
    ['emails.value co "user5@"', ['scim2user5']],
    ['emails[type eq work and value co "user6@home"]', []],
    ['emails[type eq home and value co "user6@home"]', ['scim2user6']],
    ['name.givenName sw given and not (title lt "Title 5")', ['scim2user1', 'scim2user2']],
    [`${CUSTOM}:shoeSize eq 43`, ['scim2user3']],
    [`${CUSTOM}:tags eq tag2`, ['scim2user2']],
    ['not (name pr)', ['admin']],
    ['title eq null', ['admin']],
    ['userName eq scim2user1 or userName eq scim2user2 and title eq nothing', ['scim2user1']],
    ['(userName eq scim2user1 or userName eq scim2user2) and title eq nothing', []],
    ['not (userName sw scim2) or userName ew 7', ['admin', 'scim2user7']],
    ['emails[type eq "work" and value co "3@"] and not (emails[type eq "other"])', ['scim2user3']],
    ['emails.type eq home and emails co "user4@"', ['scim2user4']],
    ['URN:SCIM:WSO2:SCHEMA:COUNTRY EQ "fr" AND USERNAME EW "2"', ['scim2user2']],
    ['meta.resourceType eq "User" and userName ew 5', ['scim2user5']],
    ['meta.resourceType eq "Group"', []],
    ['schemas eq "urn:ietf:params:scim:schemas:core:2.0:User" and userName ew 6', ['scim2user6']],
    ['active eq false', []],
  ])('%s finds the users that it describes', async (filter, expected) => expect(await found(filter)).toEqual(expected));

  it('finds by id and by time', async () => {
    expect(await found(`id eq ${ids.get('scim2user3')}`)).toEqual(['scim2user3']);
    const { body } = await scim.call('GET', `/Users/${ids.get('scim2user2')}`);
    const newest = await found(`meta.created ge "${body.meta.created}" and userName sw scim`);
    expect(newest).toContain('scim2user1');
    expect(newest).not.toContain('scim2user3');
  });

  it('[U4.4-5] finds by ne users that have another value, and users that have none', async () => {
    expect(await found(`${ACCOUNT}:emailVerified ne true`)).toEqual(all.filter((name) => name !== 'scim2user1'));
  });

  it('follows a lock at once', async () => {
    const id = ids.get('scim2user7') ?? '';
    const filter = `${ACCOUNT}:accountLocked eq true`;
    await scim.patch(id, { op: 'replace', path: `${ACCOUNT}:accountLocked`, value: true });
    expect(await found(filter)).toEqual(['scim2user7']);
    expect(await found(`${ACCOUNT}:accountState eq "LOCKED" and active eq false`)).toEqual(['scim2user7']);
    await scim.patch(id, { op: 'replace', path: `${ACCOUNT}:accountLocked`, value: false });
    expect(await found(filter)).toEqual([]);
  });

  it.each([
    'password eq "x"',
    'userName xx kim',
    '(userName eq kim',
    'tenant pr',
    '$where eq 1',
    `${'('.repeat(1_000)}title pr`,
  ])('[SEC-I2] %s is refused with invalidFilter', async (filter) => {
    const { status, body } = await scim.list({ filter });
    expect(status).toBe(400);
    expect(body).toMatchObject({ scimType: 'invalidFilter', status: '400' });
  });

  it('[SEC-I2] takes quotes and signs of other languages as plain text', async () => {
    for (const text of ["' OR '1'='1", '%', '_', '.*', '") OR 1=1 --', '\\']) {
      expect(await found(`displayName co ${JSON.stringify(text)}`)).toEqual([]);
      expect(await found(`userName eq ${JSON.stringify(text)}`)).toEqual([]);
    }
  });
});

describe('the attributes of an answer', () => {
  const one = async (query: string) => (await scim.call('GET', `/Users/${ids.get('scim2user1')}?${query}`)).body;

  it('are those that were asked for, and always schemas and id', async () => {
    expect(await one(`attributes=userName,name.givenName,emails.value,${ACCOUNT}:country`)).toEqual({
      schemas: expect.any(Array),
      id: ids.get('scim2user1'),
      userName: 'scim2user1',
      name: { givenName: 'Given1' },
      emails: [{ value: 'scim2user1@work.example' }, { value: 'scim2user1@home.example' }],
      [ACCOUNT]: { country: 'FR' },
    });
  });

  it('are chosen by every request that is answered with a user', async () => {
    const body = { userName: 'chosen', title: 'Dr' };
    const only = async (method: string, path: string, sent?: object) => {
      const call = sent === undefined ? {} : { body: sent };
      const answer = await scim.call(method, `${path}?attributes=title`, call);
      expect(Object.keys(answer.body).sort(), method).toEqual(['id', 'schemas', 'title']);
      return answer.body.id;
    };
    const id = await only('POST', '/Users', body);
    await only('GET', `/Users/${id}`);
    await only('PUT', `/Users/${id}`, body);
    await only('PATCH', `/Users/${id}`, { Operations: [{ op: 'replace', path: 'title', value: 'Prof' }] });
    const without = await scim.call('PUT', `/Users/${id}?excludedAttributes=title,meta.version`, { body });
    expect(without.body).not.toHaveProperty('title');
    expect(Object.keys(without.body.meta)).not.toContain('version');
    await scim.call('DELETE', `/Users/${id}`);
  });

  it('are all but those that were not wanted', async () => {
    const without = await one(`excludedAttributes=id,schemas,emails,name.familyName,${CUSTOM}`);
    expect(Object.keys(without)).toEqual(expect.arrayContaining(['schemas', 'id', 'userName', 'title', 'meta']));
    expect(without).not.toHaveProperty('emails');
    expect(without).not.toHaveProperty([CUSTOM]);
    expect(without.name).toEqual({ givenName: 'Given1' });
  });

  it('[SEC-C6] hold no secret, whatever was asked for', async () => {
    for (const attributes of [
      '*',
      'password',
      'password,userName',
      '__proto__',
      'tenant,org',
      `${ACCOUNT}:oneTimePassword`,
    ]) {
      const body = await one(new URLSearchParams({ attributes }).toString());
      expect(Object.keys(body).filter((name) => !['schemas', 'id', 'userName'].includes(name))).toEqual([]);
    }
  });
});
