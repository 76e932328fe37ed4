/**
 * How far each projection has come, in memory that the projector's thread and the readers share: one look costs no
 * system call, and a waiting reader is woken instead of asking again.
 *
 * Only one thread writes. A slot is read under a sequence lock, since commit and prepare are two words.
 */
import { comparePositions, type Position } from '../../event-store/position.ts';

/** Words of 64 bits in a slot: sequence, commit, prepare, generation. */
const SLOT_WORDS = 4;
const SEQUENCE = 0;
const COMMIT = 1;
const PREPARE = 2;
const GENERATION = 3;
const NOTHING = -1n;

/** Can be given to a worker thread as it is. */
export interface ProgressBoard {
  readonly projections: readonly string[];
  readonly memory: SharedArrayBuffer;
}

export function createProgressBoard(projections: readonly string[]): ProgressBoard {
  const memory = new SharedArrayBuffer(projections.length * SLOT_WORDS * BigInt64Array.BYTES_PER_ELEMENT);
  const words = new BigInt64Array(memory);
  for (let slot = 0; slot < projections.length; slot += 1) words[slot * SLOT_WORDS + COMMIT] = NOTHING;
  return { projections, memory };
}

/** Null when the board has no slot of that name. */
export function boardSlot(board: ProgressBoard, projection: string): BoardSlot | null {
  const index = board.projections.indexOf(projection);
  return index < 0 ? null : new BoardSlot(board.memory, index * SLOT_WORDS);
}

export class BoardSlot {
  readonly #words: BigInt64Array;
  readonly #at: number;

  constructor(memory: SharedArrayBuffer, at: number) {
    this.#words = new BigInt64Array(memory);
    this.#at = at;
  }

  /** For the writing thread, after its commit. */
  publish(position: Position | null, generation: number): void {
    const words = this.#words;
    const at = this.#at;
    Atomics.add(words, at + SEQUENCE, 1n);
    Atomics.store(words, at + COMMIT, position?.commit ?? NOTHING);
    Atomics.store(words, at + PREPARE, position?.prepare ?? NOTHING);
    Atomics.store(words, at + GENERATION, BigInt(generation));
    Atomics.add(words, at + SEQUENCE, 1n);
    Atomics.notify(words, at + SEQUENCE);
  }

  get generation(): number {
    return Number(Atomics.load(this.#words, this.#at + GENERATION));
  }

  /** Null: nothing was read yet. */
  get position(): Position | null {
    const words = this.#words;
    const at = this.#at;
    for (;;) {
      const sequence = Atomics.load(words, at + SEQUENCE);
      const commit = Atomics.load(words, at + COMMIT);
      const prepare = Atomics.load(words, at + PREPARE);
      const isTorn = (sequence & 1n) === 1n || Atomics.load(words, at + SEQUENCE) !== sequence;
      if (!isTorn) return commit === NOTHING ? null : { commit, prepare };
    }
  }

  hasReached(position: Position): boolean {
    const reached = this.position;
    return reached !== null && comparePositions(reached, position) >= 0;
  }

  /** Holds no timer beyond the time-out and no thread. */
  async waitFor(position: Position, timeoutMs: number): Promise<'reached' | 'behind'> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const sequence = Atomics.load(this.#words, this.#at + SEQUENCE);
      if (this.hasReached(position)) return 'reached';
      const left = deadline - performance.now();
      if (left <= 0) return 'behind';
      const wait = Atomics.waitAsync(this.#words, this.#at + SEQUENCE, sequence, left);
      if (wait.async) await wait.value;
    }
  }
}
