/** The projector thread: follows the log as a reader and is the only writer of the read models. */
import { parentPort, workerData } from 'node:worker_threads';
import type { EventMarks } from '../domain/event-marks.ts';
import { createEventCodec } from '../infra/event-codec/sealing-codec.ts';
import { openEmbeddedEventStore } from '../infra/event-store/embedded/embedded-event-store.ts';
import type { ProgressBoard } from '../infra/read-store/embedded/progress-board.ts';
import { openEmbeddedReadStoreWriter } from '../infra/read-store/embedded/writer.ts';
import { openEmbeddedVault } from '../infra/vault/embedded/embedded-vault.ts';
import { projections } from '../projections/catalogue.ts';
import { runProjections } from '../projections/engine.ts';
import type { ProjectorAnswer, ProjectorRequest } from './projector-link.ts';
import type { SharedStores } from './stores.ts';

type ProjectorData = SharedStores & { readonly board: ProgressBoard; readonly marks: EventMarks };

const port = parentPort;
if (port === null) throw new Error('the projector runs as a worker thread');

const { directory, deploymentKey, headSignal, board, marks } = workerData as ProjectorData;
const store = await openEmbeddedEventStore({ directory, mode: 'reader', durability: 'full', headSignal });
const vault = await openEmbeddedVault({ directory, deploymentKey: Buffer.from(deploymentKey), mode: 'reader' });
const writer = openEmbeddedReadStoreWriter({ directory, board });
const codec = createEventCodec({ vault, catalogue: marks });
const abort = new AbortController();

const engine = await runProjections({
  store,
  codec,
  writer,
  projections,
  signal: abort.signal,
  onError: (error, { projection: name }) => {
    port.postMessage({ kind: 'failed', name, message: String(error) } satisfies ProjectorAnswer);
  },
});

port.on('message', (request: ProjectorRequest) => void answer(request));
port.postMessage({ kind: 'ready' } satisfies ProjectorAnswer);

async function answer({ id, op, name }: ProjectorRequest): Promise<void> {
  try {
    port?.postMessage({ kind: 'answer', id, value: await perform(op, name) } satisfies ProjectorAnswer);
    if (op === 'stop') port?.close(); // the thread ends with its last handle
  } catch (error) {
    port?.postMessage({ kind: 'refused', id, message: (error as Error).message } satisfies ProjectorAnswer);
  }
}

async function perform(op: ProjectorRequest['op'], name: string): Promise<unknown> {
  switch (op) {
    case 'status':
      return await engine.status();
    case 'rebuild':
      return await engine.rebuild(name);
    case 'retry':
      return await engine.retry(name);
    case 'stop':
      abort.abort();
      await engine.stop();
      await writer.close();
      await vault.close();
      await store.close();
      return null;
    default:
      return op satisfies never;
  }
}
