import { describe, expect, it } from 'vitest';
import {
  attributeAt,
  flatPath,
  isAttributePath,
  searchPath,
  userFields,
  userSchemas,
} from '../../domain/users/attribute-catalogue.ts';
import { nested } from '../../domain/users/attribute-paths.ts';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

describe('the catalogue of user attributes', () => {
  it('has the four schemas in the order in which a user names them', () =>
    expect(userSchemas.map(({ urn }) => urn)).toEqual([
      'urn:ietf:params:scim:schemas:core:2.0:User',
      ENTERPRISE,
      'urn:scim:wso2:schema',
      'urn:scim:schemas:extension:custom:User',
    ]));

  it.each([
    ['username', 'userName'],
    ['NAME.GIVENNAME', 'name.givenName'],
    ['urn:ietf:params:scim:schemas:core:2.0:User:emails.value', 'emails.value'],
    ['URN:SCIM:WSO2:SCHEMA:country', 'urn:scim:wso2:schema:country'],
    [`${ENTERPRISE}:manager.value`, `${ENTERPRISE}:manager.value`],
    [`${ENTERPRISE}:accountLocked`, 'urn:scim:wso2:schema:accountLocked'],
    ['urn:scim:schemas:extension:custom:User:manager.email', 'urn:scim:schemas:extension:custom:User:manager.email'],
  ])('finds %s as %s', (path, flat) => {
    const place = attributeAt(path);
    expect(place === null ? null : flatPath(place)).toBe(flat);
  });

  it.each([
    '',
    '.',
    'name.',
    'name.shoeSize',
    'shoeSize',
    'name.givenName.x',
    '__proto__',
    'constructor',
    'toString',
    'name.__proto__',
    'urn:scim:schemas:extension:custom:User:__proto__',
    'urn:scim:schemas:extension:custom:User:constructor',
    'urn:scim:schemas:extension:custom:User:a.prototype',
    'urn:unknown:thing',
    'urn:scim:wso2:schema:',
  ])('[SEC-I7] knows no attribute %j', (path) => expect(attributeAt(path)).toBeNull());

  it.each(['name.givenName', 'emails', 'externalId', `${ENTERPRISE}:manager.value`, 'urn:scim:wso2:schema:country'])(
    'lets %s be written',
    (path) => expect(isAttributePath(path)).toBe(true),
  );

  it.each([
    'id',
    'tenant',
    'org',
    'userName',
    'active',
    'password',
    'meta.created',
    'name',
    'emails.value',
    'EMAILS',
    'urn:scim:wso2:schema:accountLocked',
    'urn:scim:wso2:schema:accountState',
    'urn:scim:wso2:schema:failedLoginAttempts',
    'urn:scim:wso2:schema:askPassword',
  ])('[SEC-C4] keeps %s out of the attribute map', (path) => expect(isAttributePath(path)).toBe(false));

  it('searches nothing secret', () => {
    const paths = userFields.map(({ path }) => path.toLowerCase());
    expect(paths.filter((path) => /password|onetime|askp|tenant$/.test(path))).toEqual([
      'urn:scim:wso2:schema.lastpasswordupdatetime',
    ]);
  });

  it('declares each field once, and escapes the dots of a schema', () => {
    const paths = userFields.map(({ path }) => path);
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths).toContain('urn:ietf:params:scim:schemas:extension:enterprise:2\\.0:User.manager.value');
  });

  it('puts a flat key where a search looks for it', () => {
    const path = `${ENTERPRISE}:manager.value`;
    const place = attributeAt(path);
    expect(nested({ [path]: '26118915' })).toEqual({ [ENTERPRISE]: { manager: { value: '26118915' } } });
    expect(place === null ? null : searchPath(place)).toBe(`${ENTERPRISE.replace('.', '\\.')}.manager.value`);
  });
});
