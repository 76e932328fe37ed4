/** Entry of the writer thread: the only place that writes to the log's file. */
import { openDatabase } from '../../sqlite/database.ts';
import { JobRefused } from '../../sqlite/group-commit.ts';
import { type GroupCommitHandler, serveGroupCommit } from '../../sqlite/group-commit-worker.ts';
import { findDamage } from './integrity.ts';
import { LogWriter } from './log-writer.ts';
import { compact } from './scavenge.ts';
import { createTables, readLogRow } from './schema.ts';
import type { LogJob, LogRefusal, LogReply, LogWriterOptions } from './writer-jobs.ts';
import { beat, checkFormerWriter, lockFile, signOff, takeOver, unwritable, type WriterLock } from './writer-lock.ts';

const CACHE_KIB = 32_768;

await serveGroupCommit<LogJob, LogReply, LogWriterOptions>({
  async open(options) {
    const lock = lockFile(options.file);
    try {
      return await openLog(options, lock);
    } catch (error) {
      lock.release();
      throw unwritable(options.file, error);
    }
  },
});

async function openLog(options: LogWriterOptions, lock: WriterLock): Promise<GroupCommitHandler<LogJob, LogReply>> {
  const { file, durability, heartbeatMs } = options;
  const database = openDatabase({ file, durability, secureDelete: true, cacheKib: CACHE_KIB });
  createTables(database);
  await checkFormerWriter(database, file, heartbeatMs);
  if (readLogRow(database).writer_pid !== null) {
    const damage = findDamage(database);
    if (damage !== null) {
      database.close();
      throw new JobRefused({
        kind: 'cannot-open',
        message: `the log ${file} needs a restore: ${damage}`,
      } satisfies LogRefusal);
    }
  }
  const epoch = takeOver(database);
  const timer = setInterval(() => beat(database, epoch), heartbeatMs);
  timer.unref();

  const { head, identity } = readLogRow(database);
  const writer = new LogWriter(database, options, { epoch, head });
  return {
    database,
    info: { identity },
    apply: (job) => writer.apply(job),
    isAlone: (job) => 'kind' in job && job.kind === 'compact',
    applyAlone: () => compact(database),
    beforeCommit: () => writer.beforeCommit(),
    afterCommit: () => writer.afterCommit(),
    afterRollback: () => writer.afterRollback(),
    beforeClose() {
      clearInterval(timer);
      signOff(database, epoch);
    },
    afterClose: () => lock.release(),
  };
}
