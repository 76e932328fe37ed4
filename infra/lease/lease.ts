/**
 * The port to leases: work that one node at a time may do (feeding read models, relaying to a stream).
 *
 * A holder that dies is followed by another within {@link TAKEOVER_MS_MAX}. A holder that is only slow learns of it by
 * `lost`, perhaps late: what must never be done twice has to be guarded by the token at its target.
 */

/** From the last sign of life of a holder to the next one's start, while somebody waits. */
export const TAKEOVER_MS_MAX = 10_000;

export interface Lease {
  readonly name: string;
  /** Greater for each holder than for every one before it. */
  readonly token: number;
  /** Aborted once the lease is lost, or can no longer be known to be held. Work under it ends then. */
  readonly lost: AbortSignal;
  /** Asks the store: false once another came after. */
  isHeld(): Promise<boolean>;
  /** Lets the next one begin at once; for one that is lost already it changes nothing. */
  release(): Promise<void>;
}

export interface Leases {
  /** Waits for its turn; rejects with the signal's reason when aborted before. */
  acquire(name: string, signal?: AbortSignal): Promise<Lease>;
  /** The token of the holder that was there last; null when there never was one. */
  lastToken(name: string): Promise<number | null>;
  /** Releases what is still held. */
  close(): Promise<void>;
}
