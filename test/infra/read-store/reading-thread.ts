/** Asks for the status of every read model again and again until it is told to stop; any error ends the thread. */
import { workerData } from 'node:worker_threads';
import { openEmbeddedReadStore } from '../../../infra/read-store/embedded/reader.ts';

const { directory, busy } = workerData as { readonly directory: string; readonly busy: Int32Array };
while (Atomics.load(busy, 0) === 0) {
  // A new reader each time: it opens every file anew.
  const store = openEmbeddedReadStore({ directory });
  await store.status();
  await store.close();
}
