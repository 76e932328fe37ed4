/** What an append does to a stream: the rules of EventStoreDB (IndexWriter.CheckCommit), as one pure function. */

/** `revision` is that of the last event, -1 where there is none. */
export interface StreamState {
  readonly state: 'absent' | 'present' | 'soft-deleted' | 'tombstoned';
  readonly revision: number;
}

export const EXPECTED_NO_STREAM = -1;
export const EXPECTED_ANY = -2;
export const EXPECTED_EXISTS = -4;

export interface EventsOfStream {
  /** Id of the event at a revision; null where there is none (any more). */
  idAt(revision: number): string | null;
  /** Revision of an event among those committed recently; null when not known. Best effort. */
  recentRevision(id: string): number | null;
}

export type AppendDecision =
  | { readonly kind: 'append' }
  /** Written before: `revision` is that of the last of the same events. */
  | { readonly kind: 'repeat'; readonly revision: number }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'tombstoned' };

const APPEND: AppendDecision = { kind: 'append' };
const CONFLICT: AppendDecision = { kind: 'conflict' };
const TOMBSTONED: AppendDecision = { kind: 'tombstoned' };

/** Of no ids: the expectation alone, answered by `append` or `conflict`. */
export function decideAppend(
  stream: StreamState,
  expected: number,
  append: { readonly ids: readonly string[]; readonly events: EventsOfStream },
): AppendDecision {
  if (stream.state === 'tombstoned') return TOMBSTONED;
  if (expected === EXPECTED_EXISTS && stream.state !== 'present') return CONFLICT;
  if (expected === EXPECTED_ANY || expected === EXPECTED_EXISTS) return decideWeakly(append);
  if (expected === stream.revision) return APPEND;
  if (expected > stream.revision) return CONFLICT;
  return decideRepeat(stream, expected, append);
}

function decideWeakly({
  ids,
  events,
}: {
  readonly ids: readonly string[];
  readonly events: EventsOfStream;
}): AppendDecision {
  let last: number | null = null;
  for (const [index, id] of ids.entries()) {
    const revision = events.recentRevision(id);
    if (revision === null) return index === 0 ? APPEND : CONFLICT;
    last = revision;
  }
  return last === null ? APPEND : { kind: 'repeat', revision: last };
}

function decideRepeat(
  stream: StreamState,
  expected: number,
  { ids, events }: { readonly ids: readonly string[]; readonly events: EventsOfStream },
): AppendDecision {
  for (const [index, id] of ids.entries()) {
    if (events.idAt(expected + 1 + index) === id) continue;
    const recreates = index === 0 && expected === EXPECTED_NO_STREAM && stream.state === 'soft-deleted';
    return recreates ? APPEND : CONFLICT;
  }
  if (ids.length === 0) return CONFLICT;
  return { kind: 'repeat', revision: expected + ids.length };
}
