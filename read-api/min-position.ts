/** Waits until a read model has seen what the caller has: his own last write, or the position he names. */
import type { Position } from '../infra/event-store/position.ts';
import type { ReadStore } from '../infra/read-store/read-store.ts';

export const CATCH_UP_MS_MAX = 2_000;
const RETRY_AFTER_S = 1;

/** 503 with `Retry-After`: the read model is not as far as the caller asks for. */
export class ReadModelBehind extends Error {
  readonly retryAfterS = RETRY_AFTER_S;

  constructor(collection: string) {
    super(`read model ${collection} has not reached the position asked for`);
    this.name = 'ReadModelBehind';
  }
}

export async function reachPosition(
  readStore: Pick<ReadStore, 'waitFor'>,
  collection: string,
  minPosition: Position | null,
): Promise<void> {
  if (minPosition === null) return;
  const reached = await readStore.waitFor(collection, minPosition, CATCH_UP_MS_MAX);
  if (reached === 'behind') throw new ReadModelBehind(collection);
}
