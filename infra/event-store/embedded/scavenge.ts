/** Deletes what retention hides. The last event of a stream stays, so that revisions and positions never restart. */
import type { Database } from '../../sqlite/database.ts';
import { PRESENT } from './schema.ts';
import type { StreamRow } from './stream-rows.ts';
import type { CompactReply, ScavengeJob, ScavengeReply } from './writer-jobs.ts';

const STREAMS_PER_JOB = 200;

export function scavenge(database: Database, { afterStream, limit }: ScavengeJob, nowMs: number): ScavengeReply {
  const streams = database
    .statement('SELECT * FROM stream WHERE retained = 1 AND id > ? ORDER BY id LIMIT ?')
    .all(afterStream, STREAMS_PER_JOB) as unknown as StreamRow[];
  let deleted = 0;
  let finished = afterStream;
  for (const stream of streams) {
    const room = limit - deleted;
    const { changes } = database
      .statement(
        'DELETE FROM event WHERE pos IN (SELECT pos FROM event WHERE stream = ? AND rev < ? ORDER BY rev LIMIT ?)',
      )
      .run(stream.id, firstKept(database, stream, nowMs), room);
    deleted += Number(changes);
    if (Number(changes) === room) return [deleted, finished];
    finished = stream.id;
  }
  return [deleted, streams.length < STREAMS_PER_JOB ? null : finished];
}

function firstKept(database: Database, stream: StreamRow, nowMs: number): number {
  if (stream.state !== PRESENT) return stream.rev;
  let first = stream.tb ?? 0;
  if (stream.max_count !== null) first = Math.max(first, stream.rev - stream.max_count + 1);
  if (stream.max_age_s !== null) {
    const young = database
      .statement('SELECT rev FROM event WHERE stream = ? AND created >= ? ORDER BY rev LIMIT 1')
      .get(stream.id, nowMs - stream.max_age_s * 1000);
    first = Math.max(first, young === undefined ? stream.rev : Number(young.rev));
  }
  return Math.min(first, stream.rev);
}

/** 8 MiB: a few milliseconds, in which no append is written. */
const PAGES_PER_JOB = 2_048;

/** Outside a transaction: gives free pages back to the disk, some at a time, and empties the write-ahead log in the end. */
export function compact(database: Database): CompactReply {
  database.exec(`PRAGMA incremental_vacuum(${PAGES_PER_JOB})`);
  const free = Number(database.statement('PRAGMA freelist_count').get()?.freelist_count);
  if (free > 0) return [free, false];
  return [0, database.statement('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy === 0];
}
