/**
 * Between events as the domain speaks of them and events as the log keeps them: seals and opens personal values by the
 * schemas of the event catalogue, and lifts old versions to the newest.
 */
import type { DomainEvent, EventMeta, Fact } from '../../domain/event.ts';
import type { NewEvent, RecordedEvent } from '../event-store/event-store.ts';

/** Where a request came from. Describes a person, so it is sealed by the actor's key. */
export interface RequestSource {
  readonly ip: string;
  readonly userAgent: string | null;
}

export interface EventToEncode {
  readonly id: string;
  readonly fact: Fact;
  /** `subject` names the key that seals; required for a type with personal values. */
  readonly meta: EventMeta;
  /** Sealed by `sourceSubject`'s key into `meta.source`. */
  readonly source?: RequestSource & { readonly subject: string };
}

export interface EventCodec {
  /** Seals. The data keys must exist in the vault; one look-up for all. */
  encode(events: readonly EventToEncode[]): Promise<readonly NewEvent[]>;
  /**
   * Opens and lifts; one key look-up for all. A destroyed key leaves values absent and `erased` true, never an error.
   * One stored event may become several (a split), with the same position and revision. A type or version that the
   * catalogue does not know passes unchanged: consumers ignore what they do not handle.
   */
  decode(events: readonly RecordedEvent[]): Promise<readonly DomainEvent[]>;
  /** Opens `meta.source`; null when absent or erased. */
  openSource(event: Pick<DomainEvent, 'id' | 'type' | 'meta'>): Promise<RequestSource | null>;
}
