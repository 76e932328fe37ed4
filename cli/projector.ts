/** The projector thread: follows the log as a reader and is the only writer of the read models of its process. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { EventMarks } from '../domain/event-marks.ts';
import { createEventCodec } from '../infra/event-codec/sealing-codec.ts';
import { releaseStartMemory } from '../infra/memory/start-memory.ts';
import type { ProgressBoard } from '../infra/read-store/embedded/progress-board.ts';
import type { ReadStoreWriter } from '../infra/read-store/read-store.ts';
import { projections } from '../projections/catalogue.ts';
import { type ProjectionEngineOptions, runProjections } from '../projections/engine.ts';
import type { ControlledProjections } from './control-socket.ts';
import type { ProjectorAnswer, ProjectorRequest } from './projector-link.ts';
import { isShared, openStoreParts, type StoreParts } from './store-parts.ts';
import type { SharedStores } from './stores.ts';

type ProjectorData = SharedStores & { readonly board: ProgressBoard | null; readonly marks: EventMarks };

type Projecting = ControlledProjections & { stop(): Promise<void> };

// Imported in the main thread only to fill the compile cache.
if (parentPort !== null) await project(parentPort, workerData as ProjectorData);

async function project(port: MessagePort, data: ProjectorData): Promise<void> {
  const { choices, headSignal, board, marks } = data;
  const parts = await openStoreParts(data);
  const store = await parts.eventStore({ mode: 'reader', headSignal });
  const vault = await parts.vaultReader();
  const writer = await parts.readStoreWriter(board);
  const tell = (answer: ProjectorAnswer) => port.postMessage(answer);
  const options: ProjectionEngineOptions = {
    store,
    codec: createEventCodec({ vault, catalogue: marks }),
    writer,
    projections,
    isAway: (error) => parts.isAway(error),
    onError: (error, { projection: name }) => tell({ kind: 'failed', name, message: String(error) }),
  };
  const engine = isShared(choices.reads) ? await ledProjections(options, parts) : await ownProjections(options);
  const stop = async () => {
    await engine.stop();
    await writer.close();
    await vault.close();
    await store.close();
    await parts.close();
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

function ownProjections(options: ProjectionEngineOptions): Promise<Projecting> {
  return runProjections(options);
}

async function ledProjections(
  options: ProjectionEngineOptions & { readonly writer: ReadStoreWriter },
  parts: StoreParts,
): Promise<Projecting> {
  const { LedProjections } = await import('../projections/led-projections.ts');
  const leases = await parts.leases('projectors');
  const reads = await parts.readStore(null);
  const led = new LedProjections({ ...options, leases, reads });
  return {
    status: () => led.status(),
    rebuild: (name) => led.rebuild(name),
    retry: (name) => led.retry(name),
    async stop() {
      await led.stop();
      await leases.close();
      await reads.close();
    },
  };
}

async function perform(
  engine: Projecting,
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
