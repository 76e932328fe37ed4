/** Positions of callers where every node finds them: who wrote through one reads his writes through another. */
import { comparePositions, decodePosition, encodePosition, type Position } from '../../infra/event-store/position.ts';
import type { Telemetry } from '../../infra/telemetry/telemetry.ts';
import type { TransientKey, TransientStore } from '../../infra/transient-store/transient-store.ts';
import type { PositionMemory } from './position-memory.ts';

/** Later the read models have come past it, or their health says that they stand still. */
const KEPT_MS = 15 * 60_000;
/** One caller's own writes, on several nodes at once. */
const ATTEMPTS_MAX = 20;

export interface SharedPositionsOptions {
  readonly transient: TransientStore;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  readonly log: Telemetry['log'];
}

/** A type and no interface, as JSON values are. */
type Remembered = { readonly position: string };

const keyOf = (callerKey: string): TransientKey => ({ type: 'position', tenant: 'server', id: callerKey });

export function createSharedPositionMemory({ transient, clock, log }: SharedPositionsOptions): PositionMemory {
  async function raise(key: TransientKey, position: Position): Promise<void> {
    const value: Remembered = { position: encodePosition(position) };
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const known = await transient.get<Remembered>(key);
      const at = decodePosition(known?.value.position ?? '');
      if (at !== null && comparePositions(at, position) >= 0) return;
      const expect = known?.version ?? 'absent';
      const put = { op: 'put', key, value, expiresAtMs: clock() + KEPT_MS, expect } as const;
      if (await transient.commit([put], { survives: 'crash' })) return;
    }
  }

  return {
    async recall(callerKey) {
      const known = await transient.get<Remembered>(keyOf(callerKey));
      return decodePosition(known?.value.position ?? '');
    },
    async remember(callerKey, position) {
      try {
        await raise(keyOf(callerKey), position);
      } catch (error) {
        // The change stands: to answer that it failed would be wrong.
        log.warn('position.not.remembered', {
          error,
          action: 'A caller may read the state before his last change until the read models have it.',
        });
      }
    },
  };
}
