/**
 * Answers that cost a scan, kept until the collection is written: totals, and the row numbers of a sorted result.
 * Bounded by the number of row numbers held; the least lately used go first.
 */
/** In row numbers of eight bytes. */
const WEIGHT_MAX = 4_000_000;
/** What an entry costs beside its rows. */
const ENTRY_WEIGHT = 64;
const TOTALS_MAX = 2_000;

/** The first rows of a result in order; `complete` when there are no more. */
export interface RowList {
  readonly rows: readonly number[];
  readonly complete: boolean;
}

export class AnswerCache {
  #counter = -1;
  #held = 0;
  readonly #totals = new Map<string, number>();
  readonly #lists = new Map<string, RowList>();

  /** Drops everything when the collection's write counter moved. */
  at(counter: number): void {
    if (counter === this.#counter) return;
    this.#counter = counter;
    this.#held = 0;
    this.#totals.clear();
    this.#lists.clear();
  }

  total(key: string, count: () => number): number {
    const known = this.#totals.get(key);
    if (known !== undefined) return known;
    const total = count();
    if (this.#totals.size >= TOTALS_MAX) this.#totals.clear();
    this.#totals.set(key, total);
    return total;
  }

  list(key: string): RowList | null {
    const known = this.#lists.get(key);
    if (known === undefined) return null;
    this.#lists.delete(key);
    this.#lists.set(key, known);
    return known;
  }

  keep(key: string, list: RowList): void {
    const former = this.#lists.get(key);
    if (former !== undefined) this.#held -= weightOf(former);
    this.#held += weightOf(list);
    this.#lists.delete(key);
    this.#lists.set(key, list);
    for (const [oldest, other] of this.#lists) {
      if (this.#held <= WEIGHT_MAX || oldest === key) break;
      this.#lists.delete(oldest);
      this.#held -= weightOf(other);
    }
  }
}

const weightOf = ({ rows }: RowList): number => rows.length + ENTRY_WEIGHT;
