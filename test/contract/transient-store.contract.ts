import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type {
  TransientKey,
  TransientOp,
  TransientStore,
  TransientType,
} from '../../infra/transient-store/transient-store.ts';

export interface TransientPlace {
  open(clock: () => number): Promise<TransientStore>;
  remove(): Promise<void>;
}

const HOUR_MS = 3_600_000;

const TYPES = [
  'code',
  'session',
  'grant',
  'access-token',
  'revoked-token',
  'login-flow',
  'consent-flow',
  'logout-flow',
  'idempotency',
] as const satisfies readonly TransientType[];

export const transientStoreContract = (name: string, make: () => Promise<TransientPlace>) =>
  describe(`transient store contract: ${name}`, () => {
    const tenant = randomUUID();
    let place: TransientPlace;
    let store: TransientStore;
    let nowMs = 0;

    beforeEach(async () => {
      nowMs = 1_760_000_000_000;
      place = await make();
      store = await place.open(() => nowMs);
    });
    afterEach(async () => {
      await store.close();
      await place.remove();
    });

    async function reopen() {
      await store.close();
      store = await place.open(() => nowMs);
    }
    const keyOf = (id: string, type: TransientType = 'code'): TransientKey => ({ type, tenant, id });
    const put = (key: TransientKey, more: Partial<Extract<TransientOp, { op: 'put' }>> = {}): TransientOp => ({
      op: 'put',
      key,
      value: { n: 1 },
      expiresAtMs: nowMs + HOUR_MS,
      expect: 'any',
      ...more,
    });
    const remove = (key: TransientKey, expect: 'any' | number = 'any'): TransientOp => ({ op: 'remove', key, expect });
    const idsByTag = async (tag: string, limit = 100, type: TransientType = 'session') =>
      (await store.byTag({ type, tenant, tag, limit })).map(({ id }) => id);

    describe('one entry', () => {
      it('reads back as it was written, at once', async () => {
        const value = { text: 'é "quoted"', list: [1, null, true], inner: { empty: {} } };
        expect(await store.commit([put(keyOf('a'), { value })])).toBe(true);
        expect(await store.get(keyOf('a'))).toMatchObject({ value, expiresAtMs: nowMs + HOUR_MS });
      });

      it('is null when it was never written', async () => {
        expect(await store.get(keyOf('never'))).toBeNull();
      });

      it('is gone once removed; removing it again changes nothing', async () => {
        await store.commit([put(keyOf('a'))]);
        expect(await store.commit([remove(keyOf('a'))])).toBe(true);
        expect(await store.commit([remove(keyOf('a'))])).toBe(true);
        expect(await store.get(keyOf('a'))).toBeNull();
      });

      it('is gone at the very millisecond it expires', async () => {
        await store.commit([put(keyOf('a'), { expiresAtMs: nowMs + 1_000 })]);
        nowMs += 999;
        expect(await store.get(keyOf('a'))).not.toBeNull();
        nowMs += 1;
        expect(await store.get(keyOf('a'))).toBeNull();
      });

      it('survives a restart with its version', async () => {
        await store.commit([put(keyOf('a'))]);
        const before = await store.get(keyOf('a'));
        await reopen();
        expect(await store.get(keyOf('a'))).toEqual(before);
      });
    });

    describe('what need only outlive a crash', () => {
      it('is read at once, kept over a restart and ordered with the rest', async () => {
        await store.commit([put(keyOf('light'))], { survives: 'crash' });
        await Promise.all([
          store.commit([put(keyOf('full'))]),
          store.commit([put(keyOf('light'), { value: { n: 2 } })], { survives: 'crash' }),
          store.commit([put(keyOf('other'))]),
        ]);
        await reopen();
        const values = await Promise.all(['light', 'full', 'other'].map((id) => store.get(keyOf(id))));
        expect(values.map((entry) => entry?.value)).toEqual([{ n: 2 }, { n: 1 }, { n: 1 }]);
      });
    });

    describe('compare-and-set', () => {
      it('writes over the version that was read and over no other', async () => {
        await store.commit([put(keyOf('a'), { value: 1 })]);
        const version = (await store.get(keyOf('a')))?.version ?? -1;
        expect(await store.commit([put(keyOf('a'), { value: 2, expect: version })])).toBe(true);
        expect(await store.commit([put(keyOf('a'), { value: 3, expect: version })])).toBe(false);
        expect((await store.get(keyOf('a')))?.value).toBe(2);
      });

      it('creates what is absent once', async () => {
        expect(await store.commit([put(keyOf('a'), { value: 1, expect: 'absent' })])).toBe(true);
        expect(await store.commit([put(keyOf('a'), { value: 2, expect: 'absent' })])).toBe(false);
        expect((await store.get(keyOf('a')))?.value).toBe(1);
      });

      it('takes an expired entry for absent', async () => {
        await store.commit([put(keyOf('a'), { expiresAtMs: nowMs + 1 })]);
        const version = (await store.get(keyOf('a')))?.version ?? -1;
        nowMs += 1;
        expect(await store.commit([put(keyOf('a'), { expect: version })])).toBe(false);
        expect(await store.commit([put(keyOf('a'), { expect: 'absent' })])).toBe(true);
      });

      it('removes the version that was read and no other', async () => {
        await store.commit([put(keyOf('a'))]);
        const version = (await store.get(keyOf('a')))?.version ?? -1;
        expect(await store.commit([remove(keyOf('a'), version + 1)])).toBe(false);
        expect(await store.commit([remove(keyOf('a'), version)])).toBe(true);
        expect(await store.commit([remove(keyOf('a'), version)])).toBe(false);
      });

      it('never gives a version twice, not even to a key made anew within the same millisecond', async () => {
        const versions = new Set<number>();
        for (let round = 0; round < 5; round += 1) {
          await store.commit([put(keyOf('a'))]);
          versions.add((await store.get(keyOf('a')))?.version ?? -1);
          await store.commit([remove(keyOf('a'))]);
        }
        expect(versions.size).toBe(5);
      });

      it('lets one of 50 at once create an entry', async () => {
        const outcomes = await Promise.all(
          Array.from({ length: 50 }, (_, value) => store.commit([put(keyOf('a'), { value, expect: 'absent' })])),
        );
        expect(outcomes.filter(Boolean)).toHaveLength(1);
        expect((await store.get(keyOf('a')))?.value).toBe(outcomes.indexOf(true));
      });

      it('lets one of 50 at once redeem an entry, by removal', async () => {
        await store.commit([put(keyOf('a'))]);
        const version = (await store.get(keyOf('a')))?.version ?? -1;
        const outcomes = await Promise.all(
          Array.from({ length: 50 }, () => store.commit([remove(keyOf('a'), version)])),
        );
        expect(outcomes.filter(Boolean)).toHaveLength(1);
      });

      it('loses no increment of 50 that run against each other', async () => {
        await store.commit([put(keyOf('count'), { value: 0 })]);
        const increment = async (): Promise<void> => {
          const entry = await store.get<number>(keyOf('count'));
          const value = (entry?.value ?? 0) + 1;
          if (!(await store.commit([put(keyOf('count'), { value, expect: entry?.version ?? 'absent' })])))
            await increment();
        };
        await Promise.all(Array.from({ length: 50 }, increment));
        expect((await store.get(keyOf('count')))?.value).toBe(50);
      });
    });

    describe('several operations in one commit', () => {
      it('happen all', async () => {
        await store.commit([put(keyOf('old'))]);
        expect(
          await store.commit([remove(keyOf('old')), put(keyOf('new', 'grant')), put(keyOf('token', 'access-token'))]),
        ).toBe(true);
        expect(await store.get(keyOf('old'))).toBeNull();
        expect(await store.get(keyOf('new', 'grant'))).not.toBeNull();
        expect(await store.get(keyOf('token', 'access-token'))).not.toBeNull();
      });

      it('happen not at all when the last expectation fails', async () => {
        await store.commit([put(keyOf('taken'), { value: 'first' })]);
        const ops = [put(keyOf('a')), remove(keyOf('taken')), put(keyOf('b')), put(keyOf('c'), { expect: 7 })];
        expect(await store.commit(ops)).toBe(false);
        expect(await store.get(keyOf('a'))).toBeNull();
        expect(await store.get(keyOf('b'))).toBeNull();
        expect((await store.get(keyOf('taken')))?.value).toBe('first');
      });

      it('may be none', async () => {
        expect(await store.commit([])).toBe(true);
      });

      it('may not name one key twice', async () => {
        await expect(store.commit([put(keyOf('a')), remove(keyOf('a'))])).rejects.toThrow('twice');
      });

      it('are bounded in number, size and tags', async () => {
        const many = Array.from({ length: 101 }, (_, index) => put(keyOf(String(index))));
        await expect(store.commit(many)).rejects.toThrow(RangeError);
        await expect(store.commit([put(keyOf('a'), { value: 'x'.repeat(300_000) })])).rejects.toThrow(RangeError);
        const tags = Array.from({ length: 17 }, (_, index) => `user:${index}`);
        await expect(store.commit([put(keyOf('a'), { tags })])).rejects.toThrow(RangeError);
      });
    });

    describe('tags', () => {
      it('find the live entries of one type, in the order of their ids, page by page', async () => {
        const tags = ['user:1'];
        for (const id of ['c', 'a', 'b']) await store.commit([put(keyOf(id, 'session'), { tags })]);
        await store.commit([put(keyOf('d', 'grant'), { tags }), put(keyOf('e', 'session'), { tags: ['user:2'] })]);
        await store.commit([put(keyOf('f', 'session'), { tags, expiresAtMs: nowMs })]);
        expect(await idsByTag('user:1', 2)).toEqual(['a', 'b']);
        const rest = await store.byTag({ type: 'session', tenant, tag: 'user:1', limit: 2, afterId: 'b' });
        expect(rest.map(({ id, entry }) => [id, entry.value])).toEqual([['c', { n: 1 }]]);
      });

      it('are replaced with the entry', async () => {
        await store.commit([put(keyOf('a', 'session'), { tags: ['user:1', 'app:1'] })]);
        await store.commit([put(keyOf('a', 'session'), { tags: ['user:2', 'app:1'] })]);
        expect([await idsByTag('user:1'), await idsByTag('user:2'), await idsByTag('app:1')]).toEqual([
          [],
          ['a'],
          ['a'],
        ]);
        await store.commit([put(keyOf('a', 'session'))]);
        expect([await idsByTag('user:2'), await idsByTag('app:1')]).toEqual([[], []]);
      });

      it('go with the entry, and do not come back with a new one of the same id', async () => {
        await store.commit([put(keyOf('a', 'session'), { tags: ['user:1'] })]);
        await store.commit([remove(keyOf('a', 'session'))]);
        await store.commit([put(keyOf('a', 'session'))]);
        expect(await idsByTag('user:1')).toEqual([]);
      });

      it('stay within their tenant', async () => {
        await store.commit([put({ type: 'session', tenant: 'other', id: 'a' }, { tags: ['user:1'] })]);
        expect(await idsByTag('user:1')).toEqual([]);
      });
    });

    describe('keys', () => {
      it('[SEC-E1] of one kind are never read, redeemed or removed as another', async () => {
        for (const type of TYPES) {
          const id = `secret-of-${type}`;
          await store.commit([put(keyOf(id, type), { value: type })]);
          const { version } = (await store.get(keyOf(id, type))) ?? { version: -1 };
          for (const other of TYPES.filter((each) => each !== type)) {
            expect(await store.get(keyOf(id, other))).toBeNull();
            expect(await store.commit([remove(keyOf(id, other), version)])).toBe(false);
          }
          expect((await store.get(keyOf(id, type)))?.value).toBe(type);
        }
      });

      it('[SEC-E1] of one tenant are never read as another tenant’s, however they are joined', async () => {
        await store.commit([
          put({ type: 'code', tenant: 'a', id: 'b|c' }),
          put({ type: 'code', tenant: 'a|b', id: 'd' }),
        ]);
        expect(await store.get({ type: 'code', tenant: 'a|b', id: 'c' })).toBeNull();
        expect(await store.get({ type: 'code', tenant: 'a', id: 'b|d' })).toBeNull();
      });

      it('[SEC-E7] are compared whole and exactly: letter case, NUL, length and padding count', async () => {
        await store.commit([put(keyOf('AbCdEf-_'))]);
        for (const id of ['abcdef-_', 'AbCdEf-_\0', 'AbCdEf-', 'AbCdEf-_=', 'AbCdEf+/', ' AbCdEf-_', '']) {
          expect(await store.get(keyOf(id)), JSON.stringify(id)).toBeNull();
        }
      });
    });

    describe('sweeping', () => {
      it('removes what has expired, in batches, and nothing else', async () => {
        for (let index = 0; index < 12; index += 1) {
          const ops = Array.from({ length: 100 }, (_, each) =>
            put(keyOf(`${index}-${each}`, 'session'), { expiresAtMs: nowMs + 10, tags: ['user:1'] }),
          );
          await store.commit(ops);
        }
        await store.commit([put(keyOf('stays', 'session'), { tags: ['user:1'] })]);
        nowMs += 10;
        expect(await store.sweep()).toBe(1200);
        expect(await store.sweep()).toBe(0);
        expect(await idsByTag('user:1')).toEqual(['stays']);
      });

      it('[SEC-E3] leaves a mark of use until it expires, across sweep and restart', async () => {
        const code = keyOf('used-code');
        await store.commit([put(code, { value: { used: false } })]);
        const version = (await store.get(code))?.version ?? -1;
        await store.commit([put(code, { value: { used: true }, expect: version })]);
        await store.commit([put(keyOf('jti', 'revoked-token'), { expiresAtMs: nowMs + HOUR_MS })]);

        nowMs += HOUR_MS - 1;
        await store.sweep();
        await reopen();
        await store.sweep();
        expect((await store.get(code))?.value).toEqual({ used: true });
        expect(await store.get(keyOf('jti', 'revoked-token'))).not.toBeNull();
        expect(await store.commit([put(code, { expect: version })])).toBe(false);
        expect(await store.commit([put(code, { expect: 'absent' })])).toBe(false);
      });
    });

    it('reports health', async () => {
      expect(await store.health()).toMatchObject({ ok: true });
    });
  });
