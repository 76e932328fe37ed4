/** Attribute definitions over the management API, and what they do to users in SCIM. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asAdmin, type ManagementClient } from '../../support/management-client.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';

const CUSTOM = 'urn:scim:schemas:extension:custom:User';
const LOCAL = '/api/server/v1/claim-dialects/local/claims';
const DIALECTS = '/api/server/v1/claim-dialects';

export const idOf = (uri: string): string => Buffer.from(uri).toString('base64url');
const uri = (name: string): string => `http://wso2.org/claims/${name}`;
const claim = (name: string, given: object = {}) => ({
  claimURI: uri(name),
  displayName: name,
  attributeMapping: [{ mappedAttribute: name, userstore: 'PRIMARY' }],
  ...given,
});

let server: TestServer;
let admin: ManagementClient;

beforeAll(async () => {
  server = await startTestServer();
  admin = asAdmin(server);
});
afterAll(async () => await server.stop());

const define = async (name: string, given: object = {}): Promise<string> => {
  const made = await admin.send('POST', LOCAL, claim(name, given));
  expect(made.text, name).toBe('');
  expect(made.status).toBe(201);
  return made.createdId;
};

const map = async (name: string, local = name): Promise<void> => {
  const body = { claimURI: `${CUSTOM}:${name}`, mappedLocalClaimURI: uri(local) };
  const mapped = await admin.send('POST', `${DIALECTS}/${idOf(CUSTOM)}/claims`, body);
  expect(mapped.status, mapped.text).toBe(201);
};

const scim = { 'content-type': 'application/scim+json' };
const createUser = (userName: string, custom: object, core: object = {}) =>
  admin.send('POST', '/scim2/Users', { userName, ...core, [CUSTOM]: custom }, scim);
const search = (filter: string) => admin.get(`/scim2/Users?filter=${encodeURIComponent(filter)}`);

async function customSchema(): Promise<readonly { name: string; [key: string]: unknown }[]> {
  return (await admin.get(`/scim2/Schemas/${CUSTOM}`)).json.attributes;
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
    const id = await define('team', dropdown);
    await map('team');
    expect(id).toBe(idOf(uri('team')));
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
    const made = await createUser('team-kim', { team: 'rnd' });
    expect(made.json[CUSTOM]).toEqual({ team: 'rnd' });
    expect((await admin.get(`/scim2/Users/${made.json.id}`)).json[CUSTOM]).toEqual({ team: 'rnd' });
    expect((await search(`${CUSTOM}:team eq "RND"`)).json.totalResults).toBe(1);
  });

  it('[U7-2] cannot have several values as a dropdown, nor a boolean', async () => {
    await define('choice', dropdown);
    const several = await admin.send('PUT', `${LOCAL}/${idOf(uri('choice'))}`, claim('choice', { ...dropdown, multiValued: true }));
    expect([several.status, several.json.code]).toEqual([400, 'CMT-60017']);
    await define('flag', { dataType: 'boolean' });
    const flags = await admin.send('PUT', `${LOCAL}/${idOf(uri('flag'))}`, claim('flag', { dataType: 'boolean', multiValued: true }));
    expect([flags.status, flags.json.code]).toEqual([400, 'CMT-60018']);
  });

  it('[U7-3] that is a boolean and says nothing of its input reads back as a checkbox', async () => {
    const id = await define('agreed', { dataType: 'BOOLEAN' });
    expect((await admin.get(`${LOCAL}/${id}`)).json).toMatchObject({
      dataType: 'boolean',
      inputFormat: { inputType: 'checkbox' },
    });
  });

  it('loses its options when they are left out of a replacement', async () => {
    const id = await define('replaced', { canonicalValues: options });
    await admin.send('PUT', `${LOCAL}/${id}`, claim('replaced'));
    expect((await admin.get(`${LOCAL}/${id}`)).json.canonicalValues).toEqual([]);
  });
});

describe('a complex attribute', () => {
  it('[U7-4] is written and read as an object of its parts', async () => {
    await define('lead.email');
    await define('lead.level', { dataType: 'integer' });
    await define('lead', { dataType: 'complex', subAttributes: [uri('lead.email'), uri('lead.level')] });
    await map('lead');
    const listed = (await customSchema()).find(({ name }) => name === 'lead');
    expect(listed).toMatchObject({ type: 'complex', subAttributes: [{ name: 'email' }, { name: 'level', type: 'integer' }] });
    const lead = { email: 'lead@x.example', level: 3 };
    const made = await createUser('lead-kim', { lead });
    expect([made.status, made.json[CUSTOM]]).toEqual([201, { lead }]);
    expect((await search(`${CUSTOM}:lead.level gt 2`)).json.totalResults).toBe(1);
    const wrong = await createUser('lead-lee', { lead: 'nobody' });
    expect([wrong.status, wrong.json.scimType]).toEqual([400, 'invalidValue']);
    const word = await createUser('lead-lee', { lead: { level: 'high' } });
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
    const made = await admin.send('POST', '/scim2/Users', { userName: name, name: { formatted: stored } }, scim);
    expect([made.status, made.json.name.formatted]).toEqual([201, stored]);
    const found = await search(`name.formatted eq ${JSON.stringify(asked)} and userName eq "${name}"`);
    expect(found.json.Resources[0].name.formatted).toBe(stored);
    const part = await search(`name.formatted co ${JSON.stringify(asked.slice(0, 2))} and userName eq "${name}"`);
    expect(part.json.totalResults).toBe(1);
  });

  it('stand in labels and names of attributes as they were written', async () => {
    const option = { label: 'Zürich ⛰️', value: 'zürich' };
    const id = await define('ort', { displayName: 'Ort 🗺️', canonicalValues: [option] });
    expect((await admin.get(`${LOCAL}/${id}`)).json).toMatchObject({ displayName: 'Ort 🗺️', canonicalValues: [option] });
  });

  it('are sorted by their folded form, by code point, whatever their normal form', async () => {
    await define('rank');
    await map('rank');
    const values = ['b', 'Ä'.normalize('NFD'), 'a', 'ä', 'Z', 'ß', 'ss', '中', 'あ'];
    for (const [index, rank] of values.entries()) {
      expect((await createUser(`rank-${index}`, { rank })).status).toBe(201);
    }
    const sorted = await admin.get(`/scim2/Users?filter=${encodeURIComponent(`${CUSTOM}:rank pr`)}&sortBy=${CUSTOM}:rank`);
    const ranks = sorted.json.Resources.map((user: Record<string, { rank: string }>) => user[CUSTOM]?.rank.normalize('NFC'));
    expect(ranks.map((rank: string) => rank.toLowerCase().replace('ß', 'ss'))).toEqual(['a', 'b', 'ss', 'ss', 'z', 'ä', 'ä', 'あ', '中']);
  });
});
