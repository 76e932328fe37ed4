/** What the calling thread and the writer thread say to each other. Flat and of primitives: cheap to clone. */

import { EXPECTED_ANY, EXPECTED_EXISTS, EXPECTED_NO_STREAM } from '../append-decision.ts';
import type { AppendViolation } from '../errors.ts';
import type { Expected } from '../event-store.ts';
import type { StoredBytes } from '../stored-log.ts';

/** Stream, expectation, and the events as `encodeAppend` gives them; data of bytes is not JSON. */
export type AppendPart = readonly [stream: string, expected: number, events: readonly StoredBytes[]];

/** Revisions are numbers here: an embedded log ends long before 2^53. */
export interface RetentionJob {
  readonly kind: 'retention';
  readonly stream: string;
  readonly maxCount: number | null;
  readonly maxAgeSeconds: number | null;
  readonly truncateBefore: number | null;
}

export interface RemovalJob {
  readonly kind: 'delete' | 'tombstone';
  readonly stream: string;
  readonly expected: number;
}

/** Deletes hidden events of the streams behind `afterStream`, at most `limit` at a time. */
export interface ScavengeJob {
  readonly kind: 'scavenge';
  readonly afterStream: number;
  readonly limit: number;
}

/** Several streams at once, and all that is wrong told at once. A part without events is a check. */
export interface SessionJob {
  readonly kind: 'session';
  readonly parts: readonly AppendPart[];
  /** Which part each event is of, in the order of the log. */
  readonly order: readonly number[];
}

/** Gives freed pages back to the file system and empties the write-ahead log. */
export interface CompactJob {
  readonly kind: 'compact';
}

export type LogJob = readonly AppendPart[] | SessionJob | RetentionJob | RemovalJob | ScavengeJob | CompactJob;

/** Position of the last event, then the last revision of every part. */
export type AppendReply = readonly number[];
/** Events deleted, and the last stream that is finished; null when all are. */
export type ScavengeReply = readonly [deleted: number, finishedStream: number | null];
/** True: the write-ahead log is empty. */
/** Free pages left; whether the write-ahead log is empty, because no reader was in the way. */
export type CompactReply = readonly [free: number, compacted: boolean];
export type LogReply = AppendReply | ScavengeReply | CompactReply | null;

export type LogRefusal =
  | { readonly kind: 'conflict'; readonly stream: string; readonly expected: number; readonly actual: number }
  | { readonly kind: 'tombstoned'; readonly stream: string }
  | { readonly kind: 'violations'; readonly violations: readonly AppendViolation[] }
  | { readonly kind: 'no-space'; readonly freeBytes: number; readonly freeBytesMin: number }
  | { readonly kind: 'cannot-open'; readonly message: string };

export interface LogWriterOptions {
  readonly file: string;
  readonly durability: 'full' | 'normal';
  /** One word of 64 bits: position of the last committed event. */
  readonly headSignal: SharedArrayBuffer;
  readonly freeBytesMin: number;
  readonly heartbeatMs: number;
}

export const expectedNumber = (expected: Expected): number => {
  switch (expected) {
    case 'no-stream':
      return EXPECTED_NO_STREAM;
    case 'any':
      return EXPECTED_ANY;
    case 'exists':
      return EXPECTED_EXISTS;
    default:
      return Number(expected);
  }
};

export const expectedOf = (number: number): Expected => {
  switch (number) {
    case EXPECTED_NO_STREAM:
      return 'no-stream';
    case EXPECTED_ANY:
      return 'any';
    case EXPECTED_EXISTS:
      return 'exists';
    default:
      return BigInt(number);
  }
};
