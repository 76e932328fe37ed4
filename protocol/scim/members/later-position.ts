import { laterPosition, type Position } from '../../../infra/event-store/position.ts';

/** Of two places in the log, the later one; null is before everything. */
export const later = (a: Position | null, b: Position | null): Position | null =>
  a === null || b === null ? (a ?? b) : laterPosition(a, b);
