/** What follows a committed event: a name, what it looks at, and the effect. The engine does the rest. */
import type { DomainEvent } from '../domain/event.ts';

export interface EffectScope {
  /** From 1; counts what was tried before a restart too. */
  readonly attempt: number;
  /** Aborted when the server stops or another process takes over. An effect that goes on all the same is only late. */
  readonly signal: AbortSignal;
}

export interface Consumer {
  /** Stable for ever: its checkpoint goes by it. `erasure`, `webhook-delivery`. */
  readonly name: string;
  /** Stream categories: `user`. */
  readonly categories: readonly string[];
  /** Event types in their newest version. */
  readonly types: ReadonlySet<string>;
  /**
   * What a repeat does. `same`: the effect knows the event id and changes nothing (ids derived from it, a write by
   * key). `remember`: the engine remembers what ended for {@link HANDLED_KEPT_MS}; a crash between the effect and that
   * still repeats it.
   */
  readonly onRepeat: 'same' | 'remember';
  /** Rejects when it failed; what it says holds nothing personal. It is tried again. */
  readonly effect: (event: DomainEvent, scope: EffectScope) => Promise<void>;
}

export const HANDLED_KEPT_MS = 7 * 24 * 3_600_000;
