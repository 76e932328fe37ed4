/** One client for all adapters of a process that speak to the same server, with one pool of connections. */
import { MongoClient } from 'mongodb';
import { mongoOptions } from './connection.ts';

export interface MongoClients {
  /** Not connected yet: each adapter connects before its first question. */
  of(url: string): MongoClient;
  close(): Promise<void>;
}

export function createMongoClients(): MongoClients {
  const clients = new Map<string, MongoClient>();
  return {
    of(url) {
      const client = clients.get(url) ?? new MongoClient(url, mongoOptions);
      clients.set(url, client);
      return client;
    },
    async close() {
      await Promise.all([...clients.values()].map((client) => client.close()));
      clients.clear();
    },
  };
}
