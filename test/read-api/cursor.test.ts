import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CURSOR_CHARACTERS_MAX, type CursorScope, createCursorSeal } from '../../read-api/cursor.ts';

const vault = {
  blindIndex: async (scope: string, value: string) => createHmac('sha256', `key of ${scope}`).update(value).digest(),
};
const seal = createCursorSeal(vault);
const scope: CursorScope = {
  tenant: 't1',
  org: 'o1',
  collection: 'users',
  filter: 'userName sw "a"',
  sort: 'userName',
};
const key = { value: 'kim', id: 'u1' };

describe('a page cursor', () => {
  it('opens to the key it was made from, also in another process with the same vault', async () => {
    for (const value of ['kim', 7, true, null]) {
      const cursor = await seal.seal(scope, { value, id: 'u1' });
      expect(await createCursorSeal(vault).open(scope, cursor)).toEqual({ value, id: 'u1' });
    }
  });

  it('shows nothing of the key', async () => {
    const cursor = await seal.seal(scope, { value: 'personal-value', id: 'u1' });
    expect(Buffer.from(cursor, 'base64url').toString('latin1')).not.toContain('personal');
    expect(await seal.seal(scope, key)).not.toBe(await seal.seal(scope, key));
  });

  it.each<[string, Partial<CursorScope>]>([
    ['tenant', { tenant: 't2' }],
    ['organization', { org: 'o2' }],
    ['collection', { collection: 'applications' }],
    ['filter', { filter: 'userName sw "b"' }],
    ['filter that is missing', { filter: null }],
    ['order', { sort: '-userName' }],
  ])('[SEC-I1] does not open for another %s', async (_, over) => {
    expect(await seal.open({ ...scope, ...over }, await seal.seal(scope, key))).toBeNull();
  });

  it('[SEC-I1] does not open when any byte was changed', async () => {
    const cursor = Buffer.from(await seal.seal(scope, key), 'base64url');
    for (let index = 0; index < cursor.length; index += 1) {
      const edited = Buffer.from(cursor);
      edited[index] = (edited[index] ?? 0) ^ 1;
      expect(await seal.open(scope, edited.toString('base64url'))).toBeNull();
    }
  });

  it('[SEC-I1] takes no invented text for a cursor', async () => {
    const invented = fc.oneof(
      fc.string(),
      fc.base64String(),
      fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
    );
    await fc.assert(
      fc.asyncProperty(invented, async (text) => {
        expect(await seal.open(scope, text)).toBeNull();
      }),
    );
    expect(await seal.open(scope, 'A'.repeat(CURSOR_CHARACTERS_MAX + 1))).toBeNull();
    expect(await seal.open(scope, `${await seal.seal(scope, key)}=`)).toBeNull();
  });
});
