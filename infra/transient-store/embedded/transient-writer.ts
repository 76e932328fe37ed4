/** The transient store's own writer thread: the only one that writes the file. */
import { serveGroupCommit } from '../../sqlite/group-commit-worker.ts';
import { openTransientDatabase, type TransientJob, transientHandler } from './transient-handler.ts';

export interface TransientWriterOptions {
  readonly file: string;
}

await serveGroupCommit<TransientJob, number, TransientWriterOptions>({
  open: ({ file }) => transientHandler(openTransientDatabase(file)),
});
