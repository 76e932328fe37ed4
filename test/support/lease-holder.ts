/** A process that holds a lease until it is killed: names its token on stdout. */
import { writeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { openEmbeddedLeases } from '../../infra/lease/embedded/embedded-leases.ts';
import { openMongoLeases } from '../../infra/lease/mongo/mongo-leases.ts';

const STDOUT = 1;
const AT_MOST_MS = 60_000;

const [kind, where = '', database = '', name = ''] = process.argv.slice(2);
const leases =
  kind === 'mongo' ? await openMongoLeases({ url: where, database }) : openEmbeddedLeases({ directory: where });
const { token } = await leases.acquire(name);
writeSync(STDOUT, `${token}\n`);
await pause(AT_MOST_MS);
