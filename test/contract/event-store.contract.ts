/** What every event store must do. A store passes if all of it holds. */
import { afterEach, beforeEach, describe } from 'vitest';
import { appendContract } from './event-store-append.contract.ts';
import { idempotencyContract } from './event-store-idempotency.contract.ts';
import { orderContract } from './event-store-order.contract.ts';
import { readContract } from './event-store-read.contract.ts';
import { removalContract } from './event-store-removal.contract.ts';
import { subscriptionContract } from './event-store-subscription.contract.ts';
import type { Opened, StoreFactory, StoreUnderTest } from './event-store-under-test.ts';

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
