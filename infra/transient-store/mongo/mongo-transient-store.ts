/**
 * Short-lived state in MongoDB, for any number of nodes at once.
 *
 * A commit of one key is one conditional write; of several, see commit-group.ts. Both are atomic for every reader and
 * writer, and durable on most nodes of the set when they resolve, whatever they need to survive.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Collection } from 'mongodb';
import type { Json } from '../../../domain/json.ts';
import {
  connectMongo,
  isDuplicateKey,
  type MongoConnection,
  type MongoPlace,
  mongoHealth,
} from '../../mongo/connection.ts';
import { assertCommitFits, BY_TAG_ENTRIES_MAX, SWEEP_BATCH_ENTRIES } from '../commit-limits.ts';
import type { TransientEntry, TransientKey, TransientOp, TransientStore, TransientType } from '../transient-store.ts';
import { type CommitRecord, commitGroup, contentNow, type GroupPlace, type Outcome, settle } from './commit-group.ts';
import { contentOf, type EntryDocument, entryOf, guardOf, holds, isLive, keyFields, nameOf } from './entry.ts';
import { sweepCommits, sweepEntries } from './sweep.ts';

const ENTRIES = 'transient_entries';
const COMMITS = 'transient_commits';

/** A commit that met others all this time is a fault of the world around it. */
export const COMMIT_MS_MAX = 10_000;
const RETRY_PAUSE_MS_MAX = 25;

export interface MongoTransientStoreOptions extends MongoPlace {
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** What is expired by it is removed for good; must not jump ahead. Default: `clock`. */
  readonly sweepClock?: () => number;
}

/** Others kept writing the same keys for too long. Nothing was written. */
export class TransientContention extends Error {
  constructor(key: TransientKey) {
    super(`commits of a ${key.type} met others for ${COMMIT_MS_MAX} ms`);
    this.name = 'TransientContention';
  }
}

export async function openMongoTransientStore(options: MongoTransientStoreOptions): Promise<TransientStore> {
  const connection = await connectMongo(options);
  const place = {
    entries: connection.db.collection<EntryDocument>(ENTRIES),
    commits: connection.db.collection<CommitRecord>(COMMITS),
  };
  try {
    await makeIndexes(place.entries);
  } catch (error) {
    await connection.close();
    throw error;
  }
  const { clock, sweepClock = clock } = options;
  return new MongoTransientStore(connection, place, { now: clock, sweep: sweepClock });
}

async function makeIndexes(entries: Collection<EntryDocument>): Promise<void> {
  await entries.createIndexes([
    { key: { type: 1, tenant: 1, tags: 1, id: 1 } },
    { key: { 'intent.put.tags': 1 }, sparse: true },
    { key: { expiresAt: 1 } },
    { key: { 'intent.at': 1 }, sparse: true },
    { key: { ttl: 1 }, expireAfterSeconds: 0 },
  ]);
}

class MongoTransientStore implements TransientStore {
  readonly #connection: MongoConnection;
  readonly #place: GroupPlace;
  readonly #clock: () => number;
  readonly #sweepClock: () => number;

  constructor(connection: MongoConnection, place: GroupPlace, clocks: { now: () => number; sweep: () => number }) {
    this.#connection = connection;
    this.#place = place;
    this.#clock = clocks.now;
    this.#sweepClock = clocks.sweep;
  }

  async get<Value extends Json>(key: TransientKey): Promise<TransientEntry<Value> | null> {
    const content = await contentNow(this.#place, await this.#place.entries.findOne({ _id: nameOf(key) }));
    return isLive(content, this.#clock()) ? entryOf<Value>(content) : null;
  }

  async commit(ops: readonly TransientOp[]): Promise<boolean> {
    const [first] = ops;
    if (first === undefined) return true;
    assertCommitFits(ops);
    const deadline = performance.now() + COMMIT_MS_MAX;
    for (;;) {
      const nowMs = this.#clock();
      const outcome = ops.length === 1 ? await this.#write(first, nowMs) : await commitGroup(this.#place, ops, nowMs);
      if (outcome !== 'blocked') return outcome === 'committed';
      if (performance.now() > deadline) throw new TransientContention(first.key);
      await pause(Math.random() * RETRY_PAUSE_MS_MAX);
    }
  }

  async byTag<Value extends Json>(query: {
    readonly type: TransientType;
    readonly tenant: string;
    readonly tag: string;
    readonly limit: number;
    readonly afterId?: string;
  }): Promise<readonly { readonly id: string; readonly entry: TransientEntry<Value> }[]> {
    const limit = Math.min(query.limit, BY_TAG_ENTRIES_MAX);
    const found: { id: string; entry: TransientEntry<Value> }[] = [];
    let after = query.afterId ?? '';
    while (found.length < limit) {
      const batch = await this.#tagged(query, after, limit - found.length);
      for (const document of batch) {
        const content = await contentNow(this.#place, document);
        if (!isLive(content, this.#clock()) || !content.tags.includes(query.tag)) continue;
        found.push({ id: document.id, entry: entryOf<Value>(content) });
      }
      const last = batch.at(-1);
      if (last === undefined) break;
      after = last.id;
    }
    return found;
  }

  async sweep(): Promise<number> {
    const nowMs = this.#sweepClock();
    await sweepCommits(this.#place, nowMs);
    return sweepEntries(this.#place, { nowMs, batch: SWEEP_BATCH_ENTRIES });
  }

  health(): Promise<{ ok: boolean; detail: string }> {
    return mongoHealth(this.#connection.db);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  /** Entries with the tag, or that a commit under way is about to give it to. */
  #tagged(
    { type, tenant, tag }: { readonly type: TransientType; readonly tenant: string; readonly tag: string },
    after: string,
    limit: number,
  ): Promise<EntryDocument[]> {
    const listed = { type, tenant, id: { $gt: after } };
    const live = { tags: tag, $or: [{ expiresAt: { $gt: this.#clock() } }, { intent: { $exists: true } }] };
    return this.#place.entries
      .find({
        $or: [
          { ...listed, ...live },
          { ...listed, 'intent.put.tags': tag },
        ],
      })
      .sort({ id: 1 })
      .limit(limit)
      .toArray();
  }

  async #write(op: TransientOp, nowMs: number): Promise<Outcome> {
    if (await this.#isWritten(op, nowMs)) return 'committed';
    const document = await this.#place.entries.findOne({ _id: nameOf(op.key) });
    if (document?.intent !== undefined) {
      await settle(this.#place, document, nowMs);
      return 'blocked';
    }
    if (op.op === 'remove' && op.expect === 'any' && document === null) return 'committed';
    // What refused it may be gone again.
    return holds(op, document, nowMs) ? 'blocked' : 'refused';
  }

  async #isWritten(op: TransientOp, nowMs: number): Promise<boolean> {
    const { entries } = this.#place;
    const guard = guardOf(op, nowMs);
    if (op.op === 'remove') return (await entries.deleteOne(guard)).deletedCount === 1;
    const replacement = { ...keyFields(op.key), ...contentOf(op, nowMs) };
    try {
      const upsert = typeof op.expect !== 'number';
      const { matchedCount, upsertedCount } = await entries.replaceOne(guard, replacement, { upsert });
      return matchedCount + upsertedCount === 1;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }
}
