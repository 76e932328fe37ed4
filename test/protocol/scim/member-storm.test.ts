/** Many who change one group and one role at once: nobody is lost, and nobody stays who left. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { type ScimClient, scimClient } from './client.ts';

const MEMBERS = 40;

let server: TestServer;
let scim: ScimClient;

beforeAll(async () => {
  server = await startTestServer();
  scim = scimClient(server);
});
afterAll(async () => await server.stop());

describe('one group and one role, changed by many at once', () => {
  it.each([
    ['group', '/Groups', '', 'members'],
    ['role', '/v3/Roles', '/Users', 'users'],
  ])('end with those of the %s who were added and did not leave', async (kind, path, tail, list) => {
    const made = await scim.call('POST', path, { body: { displayName: `Storm of a ${kind}` } });
    const { id } = made.body;
    const people = await Promise.all(
      Array.from({ length: MEMBERS }, async (_, index) => (await scim.create({ userName: `${kind}-${index}` })).id),
    );
    const send = (op: string, member: string) =>
      scim.call('PATCH', `${path}/${id}${tail}`, {
        body: {
          Operations: [
            op === 'add'
              ? { op, value: [{ value: member }], ...(tail === '' ? { path: 'members' } : {}) }
              : { op, path: tail === '' ? `members[value eq "${member}"]` : `value eq ${member}` },
          ],
        },
      });
    const leavers = people.filter((_, index) => index % 3 === 0);
    await Promise.all(leavers.map((member) => send('add', member)));
    const answers = await Promise.all([
      ...people
        .filter((member) => !leavers.includes(member))
        .flatMap((member) => [send('add', member), send('add', member)]),
      ...leavers.map((member) => send('remove', member)),
    ]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const shown = (await scim.call('GET', `${path}/${id}`)).body[list].map(({ value }: { value: string }) => value);
    expect(shown.sort()).toEqual(people.filter((member) => !leavers.includes(member)).sort());
  });

  it('[E30] give a name of a role within one audience to exactly one of those who ask, in whatever case and form', async () => {
    const name = 'Prüfer';
    const spellings = [name, name.toUpperCase(), name.normalize('NFD'), name.toLowerCase(), name];
    const answers = await Promise.all(
      spellings.map((displayName) => scim.call('POST', '/v3/Roles', { body: { displayName } })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
  });
});
