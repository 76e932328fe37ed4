import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProgressBoard, type ProgressBoard } from '../../infra/read-store/embedded/progress-board.ts';
import { openEmbeddedReadStore } from '../../infra/read-store/embedded/reader.ts';
import { openEmbeddedReadStoreWriter } from '../../infra/read-store/embedded/writer.ts';
import { type OpenReadStore, readStoreContract } from './read-store.contract.ts';

async function open(board?: ProgressBoard): Promise<OpenReadStore> {
  const directory = mkdtempSync(join(tmpdir(), 'muniment-read-'));
  const options = { directory, ...(board === undefined ? {} : { board }) };
  let writer = openEmbeddedReadStoreWriter(options);
  const store = openEmbeddedReadStore(options);
  return {
    writer,
    store,
    async reopenWriter() {
      await writer.close();
      writer = openEmbeddedReadStoreWriter(options);
      return writer;
    },
    async close() {
      await store.close();
      await writer.close();
      rmSync(directory, { recursive: true });
    },
  };
}

readStoreContract('embedded, with a progress board', () => open(createProgressBoard(['things'])));
readStoreContract('embedded, without one', () => open());
