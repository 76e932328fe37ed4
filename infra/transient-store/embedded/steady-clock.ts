/**
 * A clock for what cannot be undone: it does not follow a jump ahead until that has lasted. A sweep in the minute in which
 * a clock stands a year ahead would take away what keeps used and revoked things dead, and they would live again.
 */

/** Milliseconds by which a clock may run ahead of the time that has passed; more is a jump. */
export const JUMP_MS_MIN = 60_000;
/** Milliseconds that a jump must last to be believed. */
export const JUMP_BELIEVED_MS = 24 * 3_600_000;

export interface Clocks {
  /** Epoch milliseconds; may jump. */
  readonly wall: () => number;
  /** Milliseconds since any moment; never jumps. */
  readonly passed: () => number;
}

/** Epoch milliseconds, never ahead of the wall clock. */
export function createSteadyClock({ wall, passed }: Clocks): () => number {
  let offset = wall() - passed();
  let jumpedAt: number | null = null;
  return () => {
    const nowMs = wall();
    const passedMs = passed();
    const isAhead = nowMs - (passedMs + offset) > JUMP_MS_MIN;
    if (isAhead) jumpedAt ??= passedMs;
    const believed = !isAhead || passedMs - (jumpedAt ?? passedMs) >= JUMP_BELIEVED_MS;
    if (!believed) return passedMs + offset;
    jumpedAt = null;
    offset = nowMs - passedMs;
    return nowMs;
  };
}
