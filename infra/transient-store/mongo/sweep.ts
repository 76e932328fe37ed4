/** Takes away what has expired, and carries out or takes off what commits of dead processes left behind. */
import { finish, type GroupPlace, PENDING_MS_MAX, settle } from './commit-group.ts';

/** By the server's hours at most a commit of a living process; its age decides only when to look, never what counts. */
const LEFT_BEHIND_MS_MIN = 30 * PENDING_MS_MAX;

interface Sweep {
  readonly nowMs: number;
  readonly batch: number;
}

export async function sweepEntries({ entries }: GroupPlace, { nowMs, batch }: Sweep): Promise<number> {
  const expired = { expiresAt: { $lte: nowMs }, intent: { $exists: false } };
  let removed = 0;
  for (;;) {
    const found = await entries
      .find(expired, { projection: { _id: 1 } })
      .limit(batch)
      .toArray();
    if (found.length === 0) return removed;
    const { deletedCount } = await entries.deleteMany({ ...expired, _id: { $in: found.map(({ _id }) => _id) } });
    removed += deletedCount;
  }
}

export async function sweepCommits(place: GroupPlace, nowMs: number): Promise<void> {
  const before = new Date(Date.now() - LEFT_BEHIND_MS_MIN);
  const held = await place.entries.find({ 'intent.at': { $lt: before } }).toArray();
  for (const document of held) await settle(place, document, nowMs);
  const records = await place.commits.find({ at: { $lt: before } }).toArray();
  for (const { _id, state, keys } of records) {
    if (state === 'committed') await finish(place, _id, keys);
    else await place.commits.deleteOne({ _id, state });
  }
}
