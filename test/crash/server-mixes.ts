/** Servers that a whole deployment stands on, to be killed and started again over the same data and address. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { urlOf } from '../support/event-store-esdb.ts';
import { startEndpointProcess } from '../support/eventstore-endpoint-process.ts';
import { hasMongo } from '../support/mongo.ts';
import { mongoServer } from '../support/mongo-server.ts';
import type { Variables } from './server-process.ts';

export interface CrashMix {
  readonly name: string;
  readonly servers: readonly ('esdb' | 'mongo')[];
}

const all: readonly CrashMix[] = [
  { name: 'all embedded', servers: [] },
  { name: 'the log on EventStoreDB', servers: ['esdb'] },
  { name: 'all but the log on MongoDB', servers: ['mongo'] },
  { name: 'EventStoreDB and MongoDB', servers: ['esdb', 'mongo'] },
];

/** Those that this machine can run. */
export const crashMixes = all.filter(({ servers }) => hasMongo || !servers.includes('mongo'));

export interface Victim {
  kill(): Promise<void>;
  startAgain(): Promise<void>;
}

export interface CrashGround {
  readonly directory: string;
  /** Of the application. */
  readonly variables: Variables;
  /** Empty where everything is embedded. */
  readonly victims: ReadonlyMap<'esdb' | 'mongo', Victim>;
  remove(): Promise<void>;
}

export async function openCrashGround({ servers }: CrashMix): Promise<CrashGround> {
  const directory = await mkdtemp(join(tmpdir(), 'muniment-server-crash-'));
  const variables: Record<string, string> = {};
  const victims = new Map<'esdb' | 'mongo', Victim>();
  const closing: (() => Promise<void>)[] = [];
  if (servers.includes('esdb')) {
    const log = join(directory, 'esdb');
    await mkdir(log);
    let endpoint = await startEndpointProcess(log);
    const { port } = endpoint;
    variables['MUNIMENT_EVENT_STORE'] = urlOf(port);
    victims.set('esdb', {
      kill: () => endpoint.kill(),
      async startAgain() {
        endpoint = await startEndpointProcess(log, port);
      },
    });
    closing.push(() => endpoint.kill());
  }
  if (servers.includes('mongo')) {
    const mongo = await mongoServer();
    for (const part of ['READ_STORE', 'TRANSIENT_STORE', 'VAULT']) variables[`MUNIMENT_${part}`] = mongo.url;
    victims.set('mongo', mongo);
    closing.push(() => mongo.remove());
  }
  return {
    directory,
    variables,
    victims,
    async remove() {
      for (const close of closing) await close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
