/** Calls that stay open: how many there may be, what ends them, and what is counted of them. */
import { GRANT_CHECKED_EVERY_MS, type Grant } from './authorize.ts';
import { accessDenied, tooMany, type WireError } from './wire-error.ts';

/** A client that needs more opens another connection. */
export const SUBSCRIPTIONS_PER_CONNECTION_MAX = 100;
export const SUBSCRIPTIONS_MAX = 1_000;

export interface SubscriptionLimits {
  readonly perConnection: number;
  readonly total: number;
}

export class OpenSubscriptions {
  readonly #limits: SubscriptionLimits;
  readonly #changed: (open: number) => void;
  readonly #byPeer = new Map<string, number>();
  #open = 0;

  constructor(limits: SubscriptionLimits, changed: (open: number) => void) {
    this.#limits = limits;
    this.#changed = changed;
  }

  /** `peer` names the connection. Throws where there are too many; returns what frees the place, once. */
  take(peer: string): () => void {
    const ofPeer = this.#byPeer.get(peer) ?? 0;
    if (ofPeer >= this.#limits.perConnection)
      throw tooMany(`a connection may have ${this.#limits.perConnection} subscriptions`);
    if (this.#open >= this.#limits.total) throw tooMany(`there may be ${this.#limits.total} subscriptions`);
    this.#byPeer.set(peer, ofPeer + 1);
    this.#count(1);
    return () => {
      const left = (this.#byPeer.get(peer) ?? 1) - 1;
      if (left === 0) this.#byPeer.delete(peer);
      else this.#byPeer.set(peer, left);
      this.#count(-1);
    };
  }

  #count(change: number): void {
    this.#open += change;
    this.#changed(this.#open);
  }
}

/** Calls `lost` once when the caller's right is gone, or when it cannot be told whether he has it. */
export function watchGrant(
  grant: Grant,
  signal: AbortSignal,
  { lost, onFault }: { readonly lost: (error: WireError) => void; readonly onFault: (error: unknown) => void },
): void {
  const timer = setInterval(() => void check(), GRANT_CHECKED_EVERY_MS);
  timer.unref();
  const stop = (): void => clearInterval(timer);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  async function check(): Promise<void> {
    try {
      if (signal.aborted || (await grant.holds())) return;
    } catch (error) {
      onFault(error);
    }
    stop();
    lost(accessDenied());
  }
}
