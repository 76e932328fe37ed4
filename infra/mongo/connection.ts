/** How every MongoDB adapter speaks to its server: majority concerns, the primary, bounded waits. */
import { type Db, MongoClient, type MongoClientOptions, MongoServerError } from 'mongodb';

const SERVER_SELECTION_MS_MAX = 5_000;
const MAJORITY_MS_MAX = 10_000;

export interface MongoPlace {
  /** `mongodb://…` or `mongodb+srv://…`. */
  readonly url: string;
  readonly database: string;
  /** Made with `mongoOptions` and connected; stays open. Default: a client of the adapter's own, closed with it. */
  readonly client?: MongoClient;
}

export interface MongoConnection {
  readonly db: Db;
  close(): Promise<void>;
}

/** An acknowledged write is on the disks of most nodes; a read sees only what cannot be rolled back. */
export const mongoOptions = {
  appName: 'muniment',
  writeConcern: { w: 'majority', journal: true, wtimeoutMS: MAJORITY_MS_MAX },
  readConcern: { level: 'majority' },
  readPreference: 'primary',
  retryWrites: true,
  retryReads: true,
  serverSelectionTimeoutMS: SERVER_SELECTION_MS_MAX,
} as const satisfies MongoClientOptions;

export async function connectMongo({ url, database, client }: MongoPlace): Promise<MongoConnection> {
  const used = client ?? new MongoClient(url, mongoOptions);
  const close = async () => {
    if (client === undefined) await used.close();
  };
  try {
    await used.connect();
    return { db: used.db(database), close };
  } catch (error) {
    await close();
    throw error;
  }
}

const DUPLICATE_KEY = 11_000;

export const isDuplicateKey = (error: unknown): boolean =>
  error instanceof MongoServerError && error.code === DUPLICATE_KEY;

/** For health: the primary answers. */
export async function mongoHealth(db: Db): Promise<{ ok: boolean; detail: string }> {
  try {
    const { isWritablePrimary } = await db.command({ hello: 1 });
    return isWritablePrimary === true ? { ok: true, detail: 'writing' } : { ok: false, detail: 'no primary' };
  } catch (error) {
    return { ok: false, detail: (error as Error).name };
  }
}
