import { describe } from 'vitest';
import { openMongoReadStore } from '../../infra/read-store/mongo/reader.ts';
import { openMongoReadStoreWriter } from '../../infra/read-store/mongo/writer.ts';
import { hasMongo, mongoGround, requireMongo } from '../support/mongo.ts';
import { type OpenReadStore, readStoreContract } from './read-store.contract.ts';

const PACE = { randomQueries: 500, randomBatches: 100, timeoutMs: 120_000 };

requireMongo();

async function open(): Promise<OpenReadStore> {
  const ground = await mongoGround();
  const place = { ...ground.place, client: ground.client };
  let writer = await openMongoReadStoreWriter(place);
  const store = await openMongoReadStore(place);
  return {
    writer,
    store,
    async reopenWriter() {
      await writer.close();
      writer = await openMongoReadStoreWriter(place);
      return writer;
    },
    async close() {
      await store.close();
      await writer.close();
      await ground.remove();
    },
  };
}

describe.runIf(hasMongo)('on MongoDB', () => {
  readStoreContract('MongoDB', open, PACE);
});
