import { describe } from 'vitest';
import { openMongoLeases } from '../../infra/lease/mongo/mongo-leases.ts';
import { killedHolder } from '../support/killed-lease-holder.ts';
import { hasMongo, mongoGround, requireMongo } from '../support/mongo.ts';
import { leaseContract } from './lease.contract.ts';

requireMongo();

describe.runIf(hasMongo)('on MongoDB', () => {
  leaseContract('MongoDB', async () => {
    const { place, client, remove } = await mongoGround();
    return {
      open: (pace) => openMongoLeases({ ...place, client, pace }),
      killedHolder: (name) => killedHolder(['mongo', place.url, place.database], name),
      remove,
    };
  });
});
