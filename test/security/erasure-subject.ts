/** A person with planted values, who lives a little: created, changed, searched, signed in, refused, renamed. */
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { attributeDictionaries } from '../../domain/attributes/dictionary.ts';
import { SUPER_ORG_ID } from '../../domain/ids.ts';
import { authorizeUrl, hidden, newPkce, redeem, signInTo } from '../protocol/oauth2/browser.ts';
import type { TestClient } from '../protocol/oauth2/oauth-server.ts';
import { addCustomAttributes, claimUri } from '../support/custom-attributes.ts';
import { basic, type TestServer } from '../support/server.ts';
import { addressOnly, ask, browserAt, mustAsk, newClient, newUser } from '../support/server-client.ts';

/** No other text holds it by chance; small letters, so that folding does not hide it. */
const planted = (what: string): string => `${what}${BigInt(`0x${randomBytes(8).toString('hex')}`).toString(36)}`;

const NAMES = [
  'username',
  'given',
  'family',
  'newfamily',
  'middle',
  'formatted',
  'display',
  'nick',
  'title',
  'mail',
  'newmail',
  'phone',
  'street',
  'locality',
  'photo',
  'profile',
  'im',
  'employee',
  'department',
  'custom',
  'newcustom',
  'agent',
  'password',
  'newpassword',
] as const;

export type Planted = Readonly<Record<(typeof NAMES)[number] | 'ip', string>>;

export interface Subject {
  readonly id: string;
  readonly planted: Planted;
  readonly client: TestClient;
  readonly tokens: { readonly access: string; readonly refresh: string };
  /** Basic, as it was before the end. */
  readonly authorization: string;
}

const CUSTOM = 'urn:scim:schemas:extension:custom:User';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** Nobody's address (RFC 5737), and the server is to believe the proxy that says it. */
const IP = '203.0.113.177';

export const TRUSTING = { MUNIMENT_TRUSTED_PROXIES: '127.0.0.1/32' };

export async function liveThrough(server: TestServer, who = 'one'): Promise<Subject> {
  const made = Object.fromEntries(NAMES.map((name) => [name, planted(name)]));
  const words = { ...made, password: `Aa1-${made['password']}`, newpassword: `Aa1-${made['newpassword']}`, ip: IP };
  const person = words as Planted;
  const client = await newClient(server, { name: `Application of ${who}` });
  const { claims } = (await server.kernel.aggregates.load(attributeDictionaries, SUPER_ORG_ID)).state;
  if (!claims.has(claimUri('favourite'))) await addCustomAttributes(server.kernel, { favourite: {} });
  const id = await newUser(server, resourceOf(person));
  await change(server, id, person);
  await search(server, person);
  const tokens = await signIn(server, client, person);
  return { id, planted: person, client, tokens, authorization: basic(person.username, person.newpassword) };
}

function resourceOf(person: Planted): object {
  return {
    userName: person.username,
    password: person.password,
    name: {
      givenName: person.given,
      familyName: person.family,
      middleName: person.middle,
      formatted: `Dr ${person.formatted}`,
    },
    displayName: person.display,
    nickName: person.nick,
    title: person.title,
    profileUrl: `https://people.example/${person.profile}`,
    emails: [{ value: `${person.mail}@example.com`, type: 'work', primary: true }],
    phoneNumbers: [{ value: `tel:${person.phone}`, type: 'mobile' }],
    addresses: [{ streetAddress: person.street, locality: person.locality, type: 'home' }],
    photos: [{ value: `https://photos.example/${person.photo}`, type: 'photo' }],
    ims: [{ value: person.im, type: 'xmpp' }],
    [ENTERPRISE]: { employeeNumber: person.employee, department: person.department },
    [CUSTOM]: { favourite: person.custom },
  };
}

async function change(server: TestServer, id: string, person: Planted): Promise<void> {
  const operations = [
    { op: 'replace', path: 'name.familyName', value: person.newfamily },
    { op: 'add', path: 'emails', value: [{ value: `${person.newmail}@example.com`, type: 'home' }] },
    { op: 'replace', path: `${CUSTOM}:favourite`, value: person.newcustom },
    { op: 'replace', path: 'password', value: person.newpassword },
  ];
  const type = 'application/scim+json';
  for (const operation of operations) {
    const body = { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: [operation] };
    await mustAsk(server, { method: 'PATCH', path: `/scim2/Users/${id}`, type, body });
  }
  // With a key, the answer of a command is kept for repeats.
  const body = { userId: id, set: { nickName: `${person.nick} again` } };
  const headers = { 'idempotency-key': `key-of-${id}` };
  await mustAsk(server, { method: 'POST', path: '/api/commands/ChangeUserAttributes', headers, body });
  const taken = { userName: person.username, password: person.password };
  await ask(server, {
    method: 'POST',
    path: '/scim2/Users',
    type,
    body: taken,
    authorization: server.admin.authorization,
  });
}

async function search(server: TestServer, person: Planted): Promise<void> {
  const filters = [`userName eq "${person.username}"`, `emails.value co "${person.mail}"`, `name.familyName sw "new"`];
  for (const filter of filters) {
    const path = `/scim2/Users?filter=${encodeURIComponent(filter)}`;
    const told = await mustAsk(server, { path });
    if (told.json.totalResults < 1) throw new Error(`nobody was found by ${filter}`);
  }
}

async function signIn(server: TestServer, client: TestClient, person: Planted): Promise<Subject['tokens']> {
  const headers = { 'user-agent': `Browser ${person.agent}`, 'x-forwarded-for': person.ip };
  const form = 'application/x-www-form-urlencoded';
  const userName = person.username;
  const password = person.newpassword;
  await ask(server, { path: '/scim2/Users', headers, authorization: basic(userName, password) });
  await ask(server, { path: '/scim2/Users', headers, authorization: basic(userName, 'wrong') });
  const browser = browserAt(server);
  const page = await browser.open(authorizeUrl(client));
  const login = { username: userName, password: 'wrong', sessionDataKey: hidden(page.html, 'sessionDataKey') };
  const cookie = browser.cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  await ask(server, {
    method: 'POST',
    path: '/commonauth',
    type: form,
    headers: { ...headers, cookie },
    body: new URLSearchParams(login).toString(),
  });
  const pkce = newPkce();
  const callback = await signInTo(browserAt(server), client, { userName, password, pkce });
  const code = callback.searchParams.get('code') ?? '';
  const redeemed = await redeem(addressOnly(server), client, code, { verifier: pkce.verifier });
  const refreshed = await mustAsk(server, {
    method: 'POST',
    path: '/oauth2/token',
    type: form,
    headers,
    authorization: basic(client.clientId, client.secret ?? ''),
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: redeemed.body.refresh_token }).toString(),
  });
  return { access: refreshed.json.access_token, refresh: refreshed.json.refresh_token };
}

/** As a file may hold a text: in both widths, as hexadecimal digits, and in base64 at each of its three offsets. */
function formsOf(text: string): readonly Buffer[] {
  const utf8 = Buffer.from(text);
  const wide = Buffer.from(text, 'utf16le');
  const base64 = [0, 1, 2].map((offset) => {
    const padded = Buffer.concat([Buffer.alloc(offset), utf8]).toString('base64');
    return Buffer.from(padded.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + utf8.length) * 8) / 6)));
  });
  const hex = utf8.toString('hex');
  const upper = Buffer.from(text.toUpperCase());
  return [utf8, upper, wide, Buffer.from(wide).swap16(), ...base64, Buffer.from(hex), Buffer.from(hex.toUpperCase())];
}

/** Which planted values are in which files: `users.db-wal: given`. */
export async function filesHolding(directory: string, words: Readonly<Record<string, string>>): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.filter((candidate) => candidate.isFile())) {
    const bytes = await readFile(join(entry.parentPath, entry.name));
    for (const [what, text] of Object.entries(words)) {
      if (formsOf(text).some((form) => bytes.includes(form))) found.push(`${entry.name}: ${what}`);
    }
  }
  return found.sort();
}
