/** A server of a test's own, to be killed and started again over the same data and port. */
import { type KillableServer, killableServer } from './killable-server.ts';

export interface MongoServer extends Omit<KillableServer, 'address'> {
  readonly url: string;
}

/** Every acknowledged write is on its disk. */
export async function mongoServer(): Promise<MongoServer> {
  const env = { MUNIMENT_MONGO_SYNC: '1' };
  const { address, ...server } = await killableServer({ file: 'mongo-wire.mjs', name: 'MONGO', env, end: 'SIGTERM' });
  return { url: address, ...server };
}
