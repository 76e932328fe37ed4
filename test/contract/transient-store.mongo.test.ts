import { type Document, MongoClient } from 'mongodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mongoOptions } from '../../infra/mongo/connection.ts';
import { openMongoTransientStore } from '../../infra/transient-store/mongo/mongo-transient-store.ts';
import type { TransientKey, TransientOp } from '../../infra/transient-store/transient-store.ts';
import { hasMongo, type MongoGround, mongoGround, requireMongo } from '../support/mongo.ts';
import { transientStoreContract } from './transient-store.contract.ts';

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;

requireMongo();

describe.runIf(hasMongo)('on MongoDB', () => {
  transientStoreContract('MongoDB', async () => {
    const { place, client, remove } = await mongoGround();
    return { open: (clock) => openMongoTransientStore({ ...place, clock, client }), remove };
  });

  describe('a transient store in MongoDB', () => {
    let ground: MongoGround;
    beforeEach(async () => {
      ground = await mongoGround();
    });
    afterEach(() => ground.remove());

    const key: TransientKey = { type: 'code', tenant: 't', id: 'used' };
    const put = (expiresAtMs: number, expect: 'absent' | 'any' = 'any'): TransientOp => ({
      op: 'put',
      key,
      value: { used: true },
      expiresAtMs,
      expect,
    });
    const entries = () => ground.client.db(ground.place.database).collection('transient_entries');

    it('[SEC-L11] sweeps by a clock of its own, so that one that stands a year ahead revives nothing', async () => {
      let ahead = 0;
      const clock = () => Date.now() + ahead;
      const store = await openMongoTransientStore({
        ...ground.place,
        client: ground.client,
        clock,
        sweepClock: Date.now,
      });
      await store.commit([put(Date.now() + HOUR_MS)]);
      ahead = YEAR_MS;
      expect(await store.get(key)).toBeNull();
      expect(await store.sweep()).toBe(0);
      ahead = 0;
      expect(await store.commit([put(Date.now() + HOUR_MS, 'absent')])).toBe(false);
    });

    it('lets the server remove what nobody swept, an hour after it expired by whatever clock the store goes', async () => {
      const nowMs = 1_000;
      const store = await openMongoTransientStore({ ...ground.place, client: ground.client, clock: () => nowMs });
      await store.commit([put(nowMs + HOUR_MS)]);
      const indexes = await entries().indexes();
      expect(indexes).toContainEqual(expect.objectContaining({ key: { ttl: 1 }, expireAfterSeconds: 0 }));
      const removedAtMs = Number((await entries().findOne())?.['ttl']);
      expect(Math.abs(removedAtMs - (Date.now() + 2 * HOUR_MS))).toBeLessThan(60_000);
    });

    it('writes to the disks of most nodes, and reads nothing that could be rolled back', async () => {
      const { url, database } = ground.place;
      const client = await new MongoClient(url, { ...mongoOptions, monitorCommands: true }).connect();
      const store = await openMongoTransientStore({ url, database, client, clock: Date.now });
      const commands: Document[] = [];
      client.on('commandStarted', ({ command }) => commands.push(command));
      const other: TransientOp = { op: 'remove', key: { ...key, id: 'other' }, expect: 'any' };
      await store.commit([put(Date.now() + HOUR_MS)], { survives: 'crash' });
      await store.commit([put(Date.now() + HOUR_MS), other]);
      await store.commit([other]);
      await store.get(key);
      await client.close();
      const reads = commands.filter((command) => command['find'] !== undefined);
      const writes = commands.filter(
        (command) => command['find'] === undefined && command['endSessions'] === undefined,
      );
      expect(reads.length).toBeGreaterThan(0);
      expect(writes.length).toBeGreaterThan(5);
      for (const { readConcern } of reads) expect(readConcern).toMatchObject({ level: 'majority' });
      for (const { writeConcern } of writes) expect(writeConcern).toMatchObject({ w: 'majority', j: true });
    });
  });
});
