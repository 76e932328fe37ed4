import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodePosition, type Position } from '../../../infra/event-store/position.ts';
import { FormerLeader } from '../../../infra/read-store/errors.ts';
import { FILTER_NESTING_MAX } from '../../../infra/read-store/mongo/filter.ts';
import { openMongoReadStore } from '../../../infra/read-store/mongo/reader.ts';
import { type MongoReadStoreWriter, openMongoReadStoreWriter } from '../../../infra/read-store/mongo/writer.ts';
import type { Document, Filter, ProjectionTables, ReadStore, Write } from '../../../infra/read-store/read-store.ts';
import { hasMongo, type MongoGround, mongoGround, requireMongo } from '../../support/mongo.ts';
import { thingCollection } from '../../support/random-documents.ts';

const RUNS = 25;
const ROUNDS = 60;
const TIMEOUT_MS = 60_000;
const IDS = ['a', 'b', 'c'];
const at = (number: number): Position => ({ commit: BigInt(number), prepare: BigInt(number) });
const thing = (id: string, content: Record<string, unknown> = {}): Document =>
  ({ ...content, id, tenant: 'acme', org: 'north' }) as Document;
const put = (id: string, name: string): Write => ({ kind: 'put', collection: 'things', document: thing(id, { name }) });
const remove = (id: string): Write => ({ kind: 'remove', collection: 'things', id });

const value = fc.oneof(fc.nat(9), fc.record({ x: fc.nat(9) }));
const path = fc.constantFrom('size', 'meta', 'meta.x', 'meta.y.z');
const id = fc.constantFrom(...IDS);
const write: fc.Arbitrary<Write> = fc.oneof(
  { weight: 2, arbitrary: fc.tuple(id, fc.constantFrom('anna', 'ben')).map(([of, name]) => put(of, name)) },
  { weight: 1, arbitrary: id.map(remove) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('patch' as const),
      collection: fc.constant('things'),
      id,
      set: fc.dictionary(path, value, { maxKeys: 2 }),
      unset: fc.array(path, { maxLength: 1 }),
    }),
  },
);
/** One write per event; the event's number is its position. */
const events = fc.array(write, { minLength: 4, maxLength: 14 });
const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 14, maxLength: 14 });

requireMongo();

describe.runIf(hasMongo)('read models in MongoDB', () => {
  let ground: MongoGround;
  let writer: MongoReadStoreWriter;
  let store: ReadStore;
  beforeEach(async () => {
    ground = await mongoGround();
    const place = { ...ground.place, client: ground.client };
    writer = await openMongoReadStoreWriter(place);
    store = await openMongoReadStore(place);
  });
  afterEach(async () => {
    await store.close();
    await writer.close();
    await ground.remove();
  });

  let projections = 0;
  /** A projection of its own, so that one run sees nothing of another. */
  const fresh = () => {
    projections += 1;
    const name = `things-${projections}`;
    const collection = { ...thingCollection, name };
    const open = () => writer.open({ name, version: 1, collections: [collection], logIdentity: 'log-1' });
    return { name, open };
  };
  const documents = async (name: string) => {
    const found = await Promise.all(IDS.map((of) => store.find(name, 'acme', of)));
    return found.filter((document) => document !== null);
  };
  const renamed = (name: string, writes: readonly Write[]) => writes.map((each) => ({ ...each, collection: name }));
  /** Applies events after `from` up to `to` in batches of the given sizes. */
  async function applied(tables: ProjectionTables, run: Run): Promise<void> {
    let next = run.from;
    for (const size of run.sizes) {
      if (next >= run.to) return;
      const end = Math.min(run.to, next + size);
      await tables.apply(renamed(run.name, run.writes.slice(next, end)), at(end));
      next = end;
    }
  }
  async function forgetCheckpoint(name: string, number: number): Promise<void> {
    const checkpoint = number === 0 ? null : encodePosition(at(number));
    await ground.client
      .db(ground.place.database)
      .collection('read_generations')
      .updateOne({ projection: name }, { $set: { checkpoint } });
  }

  it('end the same when events are read again after a crash, in whatever batches', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const property = fc.asyncProperty(events, sizes, sizes, fc.nat(), async (writes, first, second, seed) => {
      const [once, twice] = [fresh(), fresh()];
      const reached = 1 + (seed % writes.length);
      const saved = seed % (reached + 1);
      const of = (name: string) => ({ name, writes, to: writes.length });
      await applied(await once.open(), { ...of(once.name), from: 0, sizes: first });
      await applied(await twice.open(), { ...of(twice.name), from: 0, sizes: first, to: reached });
      await forgetCheckpoint(twice.name, saved);
      await applied(await twice.open(), { ...of(twice.name), from: saved, sizes: second.concat(first) });
      expect(await documents(twice.name)).toEqual(await documents(once.name));
    });
    await fc.assert(property, { numRuns: RUNS });
  });

  it('end the same when two writers apply the same events at once', { timeout: TIMEOUT_MS }, async () => {
    const property = fc.asyncProperty(events, sizes, sizes, async (writes, first, second) => {
      const [alone, shared] = [fresh(), fresh()];
      const of = (name: string) => ({ name, writes, from: 0, to: writes.length });
      await applied(await alone.open(), { ...of(alone.name), sizes: first });
      const [one, other] = [await shared.open(), await shared.open()];
      const whole = { sizes: first.concat(second) };
      await Promise.all([
        applied(one, { ...of(shared.name), ...whole }),
        applied(other, { ...of(shared.name), sizes: second.concat(first) }),
      ]);
      expect(await documents(shared.name)).toEqual(await documents(alone.name));
      expect((await shared.open()).checkpoint).toEqual(at(writes.length));
    });
    await fc.assert(property, { numRuns: RUNS });
  });

  it('are not changed by a writer that another overtook: nothing removed comes back, no checkpoint goes back', async () => {
    const { name, open } = fresh();
    const [late, current] = [await open(), await open()];
    await current.apply(renamed(name, [put('a', 'anna'), put('b', 'ben')]), at(1));
    await current.apply(renamed(name, [remove('a'), put('b', 'bea'), remove('c')]), at(5));
    await late.apply(renamed(name, [put('a', 'anna'), put('b', 'ben'), put('c', 'cid')]), at(3));
    expect((await documents(name)).map((document) => document['name'])).toEqual(['bea']);
    expect((await open()).checkpoint).toEqual(at(5));
  });

  it('are not changed by a late writer that looked before another wrote, and writes after it', async () => {
    const { name, open } = fresh();
    const [late, current] = [await open(), await open()];
    for (let round = 1; round <= ROUNDS; round += 1) {
      const before = renamed(name, [put('a', 'anna'), put('b', `late ${round}`)]);
      const after = renamed(name, [remove('a'), put('b', `current ${round}`)]);
      const writing = current.apply(after, at(2 * round));
      const lateWriting = late.apply(before, at(2 * round - 1));
      await Promise.all([writing, lateWriting]);
      expect((await documents(name)).map((document) => document['name'])).toEqual([`current ${round}`]);
    }
  });

  it('take nothing more from a leader whose lease has gone to another, not even a promotion', async () => {
    const name = fresh().name;
    const collections = [{ ...thingCollection, name }];
    const lead = (fence: number) => writer.open({ name, version: 1, collections, logIdentity: 'log', fence });
    const former = await lead(1);
    await former.apply(renamed(name, [put('a', 'anna')]), at(1));
    const beside = await former.beside();
    const current = await lead(2);
    await expect(former.apply(renamed(name, [put('a', 'late'), put('b', 'late')]), at(9))).rejects.toThrow(
      FormerLeader,
    );
    await expect(beside.promote()).rejects.toThrow(FormerLeader);
    await expect(former.status({ state: 'rebuilding' })).rejects.toThrow(FormerLeader);
    await expect(lead(1)).rejects.toThrow(FormerLeader);
    await current.apply(renamed(name, [put('c', 'cid')]), at(2));
    expect((await documents(name)).map((document) => document['name'])).toEqual(['anna', 'cid']);
    expect((await lead(3)).checkpoint).toEqual(at(2));
  });

  it('hold nothing of a removed document but its id and place in the log', async () => {
    const { name, open } = fresh();
    const tables = await open();
    await tables.apply(renamed(name, [put('a', 'anna')]), at(1));
    await tables.apply(renamed(name, [remove('a')]), at(2));
    const left = await ground.client.db(ground.place.database).collection(`read.${name}.1.${name}`).find().toArray();
    expect(left).toEqual([{ _id: 'a', at: encodePosition(at(2)), gone: expect.any(Date) }]);
    expect(await store.query({ collection: name, tenant: 'acme', limit: 10, total: true })).toMatchObject({
      documents: [],
      total: 0,
    });
  });

  it('drop what a rebuild began and did not end, and what a promotion left behind', async () => {
    const { name, open } = fresh();
    const tables = await open();
    await (await tables.beside()).apply(renamed(name, [put('a', 'anna')]), at(1));
    const beside = await tables.beside();
    await beside.apply(renamed(name, [put('b', 'ben')]), at(1));
    await beside.promote();
    await open();
    const collections = await ground.client.db(ground.place.database).listCollections().toArray();
    const left = collections.map((collection) => collection.name).filter((each) => each.startsWith(`read.${name}.`));
    expect(left).toEqual([`read.${name}.2.${name}`]);
    await expect.poll(() => documents(name)).toHaveLength(1);
  });

  it('refuse a filter that nests deeper than servers take', async () => {
    const { name, open } = fresh();
    await open();
    const term: Filter = { op: 'present', path: 'size' };
    let deep: Filter = term;
    for (let depth = 0; depth <= FILTER_NESTING_MAX; depth += 1) {
      deep = { op: depth % 2 === 0 ? 'and' : 'or', filters: [deep, term] };
      const asking = store.query({ collection: name, tenant: 'acme', limit: 1, filter: deep });
      if (depth < FILTER_NESTING_MAX) expect((await asking).documents).toEqual([]);
      else await expect(asking).rejects.toThrow(RangeError);
    }
  });
});

interface Run {
  readonly name: string;
  readonly writes: readonly Write[];
  readonly from: number;
  readonly to: number;
  readonly sizes: readonly number[];
}
