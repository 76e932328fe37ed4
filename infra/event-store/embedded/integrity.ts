/** What must hold of a log after its writer was not stopped in good order. */
import type { Database } from '../../sqlite/database.ts';

/** Null when all is well, else what is wrong. Reads the whole file. */
export function findDamage(database: Database): string | null {
  const check = database.statement('PRAGMA quick_check(1)').get()?.quick_check;
  if (check !== 'ok') return `the file is damaged: ${check}`;

  // A scavenge removes only the first events of a stream, so what is left has no holes.
  const gap = database
    .statement(
      `SELECT s.name FROM (
         SELECT stream, min(rev) AS first, max(rev) AS last, count(*) AS events FROM event GROUP BY stream
       ) e LEFT JOIN stream s ON s.id = e.stream
       WHERE s.id IS NULL OR e.last <> s.rev OR e.last - e.first + 1 <> e.events LIMIT 1`,
    )
    .get();
  if (gap !== undefined) return `the revisions of stream ${gap.name} have a gap`;

  const lost = database
    .statement(
      'SELECT name FROM stream WHERE rev >= 0 AND NOT EXISTS (SELECT 1 FROM event WHERE stream = stream.id) LIMIT 1',
    )
    .get();
  if (lost !== undefined) return `the events of stream ${lost.name} are missing`;

  const ahead = database.statement('SELECT 1 FROM event WHERE pos > (SELECT head FROM log) LIMIT 1').get();
  return ahead === undefined ? null : 'events lie behind the recorded end of the log';
}
