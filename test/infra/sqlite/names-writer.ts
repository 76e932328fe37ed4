/** A writer thread over one table of unique names, with jobs that fail in every way a writer can fail. */
import { openDatabase } from '../../../infra/sqlite/database.ts';
import { JobRefused } from '../../../infra/sqlite/group-commit.ts';
import { serveGroupCommit, WriterFenced } from '../../../infra/sqlite/group-commit-worker.ts';

export type NameJob =
  | { readonly kind: 'add'; readonly name: string }
  | { readonly kind: 'vacuum' | 'throw' | 'die' | 'disk-full' | 'fsync-fails' | 'fenced' };

const sqliteError = (errcode: number, message: string): Error => Object.assign(new Error(message), { errcode });

await serveGroupCommit<NameJob, number, { file: string }>({
  open({ file }) {
    if (file === '') throw new JobRefused({ reason: 'no-file' });
    const database = openDatabase({ file });
    database.exec('CREATE TABLE IF NOT EXISTS name (name TEXT PRIMARY KEY) STRICT');
    let group = 0;
    let failing: Error | null = null;
    return {
      database,
      info: { file },
      isAlone: (job) => job.kind === 'vacuum',
      applyAlone: () => {
        database.exec('VACUUM');
        return -1;
      },
      apply(job) {
        if (job.kind === 'die') process.exit(3);
        if (job.kind === 'disk-full') throw sqliteError(13, 'database or disk is full');
        if (job.kind === 'fenced') throw new WriterFenced('the file has another writer');
        if (job.kind === 'fsync-fails') failing = sqliteError(1034, 'disk I/O error');
        if (job.kind === 'throw') {
          database.statement('INSERT INTO name VALUES (?)').run('half written');
          throw new TypeError('a fault in the job');
        }
        if (job.kind !== 'add') return group;
        const taken = database.statement('SELECT 1 FROM name WHERE name = ?').get(job.name) !== undefined;
        if (taken) throw new JobRefused({ taken: job.name });
        database.statement('INSERT INTO name VALUES (?)').run(job.name);
        return group;
      },
      beforeCommit() {
        if (failing !== null) throw failing;
      },
      afterCommit() {
        group += 1;
      },
    };
  },
});
