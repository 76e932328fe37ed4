/** How often an effect that failed is tried again. */
export interface EnginePace {
  /** In place, while what comes after it waits. */
  readonly attemptsInPlace: number;
  readonly pauseInPlaceMs: number;
  /** Parked: doubled with each attempt, up to the most. */
  readonly parkedMsMin: number;
  readonly parkedMsMax: number;
  /** Of all: then it is left to an operator. */
  readonly attemptsMax: number;
  readonly lookEveryMs: number;
}

export const ENGINE_PACE: EnginePace = {
  attemptsInPlace: 3,
  pauseInPlaceMs: 50,
  parkedMsMin: 1_000,
  parkedMsMax: 300_000,
  attemptsMax: 20,
  lookEveryMs: 1_000,
};

/** Between half and the whole, so that many that failed together do not come back together. */
export const withJitter = (ms: number): number => ms * (0.5 + Math.random() / 2);

/** When the next attempt is due; null after the last. */
export function nextAttempt(pace: EnginePace, attempts: number, nowMs: number): number | null {
  if (attempts >= pace.attemptsMax) return null;
  const doublings = attempts - pace.attemptsInPlace;
  return nowMs + withJitter(Math.min(pace.parkedMsMin * 2 ** Math.max(0, doublings), pace.parkedMsMax));
}
