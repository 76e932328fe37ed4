/** Regular expressions that administrators write, names that mean something to JavaScript, and pollution by definitions. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  isPattern,
  matchesPattern,
  PATTERN_CHARACTERS_MAX,
  PATTERN_STEPS_MAX,
} from '../../commands/attributes/patterns.ts';
import {
  type ClaimClient,
  CUSTOM,
  claimBody,
  claimClient,
  dialect,
  LOCAL,
  uriOf,
} from '../protocol/rest/claim-client.ts';
import { asAdmin, type ManagementClient } from '../support/management-client.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

describe('a regular expression of an attribute', () => {
  const hostile = [
    '^(a+)+$',
    '^(a|a)*$',
    '^(a|aa)+$',
    '^([a-zA-Z]+)*$',
    '(x+x+)+y',
    '^(.*a){20}$',
    '(.*)(.*)(.*)(.*)=$',
  ];

  it.each(hostile)('[SEC-J1] %s takes time that grows with the text alone', (pattern) => {
    const timeOf = (characters: number): number => {
      const text = `${'a'.repeat(characters)}!`;
      const start = performance.now();
      expect(matchesPattern(pattern, text)).toBe(false);
      return performance.now() - start;
    };
    timeOf(2_000);
    const least = (characters: number) => Math.min(timeOf(characters), timeOf(characters), timeOf(characters));
    // A backtracking engine would need more than the age of the universe for 60 characters.
    expect(least(20_000)).toBeLessThan(1_000);
  });

  it.each([
    ['(?=a)a', 'look-ahead'],
    ['(?!a)b', 'negative look-ahead'],
    ['(?<=a)b', 'look-behind'],
    ['(a)\\1', 'a back reference'],
    ['(', 'an open bracket'],
    ['[z-a]', 'a range backwards'],
    ['a{1001}', 'too many repeats'],
    ['((a{100}){100}){100}', 'repeats of repeats'],
    [`${'(a|b|c|d){9}'.repeat(20)}`, 'a large program'],
    ['a'.repeat(PATTERN_CHARACTERS_MAX + 1), 'too many characters'],
  ])('[SEC-J1] is refused: %s, %s', (pattern) => expect(isPattern(pattern)).toBe(false));

  it.each([
    ['^\\d{4}-\\d{2}-\\d{2}$', '2024-02-29', true],
    ['^[^<>`"]+$', 'Ægir 🦊', true],
    ['^[^<>`"]+$', 'a<b', false],
    ['[a-z]+', 'abc', true],
    ['[a-z]+', 'abc1', false],
    ['^\\p{L}{1,3}$', '김예준', true],
    ['^.{2}$', '🦊🦊', true],
    ['(?i)straße', 'STRAßE', true],
  ])('%s matches the whole of %s: %s', (pattern, text, matches) => {
    expect(isPattern(pattern)).toBe(true);
    expect(matchesPattern(pattern, text)).toBe(matches);
  });

  it('has at most as many steps as it may, whatever it repeats', () => {
    expect(isPattern(`a{${PATTERN_STEPS_MAX - 20}}`)).toBe(true);
    expect(isPattern(`(ab){${PATTERN_STEPS_MAX}}`)).toBe(false);
  });
});

let server: TestServer;
let admin: ManagementClient;
let claims: ClaimClient;

beforeAll(async () => {
  server = await startTestServer();
  admin = asAdmin(server);
  claims = claimClient(admin);
});
afterAll(async () => await server.stop());

describe('a definition', () => {
  it('[SEC-J1] with a pattern that cannot be matched in linear time is refused', async () => {
    const made = await admin.send('POST', LOCAL, claimBody('slow', { regEx: '(a)\\1' }));
    expect([made.status, made.json.code]).toEqual([400, 'CMT-60001']);
    expect(made.json.description).toContain('RE2');
  });

  it('has its pattern and length checked on every way of writing, each of several values', async () => {
    const given = {
      multiValued: true,
      regEx: '^[a-z]+$',
      properties: [
        { key: 'minLength', value: '2' },
        { key: 'maxLength', value: '4' },
      ],
    };
    await claims.define('code', given);
    await claims.map('code');
    const { id } = (await claims.createUser('coded', { code: ['ab', 'abcd'] })).json;
    const bad = { op: 'replace', path: `${CUSTOM}:code`, value: ['ab', 'AB'] };
    const native = { userId: id, set: { [`${CUSTOM}:code`]: ['ab', 'a'] } };
    const answers = [
      await claims.createUser('coded-2', { code: ['AB'] }),
      await claims.createUser('coded-2', { code: ['abcde'] }),
      await claims.patchUser(id, bad),
      await claims.putUser(id, { userName: 'coded', [CUSTOM]: { code: ['a'] } }),
    ];
    expect(answers.map(({ status, json }) => [status, json.scimType, json.detail.split(':')[0]])).toEqual([
      [400, 'invalidValue', 'SUO-10001'],
      [400, 'invalidValue', 'SUO-10002'],
      [400, 'invalidValue', 'SUO-10001'],
      [400, 'invalidValue', 'SUO-10002'],
    ]);
    const sent = await admin.send('POST', '/api/commands/ChangeUserAttributes', native);
    expect([sent.status, sent.json.reason]).toEqual([422, 'attribute-length']);
    expect((await admin.get(`/scim2/Users/${id}`)).json[CUSTOM].code).toEqual(['ab', 'abcd']);
  });

  it('of the server has its pattern checked too, also of one value of a list', async () => {
    expect((await claims.replace('mobile', { displayName: 'Mobile', regEx: '^\\+[0-9 ]+$' })).status).toBe(200);
    const phones = (value: string) => ({
      phoneNumbers: [
        { type: 'work', value: 'extension 5' },
        { type: 'mobile', value },
      ],
    });
    expect((await claims.createUser('phoned', {}, phones('+49 30 1'))).status).toBe(201);
    const refused = await claims.createUser('phoned-2', {}, phones('030 1'));
    expect([refused.status, refused.json.detail.slice(0, 9)]).toEqual([400, 'SUO-10001']);
  });
});

describe('names that mean something to JavaScript', () => {
  const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'];

  it.each(names)(
    '[SEC-I7] %s is a claim, a property and an option like any other, and changes nothing else',
    async (name) => {
      const body = JSON.parse(`{"claimURI":"urn:${name}","displayName":"${name}",
      "attributeMapping":[{"mappedAttribute":"${name}","userstore":"PRIMARY"}],
      "properties":[{"key":"${name}","value":"x"}],"canonicalValues":[{"label":"${name}","value":"${name}"}],
      "profiles":{}}`) as object;
      const made = await admin.send('POST', LOCAL, body);
      expect(made.status, made.text).toBe(201);
      const read = await admin.get(`${LOCAL}/${made.createdId}`);
      expect(read.json.properties).toEqual([{ key: name, value: 'x' }]);
      expect(read.json.canonicalValues).toEqual([{ label: name, value: name }]);
    },
  );

  it.each(['__proto__', 'constructor', 'prototype', '__proto__.x', 'a.constructor'])(
    '[SEC-I7] %s is no name of an attribute in SCIM',
    async (name) => {
      const body = { claimURI: `${CUSTOM}:${name}`, mappedLocalClaimURI: uriOf('code') };
      const mapped = await admin.send('POST', `${dialect(CUSTOM)}/claims`, body);
      expect([mapped.status, mapped.json.code]).toEqual([400, 'CMT-60002']);
    },
  );

  it('[SEC-I7] are passed over in a user where nobody declared them', async () => {
    const text = `{"userName":"polluter","${CUSTOM}":{"toString":"x","constructor":{"a":"b"},"nobody":"y"}}`;
    const response = await fetch(`${server.url}/scim2/Users`, {
      method: 'POST',
      headers: { authorization: server.admin.authorization, 'content-type': 'application/scim+json' },
      body: text,
    });
    expect(response.status).toBe(201);
    expect(await response.json()).not.toHaveProperty([CUSTOM]);
  });

  it('[SEC-I5] markup in names and labels comes back as it is, as JSON that no browser sniffs', async () => {
    const markup = '<script>alert(1)</script>';
    const id = await claims.define('markup', { displayName: markup, canonicalValues: [{ label: markup, value: 'x' }] });
    const { json, headers } = await admin.get(`${LOCAL}/${id}`);
    expect(json.displayName).toBe(markup);
    expect(headers.get('content-type')).toContain('json');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('[SEC-I4] control characters are in no URI of a claim or dialect', async () => {
    for (const uri of ['urn:a\r\nb', 'urn:a b', 'urn:\u0000', '']) {
      const made = await admin.send('POST', LOCAL, { ...claimBody('x'), claimURI: uri });
      expect([made.status, made.json.code]).toEqual([400, 'CMT-60002']);
    }
  });

  it('[SEC-I8] half of a character is no value, and a claim with one is refused', async () => {
    const refused = await admin.send('POST', '/api/commands/CreateUser', {
      userName: 'half',
      attributes: { 'name.givenName': '\ud800' },
    });
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(refused.status).toBeLessThan(500);
  });
});
