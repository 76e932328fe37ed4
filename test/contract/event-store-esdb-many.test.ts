/** One connection takes so many calls at a time, and servers take a flood of broken-off calls for an attack. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { dbClientDriver } from '../../infra/event-store/esdb/db-client-driver.ts';
import { newEvents } from '../support/event-store.ts';
import { type EsdbUnderTest, esdbUnderTest } from '../support/event-store-esdb.ts';

const AT_ONCE = 300;
const ROUNDS = 8;

let under: EsdbUnderTest;
beforeEach(async () => {
  under = await esdbUnderTest(dbClientDriver);
});
afterEach(() => under.dispose());

it('answers hundreds of questions at once, round after round, on one connection', async () => {
  const { store } = under;
  await store.append('user-asked', 'no-stream', newEvents(3));
  for (let round = 0; round < ROUNDS; round += 1) {
    const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => store.streamInfo('user-asked')));
    expect(new Set(answers.map(({ revision }) => revision))).toEqual(new Set([2n]));
  }
});
