/**
 * A commit of several keys without a transaction of the server.
 *
 * 1. A record `pending` is written.
 * 2. One ordered batch puts an intent on each key, in the order of the keys, where the expectation holds and no other
 *    commit has one. The intent carries what the key will hold.
 * 3. The record turns from `pending` to `committed`: this one write decides for all keys.
 * 4. Each intent becomes the entry; then the record goes.
 *
 * Whoever meets an intent asks its record. `committed`: the intent counts, and anyone may carry it out. `aborted` or gone:
 * the former entry counts, and anyone may take the intent off; a record goes only when none of its intents is left to
 * carry out. `pending`: the former entry counts; who wants to write waits, and after PENDING_MS_MAX by its own watch
 * turns the record to `aborted`, which the maker notices at step 3. No clock of one node is compared with another's.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type AnyBulkWriteOperation, type Collection, MongoError } from 'mongodb';
import { isDuplicateKey } from '../../mongo/connection.ts';
import type { TransientOp } from '../transient-store.ts';
import { type Content, contentOf, type EntryDocument, guardOf, holds, keyFields, nameOf, ttlOf } from './entry.ts';

export interface CommitRecord {
  readonly _id: string;
  readonly state: 'pending' | 'committed' | 'aborted';
  readonly keys: readonly string[];
  readonly at: Date;
}

/** How long a commit that stands in the way may take before it is taken for dead. */
export const PENDING_MS_MAX = 2_000;
const PAUSE_MS_MAX = 20;

export interface GroupPlace {
  readonly entries: Collection<EntryDocument>;
  readonly commits: Collection<CommitRecord>;
}

/** `blocked`: by other commits, which are out of the way now. */
export type Outcome = 'committed' | 'refused' | 'blocked';

interface Attempt {
  readonly ops: readonly TransientOp[];
  readonly nowMs: number;
  readonly commit: string;
}

export async function commitGroup(place: GroupPlace, ops: readonly TransientOp[], nowMs: number): Promise<Outcome> {
  const sorted = ops.toSorted((a, b) => (nameOf(a.key) < nameOf(b.key) ? -1 : 1));
  const attempt: Attempt = { ops: sorted, nowMs, commit: randomUUID() };
  const keys = sorted.map(({ key }) => nameOf(key));
  await place.commits.insertOne({ _id: attempt.commit, state: 'pending', keys, at: new Date() });
  if (!(await placeIntents(place, attempt))) {
    const seen = await seenBy(place, attempt);
    await abort(place, { commit: attempt.commit, keys, nowMs });
    if (!seen.refused) await Promise.all(seen.blocking.map((document) => settle(place, document, nowMs)));
    return seen.refused ? 'refused' : 'blocked';
  }
  if (!(await decide(place, attempt.commit, 'committed')) && !(await isCommitted(place, attempt.commit))) {
    await takeOff(place, { commit: attempt.commit, keys, nowMs });
    return 'blocked';
  }
  await finishNow(place, attempt.commit, keys);
  return 'committed';
}

/** True when every key has this commit's intent. */
async function placeIntents({ entries }: GroupPlace, { ops, nowMs, commit }: Attempt): Promise<boolean> {
  const at = new Date();
  const writes = ops.map((op): AnyBulkWriteOperation<EntryDocument> => {
    const put = op.op === 'put' ? contentOf(op, nowMs) : null;
    const set = { $set: { intent: { commit, put, at } }, $unset: { ttl: '' as const } };
    // An entry with a version that was read is there; any other may have to be made.
    const upsert = typeof op.expect !== 'number';
    const update = upsert ? { ...set, $setOnInsert: keyFields(op.key) } : set;
    return { updateOne: { filter: guardOf(op, nowMs), update, upsert } };
  });
  try {
    const { matchedCount, upsertedCount } = await entries.bulkWrite(writes, { ordered: true });
    return matchedCount + upsertedCount === ops.length;
  } catch (error) {
    if (isDuplicateKey(error)) return false;
    throw error;
  }
}

interface Seen {
  readonly refused: boolean;
  readonly blocking: readonly EntryDocument[];
}

/** Why an intent could not be placed. An expectation is only refused on a key that nobody holds. */
async function seenBy({ entries }: GroupPlace, { ops, nowMs, commit }: Attempt): Promise<Seen> {
  const found = await entries.find({ _id: { $in: ops.map(({ key }) => nameOf(key)) } }).toArray();
  const byName = new Map(found.map((document) => [document._id, document]));
  const blocking = found.filter(({ intent }) => intent !== undefined && intent.commit !== commit);
  const refused = ops.some((op) => {
    const document = byName.get(nameOf(op.key)) ?? null;
    return document?.intent === undefined && !holds(op, document, nowMs);
  });
  return { refused, blocking };
}

/** False: it was decided otherwise before. */
async function decide({ commits }: GroupPlace, commit: string, state: 'committed' | 'aborted'): Promise<boolean> {
  const { matchedCount } = await commits.updateOne({ _id: commit, state: 'pending' }, { $set: { state } });
  return matchedCount === 1;
}

/** The decision arrived, and only its answer was lost: asked again, it matched nothing. */
async function isCommitted({ commits }: GroupPlace, commit: string): Promise<boolean> {
  return (await commits.findOne({ _id: commit, state: 'committed' })) !== null;
}

interface Held {
  readonly commit: string;
  readonly keys: readonly string[];
  readonly nowMs: number;
}

async function abort(place: GroupPlace, held: Held): Promise<void> {
  await decide(place, held.commit, 'aborted');
  await takeOff(place, held);
}

async function takeOff(place: GroupPlace, { commit, keys, nowMs }: Held): Promise<void> {
  const documents = await place.entries.find({ _id: { $in: [...keys] }, 'intent.commit': commit }).toArray();
  await Promise.all(documents.map((document) => rollBack(place, document, nowMs)));
  await place.commits.deleteOne({ _id: commit, state: 'aborted' });
}

async function finishNow(place: GroupPlace, commit: string, keys: readonly string[]): Promise<void> {
  try {
    await finish(place, commit, keys);
  } catch (error) {
    // It is decided: whoever meets one of its intents carries it out.
    if (!(error instanceof MongoError)) throw error;
  }
}

/** Step 4, by the maker or by whoever finds it undone. */
export async function finish(place: GroupPlace, commit: string, keys: readonly string[]): Promise<void> {
  const documents = await place.entries.find({ _id: { $in: [...keys] }, 'intent.commit': commit }).toArray();
  if (documents.length > 0) {
    await place.entries.bulkWrite(documents.map(carryOut), { ordered: false });
  }
  await place.commits.deleteOne({ _id: commit, state: 'committed' });
}

function carryOut({ _id, intent, type, tenant, id }: EntryDocument): AnyBulkWriteOperation<EntryDocument> {
  const filter = { _id, 'intent.commit': intent?.commit ?? '' };
  const put = intent?.put ?? null;
  if (put === null) return { deleteOne: { filter } };
  return { replaceOne: { filter, replacement: { type, tenant, id, ...put } } };
}

async function rollBack({ entries }: GroupPlace, document: EntryDocument, nowMs: number): Promise<void> {
  const { _id, intent, expiresAt } = document;
  const filter = { _id, 'intent.commit': intent?.commit ?? '' };
  if (expiresAt === undefined) await entries.deleteOne(filter);
  else await entries.updateOne(filter, { $unset: { intent: '' }, $set: { ttl: ttlOf(expiresAt, nowMs) } });
}

/** Resolves when the intent that the document had is off, one way or the other. */
export async function settle(place: GroupPlace, document: EntryDocument, nowMs: number): Promise<void> {
  const commit = document.intent?.commit;
  if (commit === undefined) return;
  const deadline = performance.now() + PENDING_MS_MAX;
  for (;;) {
    const record = await place.commits.findOne({ _id: commit });
    if (record?.state === 'committed') return finish(place, commit, record.keys);
    if (record?.state !== 'pending') return rollBack(place, document, nowMs);
    if (performance.now() > deadline) await decide(place, commit, 'aborted');
    else await pause(1 + Math.random() * PAUSE_MS_MAX);
    if (!(await isHeld(place, document._id, commit))) return;
  }
}

async function isHeld({ entries }: GroupPlace, name: string, commit: string): Promise<boolean> {
  return (await entries.findOne({ _id: name, 'intent.commit': commit }, { projection: { _id: 1 } })) !== null;
}

/** What counts now. Writes nothing and waits for nobody. */
export async function contentNow(place: GroupPlace, found: EntryDocument | null): Promise<Partial<Content> | null> {
  let document = found;
  while (document?.intent !== undefined) {
    const { commit, put } = document.intent;
    const record = await place.commits.findOne({ _id: commit });
    if (record?.state === 'committed') return put;
    if (record !== null) return document;
    // Gone: it was carried out since, or it is off and this intent came after.
    const again = await place.entries.findOne({ _id: document._id });
    if (again?.intent?.commit === commit) return again;
    document = again;
  }
  return document;
}
