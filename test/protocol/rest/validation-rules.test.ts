import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTenant, limitedCaller, type ManagementClient } from '../../support/management-client.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';

const BASE = '/api/server/v1/validation-rules';
const length = (least: number | string, most: number | string) => ({
  validator: 'LengthValidator',
  properties: [
    { key: 'min.length', value: least },
    { key: 'max.length', value: most },
  ],
});
const regEx = (value: string) => [{ validator: 'JavaRegExValidator', properties: [{ key: 'java.regex', value }] }];

describe('validation rules', () => {
  let server: TestServer;
  let owner: ManagementClient;

  beforeAll(async () => {
    server = await startTestServer();
    ({ owner } = await createTenant(server, 'ruled.com'));
  });
  afterAll(async () => await server.stop());

  it('begin as published', async () => {
    const [password, username] = (await owner.get(BASE)).json;
    expect(password).toEqual({
      field: 'password',
      rules: [
        length('8', '64'),
        ...['NumeralValidator', 'UpperCaseValidator', 'LowerCaseValidator', 'SpecialCharacterValidator'].map(
          (validator) => ({ validator, properties: [{ key: 'min.length', value: '1' }] }),
        ),
      ],
    });
    expect((await owner.get(`${BASE}/password`)).json).toEqual(password);
    expect((await owner.get(`${BASE}/username`)).json).toEqual(username);
  });

  it('are set for one field or for several, as rules or as a pattern, and reverted', async () => {
    const one = await owner.send('PUT', `${BASE}/password`, { rules: [length(5, 15)] });
    expect([one.status, one.json]).toEqual([200, { field: 'password', rules: [length('5', '15')] }]);
    const many = await owner.send('PUT', BASE, [
      { field: 'password', regEx: regEx('(?=.*[A-Z]).{6,20}') },
      { field: 'username', rules: [length(3, 50)] },
    ]);
    expect(many.json).toEqual([
      { field: 'password', regEx: regEx('(?=.*[A-Z]).{6,20}') },
      { field: 'username', rules: [length('3', '50')] },
    ]);
    const short = await owner.send('POST', '/scim2/Users', { userName: 'ab' });
    expect([short.status, short.json.scimType]).toEqual([400, 'invalidValue']);
    const reverted = await owner.send('POST', `${BASE}/revert`, { fields: ['password', 'username'] });
    expect([reverted.status, reverted.text]).toEqual([200, '']);
    expect((await owner.get(BASE)).json[0].rules).toHaveLength(5);
  });

  it.each([
    ['GET', '/shoe-size', undefined, 404],
    ['PUT', '/shoe-size', { rules: [length(1, 2)] }, 404],
    ['PUT', '/password', { rules: [{ validator: 'NoValidator', properties: [{ key: 'a', value: '1' }] }] }, 404],
    ['PUT', '/password', { rules: [length(5, 15)], regEx: regEx('.*') }, 400],
    ['PUT', '/password', { rules: [length(15, 5)] }, 400],
    ['PUT', '/password', { rules: [length('five', 15)] }, 400],
    ['PUT', '/password', {}, 400],
    ['PUT', '/password', { regEx: regEx('(a+)+') }, 400],
    [
      'PUT',
      '',
      [
        { field: 'password', rules: [length(5, 15)] },
        { field: 'shoe-size', rules: [length(5, 15)] },
      ],
      404,
    ],
    [
      'PUT',
      '',
      [
        { field: 'password', rules: [length(5, 15)] },
        { field: 'password', rules: [length(5, 16)] },
      ],
      400,
    ],
    ['POST', '/revert', { fields: ['shoe-size'] }, 404],
    ['POST', '/revert', { fields: [] }, 400],
  ])('refuse %s %s %j with %4$s, and stay as they were', async (method, path, body, status) => {
    const before = (await owner.get(BASE)).json;
    const answer = await owner.send(method, `${BASE}${path}`, body);
    expect(answer.status).toBe(status);
    expect(answer.json.code).toMatch(/^(VR|UE)-/);
    expect((await owner.get(BASE)).json).toEqual(before);
  });

  it('list every validator with its properties', async () => {
    const found = (await owner.get(`${BASE}/validators`)).json;
    expect(found.map(({ name }: { name: string }) => name)).toEqual([
      'LengthValidator',
      'NumeralValidator',
      'UpperCaseValidator',
      'LowerCaseValidator',
      'SpecialCharacterValidator',
      'UniqueCharacterValidator',
      'RepeatedCharacterValidator',
      'AlphanumericValidator',
      'EmailFormatValidator',
      'JavaRegExValidator',
    ]);
    expect(found[0].properties[0]).toMatchObject({ name: 'min.length', type: 'int', displayOrder: 1 });
  });

  it('need the right for each of seeing and setting', async () => {
    const viewer = await limitedCaller(server, 'Rules viewer', ['internal_config_view']);
    expect((await viewer.get(BASE)).status).toBe(200);
    expect((await viewer.send('PUT', `${BASE}/password`, { rules: [length(5, 15)] })).status).toBe(403);
  });

  it('[U15.4-5] refuse a weak password on every path that sets one', async () => {
    const { owner: kim } = await createTenant(server, 'strict.com');
    const user = (await kim.send('POST', '/scim2/Users', { userName: 'lee', password: 'Correct-horse-9' })).json;
    expect((await kim.send('PUT', `${BASE}/password`, { rules: [length(16, 40)] })).status).toBe(200);
    const weak = 'Correct-horse-8';
    const changed = { Operations: [{ op: 'replace', value: { password: weak } }] };
    const attempts = [
      ['POST', '/scim2/Users', { userName: 'sam', password: weak }],
      ['PATCH', `/scim2/Users/${user.id}`, changed],
      ['PUT', `/scim2/Users/${user.id}`, { userName: 'lee', password: weak }],
      ['POST', '/api/commands/CreateUser', { userName: 'sam', password: weak }],
      ['POST', '/api/commands/SetUserPassword', { userId: user.id, password: weak }],
      ['POST', '/api/commands/ChangeUser', { userId: user.id, password: weak }],
    ] as const;
    for (const [method, path, body] of attempts) {
      const answer = await kim.send(method, path, body);
      expect([answer.status >= 400 && answer.status < 500, answer.text.includes(weak)], `${method} ${path}`).toEqual([
        true,
        false,
      ]);
      expect(answer.text, path).toMatch(/rule/);
    }
    const long = { Operations: [{ op: 'replace', value: { password: `${weak}-and-more` } }] };
    expect((await kim.send('PATCH', `/scim2/Users/${user.id}`, long)).status).toBe(200);
  });
});
