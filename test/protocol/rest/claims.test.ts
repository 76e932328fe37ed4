/** Attribute definitions over the management API, and what they do to users in SCIM. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asAdmin, type ManagementClient } from '../../support/management-client.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { type ClaimClient, CUSTOM, claimBody, claimClient, idOf, LOCAL, localClaim, uriOf } from './claim-client.ts';

let server: TestServer;
let admin: ManagementClient;
let claims: ClaimClient;

beforeAll(async () => {
  server = await startTestServer();
  admin = asAdmin(server);
  claims = claimClient(admin);
});
afterAll(async () => await server.stop());

async function customSchema(): Promise<readonly { name: string; [key: string]: unknown }[]> {
  return (await admin.get(`/scim2/Schemas/${CUSTOM}`, { accept: 'application/json' })).json.attributes;
}

describe('an attribute with options', () => {
  const options = [
    { label: 'Research', value: 'rnd' },
    { label: 'Sales', value: 'sales' },
    { label: 'Research again', value: 'rnd' },
  ];
  const dropdown = {
    canonicalValues: options,
    inputFormat: { inputType: 'dropdown' },
    supportedByDefault: true,
    displayOrder: 10,
    profiles: { console: { required: true, readOnly: false } },
  };

  it('[U7-1] is listed by Schemas with its options, and a user’s value comes back', async () => {
    const id = await claims.define('team', dropdown);
    await claims.map('team');
    expect(id).toBe(idOf(uriOf('team')));
    const listed = (await customSchema()).find(({ name }) => name === 'team');
    expect(listed).toMatchObject({
      type: 'string',
      multiValued: false,
      displayName: 'team',
      displayOrder: 10,
      canonicalValues: ['rnd', 'sales'],
      options: options.slice(0, 2),
      inputFormat: { inputType: 'dropdown' },
      profiles: { console: { required: true, mutability: 'READ_WRITE' } },
    });
    const made = await claims.createUser('team-kim', { team: 'rnd' });
    expect(made.json[CUSTOM]).toEqual({ team: 'rnd' });
    expect((await admin.get(`/scim2/Users/${made.json.id}`)).json[CUSTOM]).toEqual({ team: 'rnd' });
    expect((await claims.search(`${CUSTOM}:team eq "RND"`)).json.totalResults).toBe(1);
  });

  it('[U7-2] cannot have several values as a dropdown, nor a boolean', async () => {
    await claims.define('choice', dropdown);
    const several = await admin.send(
      'PUT',
      localClaim('choice'),
      claimBody('choice', { ...dropdown, multiValued: true }),
    );
    expect([several.status, several.json.code]).toEqual([400, 'CMT-60017']);
    await claims.define('flag', { dataType: 'boolean' });
    const flags = await admin.send(
      'PUT',
      localClaim('flag'),
      claimBody('flag', { dataType: 'boolean', multiValued: true }),
    );
    expect([flags.status, flags.json.code]).toEqual([400, 'CMT-60018']);
  });

  it('[U7-3] that is a boolean and says nothing of its input reads back as a checkbox', async () => {
    const id = await claims.define('agreed', { dataType: 'BOOLEAN' });
    expect((await admin.get(`${LOCAL}/${id}`)).json).toMatchObject({
      dataType: 'boolean',
      inputFormat: { inputType: 'checkbox' },
    });
  });

  it('loses its options when they are left out of a replacement', async () => {
    const id = await claims.define('replaced', { canonicalValues: options });
    await admin.send('PUT', `${LOCAL}/${id}`, claimBody('replaced'));
    expect((await admin.get(`${LOCAL}/${id}`)).json.canonicalValues).toEqual([]);
  });
});

describe('a complex attribute', () => {
  it('[U7-4] is written and read as an object of its parts', async () => {
    await claims.define('lead.email');
    await claims.define('lead.level', { dataType: 'integer' });
    await claims.define('lead', { dataType: 'complex', subAttributes: [uriOf('lead.email'), uriOf('lead.level')] });
    await claims.map('lead');
    const listed = (await customSchema()).find(({ name }) => name === 'lead');
    expect(listed).toMatchObject({
      type: 'complex',
      subAttributes: [{ name: 'email' }, { name: 'level', type: 'integer' }],
    });
    const lead = { email: 'lead@x.example', level: 3 };
    const made = await claims.createUser('lead-kim', { lead });
    expect([made.status, made.json[CUSTOM]]).toEqual([201, { lead }]);
    expect((await claims.search(`${CUSTOM}:lead.level gt 2`)).json.totalResults).toBe(1);
    const wrong = await claims.createUser('lead-lee', { lead: 'nobody' });
    expect([wrong.status, wrong.json.scimType]).toEqual([400, 'invalidValue']);
    const word = await claims.createUser('lead-lee', { lead: { level: 'high' } });
    expect([word.status, word.json.detail]).toEqual([400, 'Attribute level takes a whole number.']);
  });
});

describe('Unicode values', () => {
  it.each([
    ['김예준 🦊', '김예준 🦊'],
    ['Straße', 'STRASSE'],
    ['İstanbul', 'i̇stanbul'],
    ['Ὀδυσσεύς', 'ὈΔΥΣΣΕΎΣ'],
    ['Zoë'.normalize('NFD'), 'ZOË'.normalize('NFC')],
    ['مرحبا بالعالم', 'مرحبا بالعالم'],
    ['👩‍👩‍👧‍👦', '👩‍👩‍👧‍👦'],
  ])('[U7-5] keep %s byte for byte and find it as %s', async (stored, asked) => {
    const name = `uni-${idOf(stored)}`;
    const made = await claims.createUser(name, {}, { name: { formatted: stored } });
    expect([made.status, made.json.name.formatted]).toEqual([201, stored]);
    const found = await claims.search(`name.formatted eq ${JSON.stringify(asked)} and userName eq "${name}"`);
    expect(found.json.Resources[0].name.formatted).toBe(stored);
    const part = await claims.search(
      `name.formatted co ${JSON.stringify(asked.slice(0, 2))} and userName eq "${name}"`,
    );
    expect(part.json.totalResults).toBe(1);
  });

  it('stand in labels and names of attributes as they were written', async () => {
    const option = { label: 'Zürich ⛰️', value: 'zürich' };
    const id = await claims.define('ort', { displayName: 'Ort 🗺️', canonicalValues: [option] });
    expect((await admin.get(`${LOCAL}/${id}`)).json).toMatchObject({ displayName: 'Ort 🗺️', canonicalValues: [option] });
  });

  it('are sorted by their folded form, by code point, whatever their normal form', async () => {
    await claims.define('rank');
    await claims.map('rank');
    const values = ['b', 'Ä'.normalize('NFD'), 'a', 'ä', 'Z', 'ß', 'ss', '中', 'あ'];
    for (const [index, rank] of values.entries()) {
      expect((await claims.createUser(`rank-${index}`, { rank })).status).toBe(201);
    }
    const sorted = await admin.get(
      `/scim2/Users?filter=${encodeURIComponent(`${CUSTOM}:rank pr`)}&sortBy=${CUSTOM}:rank`,
    );
    const ranks = sorted.json.Resources.map((user: Record<string, { rank: string }>) =>
      user[CUSTOM]?.rank.normalize('NFC'),
    );
    expect(ranks.map((rank: string) => rank.toLowerCase().replace('ß', 'ss'))).toEqual([
      'a',
      'b',
      'ss',
      'ss',
      'z',
      'ä',
      'ä',
      'あ',
      '中',
    ]);
  });
});
