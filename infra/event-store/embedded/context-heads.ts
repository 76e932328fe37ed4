/** How far the log has come in the contexts that somebody asks about; the one writer's process hears of every append. */

export class ContextHeads {
  readonly #readHead: () => bigint;
  /** By prefix of event types. Few: each append is compared with all of them. */
  readonly #known = new Map<string, bigint>();

  constructor(readHead: () => bigint) {
    this.#readHead = readHead;
  }

  /** No earlier than the last event of the context. */
  of(context: string): bigint {
    const known = this.#known.get(context);
    if (known !== undefined) return known;
    const head = this.#readHead();
    this.#known.set(context, head);
    return head;
  }

  advance(types: readonly { readonly type: string }[], position: bigint): void {
    for (const [context, known] of this.#known) {
      if (position > known && types.some(({ type }) => type.startsWith(context))) this.#known.set(context, position);
    }
  }

  /** Nobody knows what was written: the file is asked again. */
  forget(): void {
    this.#known.clear();
  }
}
