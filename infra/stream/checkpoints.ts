/** How far somebody who follows the log has come, kept in the transient store and bound to the log it is a place in. */
import { decodePosition, encodePosition, type Position } from '../event-store/position.ts';
import type { CommitOptions, TransientKey, TransientStore } from '../transient-store/transient-store.ts';

const KEPT_MS = 10 * 365 * 24 * 3_600_000;

export class ForeignCheckpoint extends Error {
  constructor(name: string) {
    super(`the checkpoint ${name} belongs to another log: this data folder holds parts of two installations`);
    this.name = 'ForeignCheckpoint';
  }
}

/** Somebody else has moved it since it was read: what is in hand is his now. */
export class CheckpointMoved extends Error {
  constructor(name: string) {
    super(`the checkpoint ${name} was moved by another process`);
    this.name = 'CheckpointMoved';
  }
}

/** A type, not an interface, as JSON values are. */
type Stored = { readonly position: string; readonly log: string };

export interface CheckpointOptions {
  readonly transient: TransientStore;
  readonly name: string;
  /** Identity of the log. */
  readonly log: string;
  readonly clock: () => number;
}

/** One holder's view: it moves only while nobody else moved it. */
export class Checkpoint {
  readonly #options: CheckpointOptions;
  #version: number | null = null;

  constructor(options: CheckpointOptions) {
    this.#options = options;
  }

  get #key(): TransientKey {
    return { type: 'consumer', tenant: 'server', id: this.#options.name };
  }

  /** Null: nothing was ever stored. Throws {@link ForeignCheckpoint}. */
  async read(): Promise<Position | null> {
    const { transient, name, log } = this.#options;
    const entry = await transient.get<Stored>(this.#key);
    this.#version = entry?.version ?? null;
    if (entry === null) return null;
    if (entry.value.log !== log) throw new ForeignCheckpoint(name);
    return decodePosition(entry.value.position);
  }

  /** Throws {@link CheckpointMoved}. */
  async move(position: Position, options?: CommitOptions): Promise<void> {
    const { transient, name, log, clock } = this.#options;
    const value: Stored = { position: encodePosition(position), log };
    const put = { op: 'put', key: this.#key, value, expiresAtMs: clock() + KEPT_MS } as const;
    const isMoved = await transient.commit([{ ...put, expect: this.#version ?? 'absent' }], options);
    const entry = await transient.get<Stored>(this.#key);
    if (!isMoved && entry?.value.position !== value.position) throw new CheckpointMoved(name);
    this.#version = entry?.version ?? null;
  }
}
