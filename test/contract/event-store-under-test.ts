/** How the contract meets a store, and what it may do to it. */
import type { EventStore } from '../../infra/event-store/event-store.ts';

/** An event as another program would have written it. */
export interface ForeignEvent {
  readonly stream: string;
  readonly type: string;
  readonly data: string | Uint8Array;
  readonly json: boolean;
  readonly meta: string;
}

export interface StoreUnderTest {
  readonly store: EventStore;
  /** Closes the store and opens it again on the same events. */
  reopen(): Promise<EventStore>;
  /** Writes past the port, while the store is closed; opens it again. */
  reopenWith(events: readonly ForeignEvent[]): Promise<EventStore>;
  /** Closes the store and removes what it kept. */
  dispose(): Promise<void>;
}

export type StoreFactory = () => Promise<StoreUnderTest>;

export type Opened = () => StoreUnderTest;
