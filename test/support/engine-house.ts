/** A log, a read store and an engine over them, in one folder. */
import { join } from 'node:path';
import type { EventCodec } from '../../infra/event-codec/event-codec.ts';
import type { AppendResult, NewEvent } from '../../infra/event-store/event-store.ts';
import { createProgressBoard } from '../../infra/read-store/embedded/progress-board.ts';
import { openEmbeddedReadStore } from '../../infra/read-store/embedded/reader.ts';
import { type EmbeddedReadStoreWriter, openEmbeddedReadStoreWriter } from '../../infra/read-store/embedded/writer.ts';
import type { Document, ReadStore } from '../../infra/read-store/read-store.ts';
import { type ProjectionEngine, runProjections } from '../../projections/engine.ts';
import type { Projection } from '../../projections/projection.ts';
import { embeddedUnderTest } from './event-store-embedded.ts';
import { plainCodec } from './note-projection.ts';

export interface EngineHouse {
  readonly directory: string;
  readonly store: ReadStore;
  readonly engine: ProjectionEngine;
  readonly errors: readonly unknown[];
  append(note: string, events: readonly NewEvent[]): Promise<AppendResult>;
  /** A later process: other projections, the same files. */
  restart(projections: readonly Projection[], codec?: Pick<EventCodec, 'decode'>): Promise<void>;
  stop(): Promise<void>;
  documents(collection: string): Promise<readonly Document[]>;
  close(): Promise<void>;
}

export async function engineHouse(projections: readonly Projection[]): Promise<EngineHouse> {
  const log = await embeddedUnderTest();
  const directory = join(log.directory, 'read');
  const errors: unknown[] = [];
  let store: ReadStore;
  let writer: EmbeddedReadStoreWriter;
  let engine: ProjectionEngine;

  const start = async (wanted: readonly Projection[], codec = plainCodec) => {
    const board = createProgressBoard(wanted.map(({ name }) => name));
    writer = openEmbeddedReadStoreWriter({ directory, board });
    store = openEmbeddedReadStore({ directory, board });
    engine = await runProjections({
      store: log.store,
      codec: codec as EventCodec,
      writer,
      projections: wanted,
      onError: (error) => errors.push(error),
    });
  };
  const stop = async () => {
    await engine.stop();
    await store.close();
    await writer.close();
  };
  await start(projections);

  return {
    directory,
    errors,
    get store() {
      return store;
    },
    get engine() {
      return engine;
    },
    append: (note, events) => log.store.append(`note-${note}`, 'any', events),
    async restart(wanted, codec) {
      await stop();
      await start(wanted, codec);
    },
    stop,
    documents: async (collection) =>
      (await store.query({ collection, tenant: 't', limit: 1000, sort: { path: 'text', direction: 'ascending' } }))
        .documents,
    async close() {
      await stop();
      await log.dispose();
    },
  };
}
