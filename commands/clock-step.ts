/** Clocks are set back now and then. What claims to be from later than now was made while the clock was wrong. */

/** Milliseconds; clocks that are kept by a time service differ by less. */
export const CLOCK_STEP_MS_MAX = 60_000;

/** It would live until the clock came there again: it counts as over. */
export const isFromLater = (madeAtMs: number, nowMs: number): boolean => madeAtMs > nowMs + CLOCK_STEP_MS_MAX;
