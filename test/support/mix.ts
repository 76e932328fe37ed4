/**
 * On which servers the wire suites run: `MUNIMENT_TEST_MIX=esdb,mongo` puts the log of every server they start behind
 * the protocol of EventStoreDB, and its other parts into a database of its own on `MUNIMENT_MONGO_URL`. Without it,
 * everything is embedded.
 */
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { openEmbeddedEventStore } from '../../infra/event-store/embedded/embedded-event-store.ts';
import { openEventStoreEndpoint } from '../../protocol/eventstore-endpoint/endpoint.ts';

const KNOWN = ['esdb', 'mongo'] as const;
export type Server = (typeof KNOWN)[number];

export const mix: ReadonlySet<Server> = new Set(
  (process.env['MUNIMENT_TEST_MIX'] ?? '')
    .split(',')
    .filter((name) => name !== '')
    .map((name) => {
      const server = KNOWN.find((known) => known === name);
      if (server === undefined) throw new Error(`MUNIMENT_TEST_MIX names ${name}; there are ${KNOWN.join(', ')}`);
      return server;
    }),
);

export interface MixedStores {
  /** Variables of the server. */
  readonly environment: Readonly<Record<string, string>>;
  /** What was in them goes too unless it is kept for another start on the same folder. */
  close(keep: boolean): Promise<void>;
}

/** Of one server: the same folder finds the same log and the same database again. */
export async function mixedStores(directory: string, servers: ReadonlySet<Server> = mix): Promise<MixedStores> {
  const opened = [
    ...(servers.has('esdb') ? [await wireLog(directory)] : []),
    ...(servers.has('mongo') ? [database(directory)] : []),
  ];
  return {
    environment: Object.assign({}, ...opened.map(({ environment }) => environment)),
    async close(keep) {
      for (const stores of opened) await stores.close(keep);
    },
  };
}

async function wireLog(directory: string): Promise<MixedStores> {
  const log = await openEmbeddedEventStore({
    directory: await folder(directory),
    mode: 'writer',
    durability: 'normal',
  });
  const endpoint = await openEventStoreEndpoint({
    log: log.stored,
    writable: true,
    port: 0,
    onFault(error) {
      throw new Error('the endpoint failed', { cause: error });
    },
  });
  return {
    environment: { MUNIMENT_EVENT_STORE: `esdb://127.0.0.1:${endpoint.port}?tls=false` },
    async close() {
      await endpoint.close();
      await log.close();
    },
  };
}

async function folder(directory: string): Promise<string> {
  const path = join(directory, 'esdb');
  await mkdir(path, { recursive: true });
  return path;
}

function database(directory: string): MixedStores {
  const server = process.env['MUNIMENT_MONGO_URL'] ?? '';
  if (server === '') throw new Error('MUNIMENT_TEST_MIX names mongo, and MUNIMENT_MONGO_URL names no server');
  const name = `muniment-test-${createHash('sha256').update(directory).digest('hex').slice(0, 32)}`;
  const url = new URL(`/${name}`, server).href;
  return {
    environment: { MUNIMENT_READ_STORE: url, MUNIMENT_TRANSIENT_STORE: url, MUNIMENT_VAULT: url },
    async close(keep) {
      if (keep) return;
      const client = await new MongoClient(server).connect();
      await client.db(name).dropDatabase();
      await client.close();
    },
  };
}
