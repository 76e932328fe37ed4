import { describe } from 'vitest';
import { openMongoTransientStore } from '../../infra/transient-store/mongo/mongo-transient-store.ts';
import { hasMongo, mongoGround, requireMongo } from '../support/mongo.ts';
import { transientStoreContract } from './transient-store.contract.ts';

requireMongo();

describe.runIf(hasMongo)('on MongoDB', () => {
  transientStoreContract('MongoDB', async () => {
    const { place, client, remove } = await mongoGround();
    return { open: (clock) => openMongoTransientStore({ ...place, clock, client }), remove };
  });
});
