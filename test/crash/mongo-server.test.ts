import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { MongoError } from 'mongodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openMongoLeases } from '../../infra/lease/mongo/mongo-leases.ts';
import { openMongoReadStore } from '../../infra/read-store/mongo/reader.ts';
import { openMongoReadStoreWriter } from '../../infra/read-store/mongo/writer.ts';
import type { Write } from '../../infra/read-store/read-store.ts';
import { openMongoTransientStore } from '../../infra/transient-store/mongo/mongo-transient-store.ts';
import { openMongoVault } from '../../infra/vault/mongo/mongo-vault.ts';
import { hasMongo, requireMongo } from '../support/mongo.ts';
import { type MongoServer, mongoServer } from '../support/mongo-server.ts';
import { thingCollection } from '../support/random-documents.ts';
import { accountOp, balanceOf } from '../support/transient-accounts.ts';

const TIMEOUT_MS = 60_000;
const DOWN_MS = 1_500;
const database = 'muniment';
const org = randomUUID();

requireMongo();

describe.runIf(hasMongo)('a MongoDB server that is killed and comes back', { timeout: TIMEOUT_MS }, () => {
  let server: MongoServer;
  beforeEach(async () => {
    server = await mongoServer();
  });
  afterEach(() => server.remove());
  async function outage(): Promise<void> {
    await server.kill();
    await pause(DOWN_MS);
    await server.startAgain();
  }

  it('has every commit and every erasure that it acknowledged, and no half of another', async () => {
    const place = { url: server.url, database };
    const store = await openMongoTransientStore({ ...place, clock: Date.now });
    const vault = await openMongoVault({ ...place, deploymentKey: randomBytes(32) });
    const erased = randomUUID();
    await vault.createDataKey(erased, org);
    await vault.destroySubject(erased);
    const acknowledged: number[] = [];
    const unknown: number[] = [];
    let goesOn = true;
    const write = async (number: number) => {
      try {
        const isDone = await store.commit([
          accountOp(`${number}-a`, 1, 'absent'),
          accountOp(`${number}-b`, 1, 'absent'),
        ]);
        (isDone ? acknowledged : unknown).push(number);
      } catch (error) {
        if (!(error instanceof MongoError)) throw error;
        unknown.push(number);
      }
    };
    const writing = (async () => {
      for (let number = 0; goesOn; number += 1) await write(number);
    })();
    const reached = (count: number) =>
      expect.poll(() => acknowledged.length, { timeout: TIMEOUT_MS }).toBeGreaterThan(count);
    await reached(20);
    await outage();
    await reached(acknowledged.length + 5);
    goesOn = false;
    await writing;
    const pairOf = (number: number) => Promise.all(['a', 'b'].map((half) => balanceOf(store, `${number}-${half}`)));
    for (const number of acknowledged) expect(await pairOf(number)).toEqual([1, 1]);
    for (const number of unknown) expect(new Set(await pairOf(number)).size).toBe(1);
    expect((await vault.dataKeys([erased])).get(erased)).toBe('destroyed');
    await store.close();
    await vault.close();
  });

  it('delays what projections write, and parks none of them', async () => {
    const place = { url: server.url, database };
    const writer = await openMongoReadStoreWriter(place);
    const store = await openMongoReadStore(place);
    const tables = await writer.open({ name: 'things', version: 1, collections: [thingCollection], logIdentity: 'l' });
    const document = { id: 'a', tenant: 't', org };
    const put: Write = { kind: 'put', collection: 'things', document };
    await server.kill();
    const applying = tables.apply([put], { commit: 1n, prepare: 1n });
    await pause(DOWN_MS);
    await server.startAgain();
    await applying;
    expect(await store.find('things', 't', 'a')).toEqual(document);
    await store.close();
    await writer.close();
  });

  it('leaves no node in the belief that it holds a lease for longer than it may', async () => {
    const pace = { holdMs: 1_000, marginMs: 300, beatMs: 100, pollMs: 100 };
    const leases = await openMongoLeases({ url: server.url, database, pace });
    const lease = await leases.acquire('projector');
    await server.kill();
    const killedAt = performance.now();
    await expect.poll(() => lease.lost.aborted, { timeout: TIMEOUT_MS, interval: 10 }).toBe(true);
    expect(performance.now() - killedAt).toBeLessThan(pace.holdMs);
    await server.startAgain();
    expect((await leases.acquire('projector')).token).toBeGreaterThan(lease.token);
    await leases.close();
  });
});
