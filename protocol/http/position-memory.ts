/**
 * Where in the log each caller's last write stands, so that a caller who knows nothing of positions still reads his own
 * writes. Bounded: a forgotten caller reads what the read models have, which is late by milliseconds.
 */
import { LRUCache } from 'lru-cache';
import { laterPosition, type Position } from '../../infra/event-store/position.ts';

export const REMEMBERED_CALLERS_MAX = 50_000;

export interface PositionMemory {
  recall(callerKey: string): Position | null | Promise<Position | null>;
  /** Where it takes time, the answer waits for it: the caller may ask elsewhere at once. */
  remember(callerKey: string, position: Position): void | Promise<void>;
}

export function createPositionMemory(callersMax: number = REMEMBERED_CALLERS_MAX): PositionMemory {
  const positions = new LRUCache<string, Position>({ max: callersMax });
  return {
    recall: (callerKey) => positions.get(callerKey) ?? null,
    remember(callerKey, position) {
      const known = positions.get(callerKey);
      positions.set(callerKey, known === undefined ? position : laterPosition(known, position));
    },
  };
}
