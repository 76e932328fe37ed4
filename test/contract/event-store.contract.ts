/** What every event store must do. A store passes if all of it holds. */
import { afterEach, beforeEach, describe } from 'vitest';
import type { EventStore } from '../../infra/event-store/event-store.ts';
import { appendContract } from './event-store-append.contract.ts';
import { idempotencyContract } from './event-store-idempotency.contract.ts';
import { orderContract } from './event-store-order.contract.ts';
import { readContract } from './event-store-read.contract.ts';
import { removalContract } from './event-store-removal.contract.ts';
import { subscriptionContract } from './event-store-subscription.contract.ts';

/** A store of an event as another program would have written it. */
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

export function eventStoreContract(name: string, factory: StoreFactory): void {
  describe(`event store contract: ${name}`, () => {
    let current: StoreUnderTest;
    beforeEach(async () => {
      current = await factory();
    });
    afterEach(() => current.dispose());
    const opened: Opened = () => current;

    describe('appending', () => appendContract(opened));
    describe('repeated appends', () => idempotencyContract(opened));
    describe('reading', () => readContract(opened));
    describe('order', () => orderContract(opened));
    describe('subscribing', () => subscriptionContract(opened));
    describe('retention and removal', () => removalContract(opened));
  });
}
