/** What a read model is made from: pure handlers from one event to writes, keyed by event type. */
import type { DomainEvent } from '../domain/event.ts';
import type { Collection, Write } from '../infra/read-store/read-store.ts';

/** An event as handlers see it: decoded, unsealed, lifted to its newest version. */
export type Handler = (event: DomainEvent) => readonly Write[];

export interface Projection {
  readonly name: string;
  /** Raised when the shape of a document changes: the engine builds the new one beside the old and switches. */
  readonly version: number;
  readonly collections: readonly Collection[];
  /** Types without a handler are passed over; a newer version of a handled type parks the projection. */
  readonly handlers: ReadonlyMap<string, Handler>;
}
