import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { type ScimClient, scimClient } from './client.ts';

const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

let server: TestServer;
let scim: ScimClient;
let made = 0;

beforeAll(async () => {
  server = await startTestServer();
  scim = scimClient(server);
});
afterAll(async () => await server.stop());

const newUser = async () => (await scim.create({ userName: `user-${++made}` })) as { id: string; userName: string };
const newName = () => `group ${++made}`;
const post = (body: object) => scim.call('POST', '/Groups', { body });
const newGroup = async (...members: readonly { readonly id: string }[]): Promise<string> => {
  const answer = await post({ displayName: newName(), members: members.map(({ id }) => ({ value: id })) });
  if (answer.status !== 201) throw new Error(`${answer.status} ${answer.text}`);
  return answer.body.id;
};
const patch = (id: string, ...operations: object[]) =>
  scim.call('PATCH', `/Groups/${id}`, { body: { schemas: [PATCH_OP], Operations: operations } });
const membersIn = async (id: string): Promise<string[]> =>
  ((await scim.call('GET', `/Groups/${id}`)).body.members ?? []).map(({ value }: { value: string }) => value).sort();
const list = (parameters: Readonly<Record<string, string>>) =>
  scim.call('GET', `/Groups?${new URLSearchParams(parameters)}`);

describe('a group', () => {
  it('is created with its members, shown, and said by its members', async () => {
    const kim = await newUser();
    const displayName = newName();
    const created = await post({ schemas: [GROUP], displayName, members: [{ value: kim.id, display: 'x' }] });
    expect(created.status, created.text).toBe(201);
    const { id } = created.body;
    const location = `${server.url}/scim2/Groups/${id}`;
    expect(created.headers.get('location')).toBe(location);
    const expected = {
      schemas: [GROUP],
      id,
      displayName,
      members: [{ value: kim.id, display: kim.userName, $ref: `${server.url}/scim2/Users/${kim.id}` }],
      meta: { resourceType: 'Group', location },
    };
    expect(created.body).toMatchObject(expected);
    expect((await scim.call('GET', `/Groups/${id}`)).body).toEqual(created.body);
    const user = (await scim.call('GET', `/Users/${kim.id}`)).body;
    expect(user.groups).toEqual([{ value: id, display: displayName, $ref: location }]);
    const listed = await scim.list({ filter: `userName eq "${kim.userName}"` });
    expect(listed.body.Resources[0].groups).toEqual(user.groups);
    const written = await scim.patch(kim.id, { op: 'replace', path: 'nickName', value: 'k' });
    expect(written.body.groups).toEqual(user.groups);
  });

  it('has a name of its own, whatever its case and normal form, also when two are made at once', async () => {
    const name = `Zürich ${++made}`;
    const spellings = [name, name.toUpperCase(), name.normalize('NFD'), ` ${name}`.trim(), name.toLowerCase()];
    const answers = await Promise.all(spellings.map((displayName) => post({ displayName })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
    expect(answers.find(({ status }) => status === 409)?.body.scimType).toBe('uniqueness');
    expect((await list({ filter: `displayName eq "${name.toUpperCase()}"` })).body.totalResults).toBe(1);
  });

  it('takes a store before its name, and no store other than that', async () => {
    const displayName = newName();
    const created = await post({ displayName: `PRIMARY/${displayName}` });
    expect(created.body.displayName).toBe(displayName);
    expect((await list({ filter: `displayName eq "primary/${displayName}"` })).body.totalResults).toBe(1);
  });

  it('keeps the id that it has elsewhere, and is found by it', async () => {
    const [first, second] = [crypto.randomUUID(), crypto.randomUUID()];
    const displayName = newName();
    const created = await post({ displayName, externalId: first });
    expect(created.body.externalId).toBe(first);
    const { id } = created.body;
    expect((await patch(id, { op: 'replace', path: 'externalId', value: second })).body.externalId).toBe(second);
    expect((await list({ filter: `externalId eq "${second}"` })).body.Resources[0].id).toBe(id);
    expect((await patch(id, { op: 'remove', path: 'externalId' })).body.externalId).toBeUndefined();
    await scim.call('PUT', `/Groups/${id}`, { body: { displayName, externalId: first } });
    expect((await scim.call('GET', `/Groups/${id}`)).body.externalId).toBe(first);
    await scim.call('PUT', `/Groups/${id}`, { body: { displayName } });
    expect((await scim.call('GET', `/Groups/${id}`)).body.externalId).toBeUndefined();
  });

  it('takes every form of PATCH', async () => {
    const [kim, ann, bob] = [await newUser(), await newUser(), await newUser()];
    const id = await newGroup(kim);
    const added = await patch(id, { op: 'add', path: 'members', value: [{ value: ann.id }] });
    expect(added.status, added.text).toBe(200);
    expect(await membersIn(id)).toEqual([kim.id, ann.id].sort());
    await patch(id, { op: 'Remove', path: `members[value eq "${kim.id}"]` });
    expect(await membersIn(id)).toEqual([ann.id]);
    await patch(id, { op: 'remove', path: `members[display eq "${ann.userName}"]` });
    expect(await membersIn(id)).toEqual([]);
    await patch(id, { op: 'add', value: { members: [{ value: kim.id }, { value: ann.id }] } });
    await patch(id, { op: 'remove', path: 'members', value: [{ value: ann.id }] });
    expect(await membersIn(id)).toEqual([kim.id]);
    await patch(id, { op: 'replace', path: `${GROUP}:members`, value: [{ value: bob.id }] });
    expect(await membersIn(id)).toEqual([bob.id]);
    await patch(id, { op: 'remove', path: 'members' });
    expect(await membersIn(id)).toEqual([]);
    const displayName = newName();
    const renamed = await patch(id, { op: 'replace', value: { displayName, unknown: 1 } });
    expect(renamed.body.displayName).toBe(displayName);
    const kept = await patch(id, { op: 'replace', path: 'displayName', value: displayName });
    expect(kept.status).toBe(200);
  });

  it.each([
    [{ op: 'add', path: 'colour', value: 'red' }, 'noTarget'],
    [{ op: 'replace', path: 'id', value: 'x' }, 'mutability'],
    [{ op: 'remove', path: 'displayName' }, 'mutability'],
    [{ op: 'remove' }, 'noTarget'],
    [{ op: 'move', path: 'members' }, 'invalidSyntax'],
    [{ op: 'add', path: 'members', value: [{ value: crypto.randomUUID() }] }, 'invalidValue'],
    [{ op: 'add', path: 'members', value: [{ value: 'nobody' }] }, 'invalidValue'],
    [{ op: 'add', path: 'members', value: [{ display: 'kim' }] }, 'invalidValue'],
    [{ op: 'remove', path: 'members[value co "x"]' }, 'invalidFilter'],
    [{ op: 'add', path: 'members[', value: [] }, 'invalidPath'],
  ])('refuses %o and keeps everything as it was', async (operation, scimType) => {
    const kim = await newUser();
    const id = await newGroup(kim);
    const ann = await newUser();
    const first = { op: 'add', path: 'members', value: [{ value: ann.id }] };
    const refused = await patch(id, first, operation);
    expect([refused.status, refused.body.scimType]).toEqual([400, scimType]);
    expect(await membersIn(id)).toEqual([kim.id]);
  });

  it('is replaced by PUT: whoever is left out leaves', async () => {
    const [kim, ann, bob] = [await newUser(), await newUser(), await newUser()];
    const id = await newGroup(kim, ann);
    const displayName = newName();
    const put = await scim.call('PUT', `/Groups/${id}`, {
      body: { displayName, members: [{ value: ann.id }, { value: bob.id }] },
    });
    expect(put.status, put.text).toBe(200);
    expect(put.body.displayName).toBe(displayName);
    expect(await membersIn(id)).toEqual([ann.id, bob.id].sort());
  });

  it('is listed, filtered, sorted and paged', async () => {
    const stem = `page ${++made}`;
    const kim = await newUser();
    for (const letter of ['b', 'a', 'd', 'c']) await post({ displayName: `${stem} ${letter}` });
    const withKim = await post({ displayName: `${stem} e`, members: [{ value: kim.id }] });
    const filter = `displayName sw "${stem}"`;
    const names = async (parameters: Readonly<Record<string, string>>) => {
      const { body } = await list({ filter, ...parameters });
      return body.Resources.map((group: { displayName: string }) => group.displayName.at(-1)).join('');
    };
    expect(await names({})).toBe('abcde');
    expect(await names({ startIndex: '2', count: '2' })).toBe('bc');
    expect(await names({ sortBy: 'displayName', sortOrder: 'descending', count: '2' })).toBe('ed');
    const both = `${filter} and (displayName ew "a" or members.value eq "${kim.id}")`;
    expect((await list({ filter: both })).body.totalResults).toBe(2);
    expect((await list({ filter: `${filter} and not (displayName ew " a")` })).body.totalResults).toBe(4);
    const byMember = await scim.call('POST', '/Groups/.search', { body: { filter: `members[value eq "${kim.id}"]` } });
    expect(byMember.body.Resources.map(({ id }: { id: string }) => id)).toEqual([withKim.body.id]);
    const shown = (await list({ filter: both, attributes: 'members' })).body.Resources;
    expect(shown.some(({ members }: { members?: object[] }) => members?.length === 1)).toBe(true);
    expect((await list({ filter: 'colour eq "red"' })).body.scimType).toBe('invalidFilter');
    expect((await list({ sortBy: 'colour' })).body.scimType).toBe('invalidPath');
  });

  it('finds its members among all users, alone and with other terms', async () => {
    const [kim, ann, bob] = [await newUser(), await newUser(), await newUser()];
    const id = await newGroup(kim, ann);
    const other = await newGroup(ann, bob);
    const { displayName } = (await scim.call('GET', `/Groups/${id}`)).body;
    const role = (await scim.call('POST', '/v3/Roles', { body: { displayName: newName() } })).body;
    await scim.call('PUT', `/v3/Roles/${role.id}/Groups`, { body: [{ value: id }] });
    await scim.call('PUT', `/v3/Roles/${role.id}/Users`, { body: [{ value: bob.id }] });
    const found = async (filter: string) =>
      (await scim.list({ filter })).body.Resources.map((user: { id: string }) => user.id).sort();
    const sorted = (...users: readonly { readonly id: string }[]) => users.map((user) => user.id).sort();
    expect(await found(`groups eq "${displayName}"`)).toEqual(sorted(kim, ann));
    expect(await found(`groups.display eq "PRIMARY/${displayName.toUpperCase()}"`)).toEqual(sorted(kim, ann));
    expect(await found(`groups.value eq "${id}" and groups.value eq "${other}"`)).toEqual(sorted(ann));
    expect(await found(`groups[value eq "${id}"] and not (userName eq "${kim.userName}")`)).toEqual(sorted(ann));
    expect(await found(`roles.value eq "${role.id}"`)).toEqual(sorted(kim, ann, bob));
    expect(await found(`roles eq "${role.displayName}" and groups.value eq "${other}"`)).toEqual(sorted(ann, bob));
    expect(await found('groups eq "no such group"')).toEqual([]);
    for (const filter of ['groups co "x"', 'groups pr', 'groups.colour eq "red"', 'roles.value ne "x"']) {
      expect((await scim.list({ filter })).body.scimType).toBe('invalidFilter');
    }
    const native = `/api/read/users?filter=${encodeURIComponent(`groups.value eq "${id}"`)}`;
    const answer = await fetch(server.url + native, { headers: { authorization: server.admin.authorization } });
    const { items } = (await answer.json()) as { items: { id: string }[] };
    expect(items.map((item) => item.id).sort()).toEqual(sorted(kim, ann));
  });

  it('that is deleted is gone from its members; its name is free', async () => {
    const kim = await newUser();
    const displayName = newName();
    const { id } = (await post({ displayName, members: [{ value: kim.id }] })).body;
    expect((await scim.call('DELETE', `/Groups/${id}`)).status).toBe(204);
    expect((await scim.call('DELETE', `/Groups/${id}`)).status).toBe(404);
    expect((await scim.call('GET', `/Groups/${id}`)).status).toBe(404);
    expect((await scim.call('GET', `/Users/${kim.id}`)).body.groups).toBeUndefined();
    expect((await post({ displayName })).status).toBe(201);
  });

  it('loses a member who is deleted', async () => {
    const [kim, ann] = [await newUser(), await newUser()];
    const id = await newGroup(kim, ann);
    await scim.call('DELETE', `/Users/${kim.id}`);
    expect(await membersIn(id)).toEqual([ann.id]);
  });

  it('shows the roles that it holds, which its members hold through it', async () => {
    const kim = await newUser();
    const id = await newGroup(kim);
    const role = (await scim.call('POST', '/v3/Roles', { body: { displayName: newName() } })).body;
    await scim.call('PUT', `/v3/Roles/${role.id}/Groups`, { body: [{ value: id }] });
    const expected = [{ value: role.id, display: role.displayName, audienceType: 'organization' }];
    expect((await scim.call('GET', `/Groups/${id}`)).body.roles).toMatchObject(expected);
    expect((await scim.call('GET', `/Users/${kim.id}`)).body.roles).toMatchObject(expected);
    expect((await scim.call('GET', `/Users/${kim.id}?attributes=userName`)).body.roles).toBeUndefined();
    const patched = await scim.call('PATCH', `/v3/Roles/${role.id}/Groups`, {
      body: { Operations: [{ op: 'remove', path: `value eq ${id}` }] },
    });
    expect(patched.body.groups).toBeUndefined();
  });
});
