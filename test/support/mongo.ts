/** Where tests find a server that speaks MongoDB's protocol; without one they are not run. */
import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { expect, it } from 'vitest';
import { mongoOptions } from '../../infra/mongo/connection.ts';

export const mongoUrl = process.env['MUNIMENT_MONGO_URL'] ?? '';
export const hasMongo = mongoUrl !== '';

/** For a build that must not pass by leaving tests out. */
export function requireMongo(): void {
  if (process.env['MUNIMENT_REQUIRE_BACKENDS'] !== '1') return;
  it('has a MongoDB server to run against, in MUNIMENT_MONGO_URL', () => {
    expect(mongoUrl).toMatch(/^mongodb(\+srv)?:\/\//);
  });
}

export interface MongoGround {
  readonly place: { readonly url: string; readonly database: string };
  readonly client: MongoClient;
  remove(): Promise<void>;
}

/** A database of its own. */
export async function mongoGround(): Promise<MongoGround> {
  const client = await new MongoClient(mongoUrl, mongoOptions).connect();
  const database = `muniment-test-${randomUUID()}`;
  return {
    place: { url: mongoUrl, database },
    client,
    async remove() {
      await client.db(database).dropDatabase();
      await client.close();
    },
  };
}
