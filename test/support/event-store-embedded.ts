/** An embedded log in a folder of its own. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  type EmbeddedEventStoreOptions,
  openEmbeddedEventStore,
} from '../../infra/event-store/embedded/embedded-event-store.ts';
import type { EmbeddedEventStore } from '../../infra/event-store/embedded/sqlite-event-store.ts';
import type { ForeignEvent, StoreUnderTest } from '../contract/event-store-under-test.ts';

export interface EmbeddedUnderTest extends StoreUnderTest {
  readonly store: EmbeddedEventStore;
  readonly directory: string;
  reopen(): Promise<EmbeddedEventStore>;
}

/** Durability `normal` spares the tests the waiting for the disk; nothing else differs. */
export async function embeddedUnderTest(options: Partial<EmbeddedEventStoreOptions> = {}): Promise<EmbeddedUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'muniment-log-'));
  const open = () =>
    openEmbeddedEventStore({ directory, mode: 'writer', durability: 'normal', freeBytesMin: 0, ...options });
  let store = await open();
  const reopen = async () => {
    await store.close();
    store = await open();
    return store;
  };
  return {
    directory,
    get store() {
      return store;
    },
    reopen,
    async reopenWith(events) {
      await store.close();
      insertForeign(join(directory, 'events.db'), events);
      store = await open();
      return store;
    },
    async dispose() {
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function insertForeign(file: string, events: readonly ForeignEvent[]): void {
  const database = new DatabaseSync(file);
  for (const { stream, type, data, json, meta } of events) {
    database
      .prepare('INSERT INTO stream (name, rev, state, retained) VALUES (?, -1, 0, 0) ON CONFLICT DO NOTHING')
      .run(stream);
    database.prepare('UPDATE stream SET rev = rev + 1 WHERE name = ?').run(stream);
    database.prepare('UPDATE log SET head = head + 1').run();
    database
      .prepare(
        `INSERT INTO event (pos, stream, rev, id, type, json, created, data, meta)
         SELECT log.head, stream.id, stream.rev, unhex(?, '-'), ?, ?, ?, ?, ? FROM log, stream WHERE stream.name = ?`,
      )
      .run(randomUUID(), type, json ? 1 : 0, Date.now(), data, meta, stream);
  }
  database.close();
}
