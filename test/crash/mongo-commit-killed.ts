/**
 * A process that sends itself a signal after the n-th command of a commit was answered. It ends with 0 when the commit
 * was refused, with 3 when it happened.
 */
import { MongoClient } from 'mongodb';
import { mongoOptions } from '../../infra/mongo/connection.ts';
import { openMongoTransientStore } from '../../infra/transient-store/mongo/mongo-transient-store.ts';
import { moveOps } from '../support/transient-accounts.ts';

const [url = '', database = '', step = '', signal = 'SIGKILL'] = process.argv.slice(2);
const client = await new MongoClient(url, { ...mongoOptions, monitorCommands: true }).connect();
const store = await openMongoTransientStore({ url, database, client, clock: Date.now });
const ops = await moveOps(store, { from: 'a', to: 'b', amount: 10 });

let answered = 0;
client.on('commandSucceeded', () => {
  answered += 1;
  if (answered === Number(step)) process.kill(process.pid, signal);
});
process.exitCode = (await store.commit(ops)) ? 3 : 0;
await client.close();
