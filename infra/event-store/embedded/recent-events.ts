/** The events committed last, so that a repeat with `any` or `exists` is usually recognised. Lost at a restart. */

export const RECENT_EVENTS_MAX = 32_768;

interface Recent {
  readonly stream: number;
  readonly revision: number;
}

export class RecentEvents {
  readonly #events = new Map<string, Recent>();
  /** Ids in the order of their commit; a ring. */
  readonly #order: string[] = [];
  #next = 0;

  /** Null when not known, or known of another stream. */
  revisionOf(id: string, stream: number): number | null {
    const recent = this.#events.get(id);
    return recent?.stream === stream ? recent.revision : null;
  }

  add(id: string, stream: number, revision: number): void {
    const oldest = this.#order[this.#next];
    if (oldest !== undefined) this.#events.delete(oldest);
    this.#order[this.#next] = id;
    this.#next = (this.#next + 1) % RECENT_EVENTS_MAX;
    this.#events.set(id, { stream, revision });
  }

  clear(): void {
    this.#events.clear();
    this.#order.length = 0;
    this.#next = 0;
  }
}
