/**
 * One writer per file. An exclusive lock of the operating system on a file beside the log decides; it ends with the
 * process that holds it. The row in the log names the holder, and protects where a file system's locks do not work.
 */
import { hostname } from 'node:os';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { type Database, openDatabase } from '../../sqlite/database.ts';
import { sqliteFault } from '../../sqlite/fault.ts';
import { JobRefused } from '../../sqlite/group-commit.ts';
import { type LogRow, readLogRow } from './schema.ts';
import type { LogRefusal } from './writer-jobs.ts';

export interface WriterLock {
  release(): void;
}

const refuse = (message: string): JobRefused => new JobRefused({ kind: 'cannot-open', message } satisfies LogRefusal);

/** Throws {@link JobRefused} with a sentence for the operator. */
export function lockFile(file: string): WriterLock {
  let lock: DatabaseSync;
  try {
    lock = new DatabaseSync(`${file}-lock`, { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    if (sqliteFault(error) === 'busy') throw refuse(heldSentence(file));
    throw unwritable(file, error);
  }
  return { release: () => lock.close() };
}

/** The error itself, unless it says that the file cannot be written. */
export function unwritable(file: string, error: unknown): unknown {
  if (sqliteFault(error) !== 'read-only') return error;
  return refuse(`the log ${file} cannot be written: check that its folder exists, its permissions and its mount`);
}

function heldSentence(file: string): string {
  const advice = 'stop that process, or read the log there with mode reader';
  try {
    const database = openDatabase({ file, readOnly: true });
    const row = readLogRow(database);
    database.close();
    return `the log ${file} is being written by process ${row.writer_pid} on ${row.writer_host}: ${advice}`;
  } catch (error) {
    // The holder has only just begun to create it.
    return `the log ${file} is being written by another process (${(error as Error).message}): ${advice}`;
  }
}

/** Refuses when the row's writer shows a sign of life although the operating system gave us the lock. */
export async function checkFormerWriter(database: Database, file: string, heartbeatMs: number): Promise<void> {
  const before = readLogRow(database);
  if (!mayBeAlive(before, heartbeatMs)) return;
  const until = Date.now() + 2.5 * heartbeatMs;
  while (Date.now() < until) {
    await pause(heartbeatMs / 4);
    if (readLogRow(database).writer_heartbeat === before.writer_heartbeat) continue;
    throw refuse(
      `the log ${file} is being written by process ${before.writer_pid} on ${before.writer_host}, and its file system ` +
        'does not keep locks: stop that process and move the log to a local disk',
    );
  }
}

function mayBeAlive(
  { writer_pid: pid, writer_host: host, writer_heartbeat: heartbeat }: LogRow,
  heartbeatMs: number,
): boolean {
  if (pid === null || heartbeat === null) return false;
  if (Date.now() - heartbeat > 3 * heartbeatMs) return false;
  if (host !== hostname()) return true;
  return pid !== process.pid && isRunning(pid);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs under another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Returns the epoch that every commit of this writer must still find in the file. */
export function takeOver(database: Database): number {
  return database.transaction(() => {
    const epoch = readLogRow(database).writer_epoch + 1;
    database
      .statement('UPDATE log SET writer_epoch = ?, writer_pid = ?, writer_host = ?, writer_heartbeat = ?')
      .run(epoch, process.pid, hostname(), Date.now());
    return epoch;
  });
}

export function beat(database: Database, epoch: number): void {
  try {
    database.statement('UPDATE log SET writer_heartbeat = ? WHERE writer_epoch = ?').run(Date.now(), epoch);
  } catch (error) {
    // A missed beat harms nobody: the lock itself is held. Other faults end the writer.
    const fault = sqliteFault(error);
    if (fault !== 'full' && fault !== 'busy') throw error;
  }
}

export function signOff(database: Database, epoch: number): void {
  database
    .statement('UPDATE log SET writer_pid = NULL, writer_host = NULL, writer_heartbeat = NULL WHERE writer_epoch = ?')
    .run(epoch);
}
