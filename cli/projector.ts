/** The projector thread: follows the log as a reader and is the only writer of the read models. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { EventMarks } from '../domain/event-marks.ts';
import { createEventCodec } from '../infra/event-codec/sealing-codec.ts';
import { openEmbeddedEventStore } from '../infra/event-store/embedded/embedded-event-store.ts';
import { releaseStartMemory } from '../infra/memory/start-memory.ts';
import type { ProgressBoard } from '../infra/read-store/embedded/progress-board.ts';
import { openEmbeddedReadStoreWriter } from '../infra/read-store/embedded/writer.ts';
import { openEmbeddedVault } from '../infra/vault/embedded/embedded-vault.ts';
import { projections } from '../projections/catalogue.ts';
import { type ProjectionEngine, runProjections } from '../projections/engine.ts';
import type { ProjectorAnswer, ProjectorRequest } from './projector-link.ts';
import type { SharedStores } from './stores.ts';

type ProjectorData = SharedStores & { readonly board: ProgressBoard; readonly marks: EventMarks };

// Imported in the main thread only to fill the compile cache.
if (parentPort !== null) await project(parentPort, workerData as ProjectorData);

async function project(port: MessagePort, data: ProjectorData): Promise<void> {
  const { directory, deploymentKey, headSignal, board, marks } = data;
  const store = await openEmbeddedEventStore({ directory, mode: 'reader', durability: 'full', headSignal });
  const vault = await openEmbeddedVault({ directory, deploymentKey: Buffer.from(deploymentKey), mode: 'reader' });
  const writer = openEmbeddedReadStoreWriter({ directory, board });
  const codec = createEventCodec({ vault, catalogue: marks });
  const abort = new AbortController();
  const tell = (answer: ProjectorAnswer) => port.postMessage(answer);

  const engine = await runProjections({
    store,
    codec,
    writer,
    projections,
    signal: abort.signal,
    onError: (error, { projection: name }) => tell({ kind: 'failed', name, message: String(error) }),
  });
  const stop = async () => {
    abort.abort();
    await engine.stop();
    await writer.close();
    await vault.close();
    await store.close();
  };

  port.on('message', async ({ id, op, name }: ProjectorRequest) => {
    try {
      tell({ kind: 'answer', id, value: await perform(engine, stop, { op, name }) });
      if (op === 'stop') port.close(); // the thread ends with its last handle
    } catch (error) {
      tell({ kind: 'refused', id, message: (error as Error).message });
    }
  });
  tell({ kind: 'ready' });
  releaseStartMemory();
}

async function perform(
  engine: ProjectionEngine,
  stop: () => Promise<void>,
  { op, name }: Pick<ProjectorRequest, 'op' | 'name'>,
): Promise<unknown> {
  switch (op) {
    case 'status':
      return await engine.status();
    case 'rebuild':
      return await engine.rebuild(name);
    case 'retry':
      return await engine.retry(name);
    case 'stop':
      await stop();
      return null;
    default:
      return op satisfies never;
  }
}
