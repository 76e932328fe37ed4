/** A process that dies by its own hand after the n-th command of a commit was answered. */
import { MongoClient } from 'mongodb';
import { mongoOptions } from '../../infra/mongo/connection.ts';
import { openMongoTransientStore } from '../../infra/transient-store/mongo/mongo-transient-store.ts';
import { moveOps } from '../support/transient-accounts.ts';

const [url = '', database = '', step = ''] = process.argv.slice(2);
const client = await new MongoClient(url, { ...mongoOptions, monitorCommands: true }).connect();
const store = await openMongoTransientStore({ url, database, client, clock: Date.now });
const ops = await moveOps(store, { from: 'a', to: 'b', amount: 10 });

let answered = 0;
client.on('commandSucceeded', () => {
  answered += 1;
  if (answered === Number(step)) process.kill(process.pid, 'SIGKILL');
});
await store.commit(ops);
await client.close();
process.exitCode = 3;
