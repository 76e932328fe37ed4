/** What every read store does, whatever it stands on. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Position } from '../../infra/event-store/position.ts';
import {
  type Collection,
  type Document,
  FILTER_TERMS_MAX,
  type Filter,
  PAGE_SIZE_MAX,
  type ProjectionTables,
  type Query,
  type ReadStore,
  type ReadStoreWriter,
  UnsearchableField,
  type Write,
} from '../../infra/read-store/read-store.ts';
import { naiveIds } from '../support/naive-query.ts';
import { randomDocument, randomFilter, randomQuery, thingCollection } from '../support/random-documents.ts';

export interface OpenReadStore {
  readonly writer: ReadStoreWriter;
  readonly store: ReadStore;
  /** Removes everything that it made. */
  close(): Promise<void>;
  /** A writer of a later process over the same data; the former is closed. */
  reopenWriter(): Promise<ReadStoreWriter>;
}

const at = (number: number): Position => ({ commit: BigInt(number), prepare: BigInt(number) });
const thing = (id: string, content: Record<string, unknown> = {}, org = 'north'): Document =>
  ({ ...content, id, tenant: 'acme', org }) as Document;
const put = (document: Document): Write => ({ kind: 'put', collection: 'things', document });
const projection = (collections: readonly Collection[] = [thingCollection], version = 1) => ({
  name: 'things',
  version,
  collections,
  logIdentity: 'log-1',
});

/** How often it asks, and how long that may take. */
export interface ReadStorePace {
  readonly randomQueries: number;
  readonly randomBatches: number;
  readonly timeoutMs: number;
}

const FAST: ReadStorePace = { randomQueries: 1500, randomBatches: 300, timeoutMs: 30_000 };

export const readStoreContract = (name: string, open: () => Promise<OpenReadStore>, pace: ReadStorePace = FAST) =>
  describe(`read store contract: ${name}`, () => {
    let opened: OpenReadStore;
    let store: ReadStore;
    let tables: ProjectionTables;
    let last = 0;

    beforeEach(async () => {
      opened = await open();
      ({ store } = opened);
      tables = await opened.writer.open(projection());
      last = 0;
    });
    afterEach(() => opened.close());

    const apply = (...writes: Write[]): Promise<void> => {
      last += 1;
      return tables.apply(writes, at(last));
    };
    const ask = (query: Partial<Query> = {}) =>
      store.query({ collection: 'things', tenant: 'acme', limit: 100, ...query });
    const ids = async (query: Partial<Query> = {}) => (await ask(query)).documents.map(({ id }) => id);

    it('finds a document by id within its tenant only', async () => {
      await apply(put(thing('a', { name: 'Anna', deep: { list: [1, null] } })));
      expect(await store.find('things', 'acme', 'a')).toEqual(thing('a', { name: 'Anna', deep: { list: [1, null] } }));
      expect(await store.find('things', 'other', 'a')).toBeNull();
      expect(await store.find('things', 'acme', 'b')).toBeNull();
    });

    it('finds many by id, in the order asked for, and leaves out what is not there', async () => {
      await apply(put(thing('a')), put(thing('b')), put(thing('c')));
      const found = await store.findMany('things', 'acme', ['c', 'x', 'a']);
      expect(found.map(({ id }) => id)).toEqual(['c', 'a']);
      expect(await store.findMany('things', 'other', ['a'])).toEqual([]);
    });

    it('keeps the later of two puts, in every index', async () => {
      await apply(put(thing('a', { name: 'first', tags: ['one', 'two'], custom: { team: { lead: 'x' } } })));
      await apply(put(thing('a', { name: 'second', tags: ['three'] })));
      expect(await ids({ filter: { op: 'contains', path: 'name', value: 'firs' } })).toEqual([]);
      expect(await ids({ filter: { op: 'eq', path: 'tags', value: 'two' } })).toEqual([]);
      expect(await ids({ filter: { op: 'present', path: 'custom.team.lead' } })).toEqual([]);
      expect(await ids({ filter: { op: 'contains', path: 'name', value: 'econ' } })).toEqual(['a']);
      expect(await ids({ filter: { op: 'eq', path: 'tags', value: 'THREE' } })).toEqual(['a']);
    });

    it('patches paths of a document and leaves a missing one missing', async () => {
      await apply(put(thing('a', { name: 'Anna', size: 1, meta: { made: '2026-01-01T00:00:00Z', by: 'x' } })));
      await apply(
        {
          kind: 'patch',
          collection: 'things',
          id: 'a',
          set: { 'meta.made': '2027-01-01T00:00:00Z', 'new\\.key.x': 1 },
          unset: ['size'],
        },
        { kind: 'patch', collection: 'things', id: 'b', set: { name: 'nobody' } },
      );
      expect(await store.find('things', 'acme', 'a')).toEqual(
        thing('a', { name: 'Anna', meta: { made: '2027-01-01T00:00:00Z', by: 'x' }, 'new.key': { x: 1 } }),
      );
      expect(await ids({ filter: { op: 'present', path: 'size' } })).toEqual([]);
      expect(await ids()).toEqual(['a']);
    });

    it('applies the writes of a batch in order', async () => {
      await apply(
        put(thing('a', { size: 1 })),
        { kind: 'patch', collection: 'things', id: 'a', set: { size: 2 } },
        put(thing('b')),
        { kind: 'remove', collection: 'things', id: 'b' },
        { kind: 'remove', collection: 'things', id: 'never' },
      );
      expect((await ask()).documents).toEqual([thing('a', { size: 2 })]);
    });

    it('changes nothing when a batch fails, checkpoint included', async () => {
      await apply(put(thing('a')));
      const stray: Write = { kind: 'remove', collection: 'unknown', id: 'x' };
      await expect(tables.apply([put(thing('b')), stray], at(2))).rejects.toThrow();
      expect(await ids()).toEqual(['a']);
      expect(tables.checkpoint).toEqual(at(1));
      await tables.apply([put(thing('c'))], at(2));
      expect(await ids()).toEqual(['a', 'c']);
    });

    it('refuses a checkpoint that goes back', async () => {
      await tables.apply([], at(5));
      await expect(tables.apply([], at(4))).rejects.toThrow();
    });

    it('moves a document between organizations', async () => {
      await apply(put(thing('a', { name: 'x', tags: ['t'] }, 'north')), put(thing('b', {}, 'north')));
      await apply(put(thing('a', { name: 'x', tags: ['t'] }, 'south')));
      expect(await ask({ org: 'north', total: true })).toMatchObject({ total: 1, documents: [{ id: 'b' }] });
      expect(await ids({ org: 'south', filter: { op: 'eq', path: 'tags', value: 't' } })).toEqual(['a']);
      expect((await ask({ total: true })).total).toBe(2);
    });

    it('shows one organization nothing of another, and a tenant nothing of another', async () => {
      await apply(put(thing('a', { name: 'x' }, 'north')), put(thing('b', { name: 'x' }, 'south')));
      const filter = {
        op: 'or',
        filters: [
          { op: 'eq', path: 'name', value: 'x' },
          { op: 'present', path: 'name' },
        ],
      } as const;
      expect(await ids({ org: 'north', filter })).toEqual(['a']);
      expect(await ids({ filter })).toEqual(['a', 'b']);
      expect((await store.query({ collection: 'things', tenant: 'other', limit: 10, total: true, filter })).total).toBe(
        0,
      );
      expect(await ids({ org: 'west' })).toEqual([]);
    });

    it('refuses a collection or path that is not declared, and a page that is too long', async () => {
      await apply(put(thing('a')));
      await expect(ask({ filter: { op: 'eq', path: 'password', value: 'x' } })).rejects.toThrow(UnsearchableField);
      await expect(ask({ filter: { op: 'eq', path: '__proto__', value: 'x' } })).rejects.toThrow(UnsearchableField);
      await expect(ask({ sort: { path: 'nothing', direction: 'ascending' } })).rejects.toThrow(UnsearchableField);
      await expect(ask({ collection: 'nowhere' })).rejects.toThrow(UnsearchableField);
      await expect(ask({ limit: PAGE_SIZE_MAX + 1 })).rejects.toThrow(RangeError);
    });

    it('takes a filter up to the limit, and none beyond it', async () => {
      await apply(put(thing('a', { size: 1 })));
      const term = { op: 'eq', path: 'size', value: 1 } as const;
      const filters = Array.from({ length: FILTER_TERMS_MAX - 1 }, () => term);
      expect(await ids({ filter: { op: 'or', filters } })).toEqual(['a']);
      await expect(ids({ filter: { op: 'or', filters: [...filters, term] } })).rejects.toThrow(RangeError);
      let deep: Filter = term;
      for (let depth = 1; depth < FILTER_TERMS_MAX; depth += 1) deep = { op: 'not', filter: deep };
      expect(await ids({ filter: deep })).toEqual([]);
    });

    it('takes every value as a value, whatever it spells', async () => {
      const hostile = `x' OR 1=1 --"; DROP TABLE k0_doc; $where {"$gt":""} \\ % _ *`;
      await apply(
        put(thing('a', { name: hostile, custom: { [hostile]: hostile } })),
        put(thing('b', { name: 'plain' })),
      );
      for (const op of ['eq', 'prefix', 'suffix', 'contains'] as const) {
        expect(await ids({ filter: { op, path: 'name', value: hostile } })).toEqual(['a']);
      }
      expect(await ids({ filter: { op: 'eq', path: 'name', value: `' OR '1'='1` } })).toEqual([]);
    });

    it('takes line ends for characters like others', async () => {
      await apply(put(thing('a', { name: 'one\ntwo\n' })), put(thing('b', { name: 'two' })));
      expect(await ids({ filter: { op: 'suffix', path: 'name', value: 'two' } })).toEqual(['b']);
      expect(await ids({ filter: { op: 'suffix', path: 'name', value: 'two\n' } })).toEqual(['a']);
      expect(await ids({ filter: { op: 'contains', path: 'name', value: 'e\nt' } })).toEqual(['a']);
    });

    it('compares text folded unless the field is case exact', async () => {
      await apply(put(thing('a', { name: 'Straße', code: 'Ab' })), put(thing('b', { name: 'ＡＮＮＡ' })));
      expect(await ids({ filter: { op: 'eq', path: 'name', value: 'STRASSE' } })).toEqual(['a']);
      expect(await ids({ filter: { op: 'prefix', path: 'name', value: 'ann' } })).toEqual(['b']);
      expect(await ids({ filter: { op: 'eq', path: 'code', value: 'ab' } })).toEqual([]);
      expect(await ids({ filter: { op: 'eq', path: 'code', value: 'Ab' } })).toEqual(['a']);
    });

    it('asks one element for all of a condition inside any', async () => {
      await apply(
        put(
          thing('a', {
            mails: [
              { value: 'x', type: 'work' },
              { value: 'y', type: 'home' },
            ],
          }),
        ),
        put(thing('b', { mails: [{ value: 'x', type: 'home' }] })),
      );
      const both = [
        { op: 'eq', path: 'value', value: 'x' },
        { op: 'eq', path: 'type', value: 'home' },
      ] as const;
      expect(await ids({ filter: { op: 'any', path: 'mails', filter: { op: 'and', filters: both } } })).toEqual(['b']);
      expect(await ids({ filter: { op: 'eq', path: 'mails.value', value: 'x' } })).toEqual(['a', 'b']);
    });

    it('holds ne for an absent field and for one differing value of many; not eq only where no value equals', async () => {
      await apply(put(thing('a', { tags: ['x', 'y'] })), put(thing('b', { tags: ['x'] })), put(thing('c')));
      expect(await ids({ filter: { op: 'ne', path: 'tags', value: 'x' } })).toEqual(['a', 'c']);
      const equal = { op: 'eq', path: 'tags', value: 'x' } as const;
      expect(await ids({ filter: { op: 'not', filter: equal } })).toEqual(['c']);
    });

    it('answers random queries as looking at every document does, page by page in both directions', {
      timeout: pace.timeoutMs,
    }, async () => {
      const documents = fc.sample(randomDocument, { numRuns: 150, seed: 20260101 });
      const kept = new Map(documents.map((document) => [document.id, document]));
      for (const document of documents) await apply(put(document));
      const property = fc.asyncProperty(randomQuery, fc.integer({ min: 0, max: 40 }), async (query, offset) => {
        const expected = naiveIds(thingCollection, [...kept.values()], query);
        await expectPages(store, { query, offset, expected });
      });
      await fc.assert(property, { numRuns: pace.randomQueries });
    });

    it('answers as looking at every document does while documents come, change and go', {
      timeout: pace.timeoutMs,
    }, async () => {
      const kept = new Map<string, Document>();
      const step = fc.tuple(
        fc.array(randomDocument, { maxLength: 8 }),
        fc.array(fc.nat(60), { maxLength: 3 }),
        randomFilter,
      );
      const property = fc.asyncProperty(step, async ([documents, removed, filter]) => {
        const gone = removed.map((number) => `thing-${number}`);
        await apply(...documents.map(put), ...gone.map((id): Write => ({ kind: 'remove', collection: 'things', id })));
        for (const document of documents) kept.set(document.id, document);
        for (const id of gone) kept.delete(id);
        const query: Query = { collection: 'things', tenant: 'acme', org: 'south', filter, limit: 100, total: true };
        const expected = naiveIds(thingCollection, [...kept.values()], query);
        await expectPages(store, { query, offset: 0, expected });
      });
      await fc.assert(property, { numRuns: pace.randomBatches });
    });

    it('waits for a position and says when it stays behind', async () => {
      await apply(put(thing('a')));
      expect(await store.waitFor('things', at(1), 0)).toBe('reached');
      const waiting = store.waitFor('things', at(2), 2_000);
      await apply(put(thing('b')));
      expect(await waiting).toBe('reached');
      expect(await store.waitFor('things', at(3), 20)).toBe('behind');
    });

    it('shows what was written once the position is reached', async () => {
      for (let number = 1; number <= 50; number += 1) {
        const waiting = store.waitFor('things', at(number), 2_000);
        await apply(put(thing(`n${number}`)));
        expect(await waiting).toBe('reached');
        expect(await store.find('things', 'acme', `n${number}`)).not.toBeNull();
      }
    });

    it('serves the former generation until the one beside it is promoted', async () => {
      await apply(put(thing('old', { name: 'old' })));
      const beside = await tables.beside();
      expect(beside.checkpoint).toBeNull();
      await beside.apply([put(thing('new', { name: 'anew', mails: [{ value: 'mail@new' }] }))], at(1));
      expect(await ids()).toEqual(['old']);
      await beside.promote();
      await expect.poll(() => ids()).toEqual(['new']);
      expect(await ids({ filter: { op: 'contains', path: 'mails.value', value: 'l@ne' } })).toEqual(['new']);
      await beside.apply([put(thing('newer', { name: 'newer' }))], at(2));
      expect(await ids({ filter: { op: 'contains', path: 'name', value: 'new' } })).toEqual(['new', 'newer']);
      expect(await store.waitFor('things', at(2), 1_000)).toBe('reached');
    });

    it('tells a generation of another version or other collections from the one asked for', async () => {
      await apply(put(thing('a')));
      expect(tables.stale).toBe(false);
      const writer = await opened.reopenWriter();
      const newer = await writer.open(projection([thingCollection], 2));
      expect(newer.stale).toBe(true);
      expect(newer.checkpoint).toEqual(at(1));
      expect(await ids()).toEqual(['a']);
      const beside = await newer.beside();
      expect(beside.stale).toBe(false);
      await beside.apply([put(thing('b'))], at(1));
      await beside.promote();
      await expect.poll(() => ids()).toEqual(['b']);
      expect((await store.status())[0]).toMatchObject({ name: 'things', version: 2, position: at(1), state: 'live' });
    });

    it('goes on from the checkpoint after a restart', async () => {
      await apply(put(thing('a')));
      const writer = await opened.reopenWriter();
      const again = await writer.open(projection());
      expect(again.checkpoint).toEqual(at(1));
      await again.apply([put(thing('b'))], at(2));
      expect(await ids()).toEqual(['a', 'b']);
    });

    it('refuses tables that were built from another log', async () => {
      await apply(put(thing('a')));
      const writer = await opened.reopenWriter();
      await expect(writer.open({ ...projection(), logIdentity: 'log-2' })).rejects.toThrow(/log/);
    });

    it('shows a parked event until writing goes on', async () => {
      const parked = { position: at(2), eventId: 'e', eventType: 'x.y.v1', error: 'cannot' };
      await apply(put(thing('a')));
      await tables.park(parked);
      expect(await store.status()).toEqual([{ name: 'things', version: 1, position: at(1), state: 'parked', parked }]);
      await apply(put(thing('b')));
      await tables.status({ state: 'live' });
      expect(await store.status()).toEqual([{ name: 'things', version: 1, position: at(2), state: 'live' }]);
    });
  });

interface Expected {
  readonly query: Query;
  readonly offset: number;
  readonly expected: readonly string[];
}

async function expectPages(store: ReadStore, { query, offset, expected }: Expected): Promise<void> {
  const { limit } = query;
  const page = await store.query({ ...query, offset });
  expect(page.documents.map(({ id }) => id)).toEqual(expected.slice(offset, offset + limit));
  expect(page.total).toBe(expected.length);
  expect(page.next !== null).toBe(page.documents.length > 0 && offset + limit < expected.length);
  expect(page.previous !== null).toBe(page.documents.length > 0 && offset > 0);
  if (page.next !== null) {
    const following = await store.query({ ...query, after: page.next });
    expect(following.documents.map(({ id }) => id)).toEqual(expected.slice(offset + limit, offset + 2 * limit));
    expect(following.total).toBe(expected.length);
    expect(following.previous).not.toBeNull();
    expect(following.next !== null).toBe(offset + 2 * limit < expected.length);
  }
  if (page.previous !== null) {
    const preceding = await store.query({ ...query, before: page.previous });
    expect(preceding.documents.map(({ id }) => id)).toEqual(expected.slice(Math.max(0, offset - limit), offset));
    expect(preceding.next).not.toBeNull();
    expect(preceding.previous !== null).toBe(offset - limit > 0);
  }
}
