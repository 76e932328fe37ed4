/** Leases in MongoDB, between nodes. */
import { connectMongo, isDuplicateKey, type MongoPlace } from '../../mongo/connection.ts';
import { withPatience } from '../../mongo/patience.ts';
import type { Leases } from '../lease.ts';
import { LEASE_PACE, type LeasePace, type LeaseRow, watchedLeases } from '../watched-leases.ts';

interface LeaseDocument extends LeaseRow {
  readonly _id: string;
}

export interface MongoLeasesOptions extends MongoPlace {
  readonly pace?: LeasePace;
}

export async function openMongoLeases({ pace = LEASE_PACE, ...place }: MongoLeasesOptions): Promise<Leases> {
  const connection = await connectMongo(place);
  const leases = connection.db.collection<LeaseDocument>('leases');
  return watchedLeases(
    {
      read: (name) => withPatience(() => leases.findOne({ _id: name }, { projection: { _id: 0 } })),
      async swap(name, expected, next) {
        if (expected !== null) {
          const { matchedCount } = await leases.updateOne({ _id: name, ...expected }, { $set: next });
          return matchedCount === 1;
        }
        try {
          await leases.insertOne({ _id: name, ...next });
          return true;
        } catch (error) {
          if (isDuplicateKey(error)) return false;
          throw error;
        }
      },
      close: () => connection.close(),
    },
    pace,
  );
}
