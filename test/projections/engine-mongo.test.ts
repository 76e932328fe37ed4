import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventCodec } from '../../infra/event-codec/event-codec.ts';
import { openMongoLeases } from '../../infra/lease/mongo/mongo-leases.ts';
import { openMongoReadStore } from '../../infra/read-store/mongo/reader.ts';
import { openMongoReadStoreWriter } from '../../infra/read-store/mongo/writer.ts';
import type { ReadStore } from '../../infra/read-store/read-store.ts';
import { type ProjectionEngine, runProjections } from '../../projections/engine.ts';
import { type EmbeddedUnderTest, embeddedUnderTest } from '../support/event-store-embedded.ts';
import { hasMongo, type MongoGround, mongoGround, requireMongo } from '../support/mongo.ts';
import { changed, erased, NOTES, notesProjection, plainCodec, removed, written } from '../support/note-projection.ts';

const WAIT_MS = 5_000;

requireMongo();

describe.runIf(hasMongo)('the projection engine on MongoDB', () => {
  let log: EmbeddedUnderTest;
  let ground: MongoGround;
  let store: ReadStore;
  const errors: unknown[] = [];
  beforeEach(async () => {
    errors.length = 0;
    log = await embeddedUnderTest();
    ground = await mongoGround();
    store = await openMongoReadStore({ ...ground.place, client: ground.client });
  });
  afterEach(async () => {
    await store.close();
    await ground.remove();
    await log.dispose();
  });

  interface Node {
    readonly engine: ProjectionEngine;
    stop(): Promise<void>;
  }
  async function start(version = 1): Promise<Node> {
    const writer = await openMongoReadStoreWriter({ ...ground.place, client: ground.client });
    const engine = await runProjections({
      store: log.store,
      codec: plainCodec as EventCodec,
      writer,
      projections: [notesProjection(NOTES, version)],
      onError: (error) => errors.push(error),
    });
    const stop = async () => {
      await engine.stop();
      await writer.close();
    };
    return { engine, stop };
  }
  const append = (note: string, ...events: Parameters<typeof log.store.append>[2][number][]) =>
    log.store.append(`note-${note}`, 'any', events);
  const texts = async () =>
    (
      await store.query({ collection: NOTES, tenant: 't', limit: 100, sort: { path: 'text', direction: 'ascending' } })
    ).documents.map(({ text }) => text);
  const isLive = (node: Node) => expect.poll(() => node.engine.status()[0]?.state, { timeout: WAIT_MS }).toBe('live');

  it('shows a reader his own write once its position is reached', async () => {
    const node = await start();
    for (let number = 0; number < 20; number += 1) {
      const { position } = await append(`n${number}`, written(`text ${number}`));
      expect(await store.waitFor(NOTES, position, WAIT_MS)).toBe('reached');
      expect(await store.find(NOTES, 't', `n${number}`)).toMatchObject({ text: `text ${number}` });
    }
    await node.stop();
    expect(errors).toEqual([]);
  });

  it('builds another version beside the one that readers see, and changes over', async () => {
    const first = await start();
    await append('a', written('one'), changed('two'));
    const { position } = await append('b', written('three'), removed());
    await store.waitFor(NOTES, position, WAIT_MS);
    await first.stop();
    const second = await start(2);
    await isLive(second);
    await expect.poll(async () => (await store.find(NOTES, 't', 'a'))?.['version']).toBe(2);
    expect(await texts()).toEqual(['two']);
    await second.engine.rebuild(NOTES);
    await expect.poll(texts).toEqual(['two']);
    await second.stop();
    expect(errors).toEqual([]);
  });

  it('[SEC-L7] parks at an event that a handler cannot take, also for the next node', async () => {
    const node = await start();
    await append('a', written('before'));
    await append('b', written('poison'));
    await expect.poll(async () => (await store.status())[0]?.state, { timeout: WAIT_MS }).toBe('parked');
    expect(await texts()).toEqual(['before']);
    await node.stop();
    const next = await start();
    await expect.poll(() => next.engine.status()[0]?.state, { timeout: WAIT_MS }).toBe('parked');
    expect(await texts()).toEqual(['before']);
    await next.stop();
  });

  it('[SEC-L6] leaves nothing of an erased person in any generation', async () => {
    const node = await start();
    await append('a', written('secret words'));
    const { position } = await append('a', erased());
    await store.waitFor(NOTES, position, WAIT_MS);
    await node.stop();
    const db = ground.client.db(ground.place.database);
    const collections = await db.listCollections().toArray();
    for (const { name } of collections) {
      expect(JSON.stringify(await db.collection(name).find().toArray())).not.toContain('secret');
    }
  });

  it('goes on where it stood when the lease passes to another node, with every event once in effect', async () => {
    const pace = { holdMs: 600, marginMs: 200, beatMs: 100, pollMs: 50 };
    const place = { ...ground.place, client: ground.client, pace };
    const [mine, theirs] = [await openMongoLeases(place), await openMongoLeases(place)];
    const lease = await mine.acquire('projector');
    const first = await start();
    const waiting = theirs.acquire('projector');
    for (let number = 0; number < 10; number += 1) await append(`n${number}`, written(`text ${number}`));
    await first.stop();
    await lease.release();
    const { token } = await waiting;
    const second = await start();
    for (let number = 0; number < 10; number += 1) await append(`n${number}`, changed(`changed ${number}`));
    const { position } = await append('last', written('z'));
    expect(await store.waitFor(NOTES, position, WAIT_MS)).toBe('reached');
    expect(await texts()).toEqual([...Array.from({ length: 10 }, (_, number) => `changed ${number}`), 'z']);
    expect(token).toBe(lease.token + 1);
    await second.stop();
    await Promise.all([mine.close(), theirs.close()]);
  });
});
