/** After an erasure no file of the read models holds a byte of the person. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EngineHouse, engineHouse } from '../support/engine-house.ts';
import { changed, erased, notesProjection, written } from '../support/note-projection.ts';

const PEOPLE = 400;
const WAIT_MS = 5_000;
/** Long enough that no other text holds it by chance, spread so that index pages split on both sides of it. */
const secretOf = (number: number): string =>
  `${((number * 7_919) % 1_000).toString(36)}zq${number}xvwjkqzhk${number * 31}`;

describe('forgetting', () => {
  let house: EngineHouse;
  beforeEach(async () => {
    house = await engineHouse([notesProjection()]);
    for (let number = 0; number < PEOPLE; number += 1) {
      const padding = 'lorem ipsum '.repeat(number % 50);
      await house.append(`p${number}`, [
        written(`former ${secretOf(number)}`),
        changed(`${padding}${secretOf(number)} end`),
      ]);
    }
  });
  afterEach(() => house.close());

  const bytes = (): Buffer =>
    Buffer.concat(readdirSync(house.directory).map((file) => readFileSync(join(house.directory, file))));
  const holders = (): readonly number[] => {
    const all = bytes();
    return Array.from({ length: PEOPLE }, (_, number) => number).filter((number) => all.includes(secretOf(number)));
  };
  const erase = async (numbers: readonly number[]) => {
    for (const number of numbers) await house.append(`p${number}`, [erased()]);
    const { position } = await house.append('last', [written('the last')]);
    await house.store.waitFor('notes', position, WAIT_MS);
  };
  const chosen = Array.from({ length: PEOPLE }, (_, number) => number).filter((number) => number % 7 === 3);
  const others = Array.from({ length: PEOPLE }, (_, number) => number).filter((number) => number % 7 !== 3);

  it('[SEC-L5] leaves no byte of an erased person in tables, indexes, trigram index or write-ahead log', async () => {
    await erase(chosen);
    await expect.poll(holders).toEqual(others);
    const filter = { op: 'contains', path: 'text', value: secretOf(3) } as const;
    expect((await house.store.query({ collection: 'notes', tenant: 't', filter, limit: 10 })).documents).toEqual([]);
  });

  it('[SEC-L5] forgets while readers come and go', async () => {
    let isOver = false;
    const reading = (async () => {
      while (!isOver) {
        await house.documents('notes');
        await nextTurn();
      }
    })();
    await erase(chosen);
    isOver = true;
    await reading;
    await expect.poll(holders).toEqual(others);
  });

  it('[SEC-L5] has nothing of an erased person after a rebuild', async () => {
    await erase(chosen);
    await house.engine.rebuild('notes');
    const found = await house.documents('notes');
    expect(found.map(({ id }) => id)).not.toContain('p3');
    // Events of this test are not sealed, so the rebuild saw the text once more and removed it again.
    await expect.poll(holders).toEqual(others);
  });

  it('[SEC-L6] takes an erasure while the projection rebuilds, and a second one', async () => {
    const rebuilding = house.engine.rebuild('notes');
    await erase([...chosen, ...chosen]);
    await rebuilding;
    await expect.poll(() => house.engine.status()[0]?.state).toBe('live');
    await erase(chosen);
    await expect.poll(holders).toEqual(others);
  });
});
