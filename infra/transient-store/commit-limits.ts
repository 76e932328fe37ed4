/** What one commit may hold, the same for every adapter. */
import type { TransientOp } from './transient-store.ts';

export const COMMIT_OPS_MAX = 100;
export const VALUE_CHARACTERS_MAX = 262_144;
export const ENTRY_TAGS_MAX = 16;
export const BY_TAG_ENTRIES_MAX = 1_000;
/** Removed in one transaction, so that a sweep never holds up other writes for long. */
export const SWEEP_BATCH_ENTRIES = 500;

export function assertCommitFits(ops: readonly TransientOp[]): void {
  if (ops.length > COMMIT_OPS_MAX) throw new RangeError(`a commit holds at most ${COMMIT_OPS_MAX} operations`);
  if (ops.length < 2) return;
  const keys = new Set(ops.map(({ key: { type, tenant, id } }) => JSON.stringify([type, tenant, id])));
  if (keys.size < ops.length) throw new TypeError('a commit of the transient store names one key twice');
}

/** The value as JSON text. */
export function valueText({ key, value, tags = [] }: Extract<TransientOp, { op: 'put' }>): string {
  const text = JSON.stringify(value);
  if (text.length > VALUE_CHARACTERS_MAX) {
    throw new RangeError(`a ${key.type} is beyond ${VALUE_CHARACTERS_MAX} characters`);
  }
  if (tags.length > ENTRY_TAGS_MAX) throw new RangeError(`a ${key.type} has more than ${ENTRY_TAGS_MAX} tags`);
  return text;
}
