/** An entry as MongoDB holds it, and what a write to it must find there. */
import { randomFillSync } from 'node:crypto';
import type { Filter } from 'mongodb';
import type { Json } from '../../../domain/json.ts';
import { valueText } from '../commit-limits.ts';
import type { TransientEntry, TransientKey, TransientOp } from '../transient-store.ts';

/** JSON text, so that no key or value in it means anything to the server. */
export interface Content {
  readonly value: string;
  readonly version: number;
  readonly expiresAt: number;
  readonly tags: readonly string[];
  /** When the server may remove it by itself, by its own clock. */
  readonly ttl: Date;
}

/** A commit of several keys holds this one until it is decided; see commit-group.ts. */
export interface Intent {
  readonly commit: string;
  /** Null: removal. */
  readonly put: Content | null;
  readonly at: Date;
}

/** Without `version` it is there for its intent alone. */
export interface EntryDocument extends Partial<Content> {
  readonly _id: string;
  readonly type: string;
  readonly tenant: string;
  readonly id: string;
  readonly intent?: Intent;
}

/** The server's own removal comes late: `sweep` and reads are exact, this is for what nobody sweeps. */
export const TTL_GRACE_MS = 3_600_000;

export const nameOf = ({ type, tenant, id }: TransientKey): string => JSON.stringify([type, tenant, id]);

export const keyFields = ({ type, tenant, id }: TransientKey) => ({ type, tenant, id });

/** By the life that is left, so that it does not matter whether the server's clock agrees with the store's. */
export const ttlOf = (expiresAtMs: number, nowMs: number): Date =>
  new Date(Date.now() + expiresAtMs - nowMs + TTL_GRACE_MS);

export function contentOf(op: Extract<TransientOp, { op: 'put' }>, nowMs: number): Content {
  const { expiresAtMs, tags = [] } = op;
  const value = valueText(op);
  return { value, version: newVersion(), expiresAt: expiresAtMs, tags, ttl: ttlOf(expiresAtMs, nowMs) };
}

const VERSION_BITS = 53;
const VERSIONS_DRAWN = 256;
const drawn = new BigUint64Array(VERSIONS_DRAWN);
let next = VERSIONS_DRAWN;

/** Drawn, not counted: nodes share no counter, and a key made anew must not meet a former version of it. */
function newVersion(): number {
  if (next === VERSIONS_DRAWN) {
    randomFillSync(drawn);
    next = 0;
  }
  next += 1;
  return Number((drawn[next - 1] ?? 0n) >> BigInt(64 - VERSION_BITS));
}

export const isLive = (content: Partial<Content> | null, nowMs: number): content is Content =>
  content?.version !== undefined && (content.expiresAt ?? 0) > nowMs;

export function holds({ expect }: TransientOp, content: Partial<Content> | null, nowMs: number): boolean {
  if (expect === 'any') return true;
  return expect === 'absent' ? !isLive(content, nowMs) : isLive(content, nowMs) && content.version === expect;
}

/** `holds`, for the server to decide, of an entry that no other commit holds. */
export function guardOf({ key, expect }: TransientOp, nowMs: number): Filter<EntryDocument> {
  const free = { _id: nameOf(key), intent: { $exists: false } };
  if (expect === 'any') return free;
  if (expect === 'absent') return { ...free, $or: [{ version: { $exists: false } }, { expiresAt: { $lte: nowMs } }] };
  return { ...free, version: expect, expiresAt: { $gt: nowMs } };
}

export const entryOf = <Value extends Json>({ value, version, expiresAt }: Content): TransientEntry<Value> => ({
  // Written by `contentOf` alone.
  value: JSON.parse(value) as Value,
  version,
  expiresAtMs: expiresAt,
});
