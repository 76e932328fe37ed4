import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AppendResult } from '../../infra/event-store/event-store.ts';
import type { Projection } from '../../projections/projection.ts';
import { type EngineHouse, engineHouse } from '../support/engine-house.ts';
import { changed, noteEvent, notesProjection, plainCodec, removed, written } from '../support/note-projection.ts';

const WAIT_MS = 5_000;
const other = (): Projection => notesProjection('others');

describe('the projection engine', () => {
  let house: EngineHouse;
  beforeEach(async () => {
    house = await engineHouse([notesProjection(), other()]);
  });
  afterEach(() => house.close());

  const level = (collection: string, { position }: AppendResult) => house.store.waitFor(collection, position, WAIT_MS);
  const texts = async (collection = 'notes') => (await house.documents(collection)).map(({ text }) => text);
  const stateOf = (name: string) => house.engine.status().find((status) => status.name === name);

  it('shows every reader his own write once its position is reached', async () => {
    for (let number = 0; number < 100; number += 1) {
      const appended = await house.append(`n${number}`, [written(`text ${number}`)]);
      expect(await level('notes', appended)).toBe('reached');
      expect(await house.store.find('notes', 't', `n${number}`)).toMatchObject({ text: `text ${number}` });
    }
  });

  it('applies the events of a stream in order', async () => {
    await house.append('a', [written('one'), changed('two')]);
    await house.append('b', [written('three'), removed()]);
    const last = await house.append('a', [changed('four')]);
    await level('notes', last);
    expect(await texts()).toEqual(['four']);
  });

  it('tells of a position also where a projection handles nothing of the batch', async () => {
    const appended = await house.append('a', [noteEvent('test.other.happened.v1')]);
    expect(await level('notes', appended)).toBe('reached');
    await expect.poll(() => stateOf('notes')?.state).toBe('live');
    expect((await house.store.status()).map(({ position }) => position)).toEqual([
      appended.position,
      appended.position,
    ]);
  });

  it('[SEC-L7] parks a projection at an event that its handler cannot take, and applies nothing after it', async () => {
    await house.append('a', [written('before')]);
    const poison = await house.append('b', [written('poison')]);
    const last = await house.append('c', [written('after')]);
    await expect.poll(() => stateOf('notes')?.state).toBe('parked');
    expect(await texts()).toEqual(['before']);
    expect(stateOf('notes')?.parked).toMatchObject({
      position: poison.position,
      eventType: 'test.note.written.v1',
      error: 'TypeError: the note has no text',
    });
    expect((await house.store.status()).find(({ name }) => name === 'notes')).toMatchObject({ state: 'parked' });
    expect(await house.store.waitFor('notes', last.position, 20)).toBe('behind');
    expect(house.errors).not.toEqual([]);
  });

  it('[SEC-L7] lets the other projections go on when one is parked', async () => {
    const broken: Projection = { ...notesProjection('broken'), handlers: new Map([['test.note.written.v1', fail]]) };
    await house.restart([notesProjection(), broken]);
    await house.append('a', [written('one')]);
    const last = await house.append('b', [written('two')]);
    expect(await level('notes', last)).toBe('reached');
    expect(await texts()).toEqual(['one', 'two']);
    await expect.poll(() => stateOf('broken')?.state).toBe('parked');
    expect(stateOf('notes')?.state).toBe('live');
  });

  it('[SEC-L7] parks at a newer version of a type that it handles, and passes over a type that it does not', async () => {
    const unknown = await house.append('a', [noteEvent('test.other.happened.v9'), written('one')]);
    expect(await level('notes', unknown)).toBe('reached');
    await house.append('b', [noteEvent('test.note.written.v2', { text: 'x' }), written('two')]);
    await expect.poll(() => stateOf('notes')?.state).toBe('parked');
    expect(stateOf('notes')?.parked?.error).toMatch(/newer than version 1/);
    expect(await texts()).toEqual(['one']);
  });

  it('[SEC-L7] parks at an event that cannot be opened', async () => {
    await house.restart([notesProjection()], {
      async decode(events) {
        if (events.some(({ data }) => data['text'] === 'sealed wrongly')) throw new Error('the envelope does not open');
        return plainCodec.decode(events);
      },
    });
    await house.append('a', [written('one')]);
    await house.append('b', [written('sealed wrongly')]);
    await house.append('c', [written('two')]);
    await expect.poll(() => stateOf('notes')?.state).toBe('parked');
    expect(await texts()).toEqual(['one']);
  });

  it('[SEC-L7] parks at an event whose writes the tables refuse, keeping those before it', async () => {
    const stray: Projection = {
      ...notesProjection(),
      handlers: new Map([
        ...notesProjection().handlers,
        ['test.note.moved.v1', () => [{ kind: 'remove', collection: 'nowhere', id: 'x' }]],
      ]),
    };
    await house.restart([stray]);
    await house.append('a', [written('one'), noteEvent('test.note.moved.v1'), changed('two')]);
    await expect.poll(() => stateOf('notes')?.state).toBe('parked');
    expect(await texts()).toEqual(['one']);
  });

  it('goes on from a parked event when asked to, and at the next start', async () => {
    let isBroken = true;
    const mendable: Projection = {
      ...notesProjection(),
      handlers: new Map(
        [...notesProjection().handlers].map(([type, handler]) => [
          type,
          (event) => (isBroken ? fail() : handler(event)),
        ]),
      ),
    };
    await house.restart([mendable]);
    await house.append('a', [written('one')]);
    await expect.poll(() => stateOf('notes')?.state).toBe('parked');
    await house.engine.retry('notes');
    expect(stateOf('notes')?.state).toBe('parked');

    isBroken = false;
    await house.engine.retry('notes');
    expect(stateOf('notes')?.state).toBe('live');
    await level('notes', await house.append('b', [written('two')]));
    expect(await texts()).toEqual(['one', 'two']);

    isBroken = true;
    const last = await house.append('c', [written('three')]);
    await expect.poll(() => stateOf('notes')?.state).toBe('parked');
    isBroken = false;
    await house.restart([mendable]);
    expect(await level('notes', last)).toBe('reached');
    expect(await texts()).toEqual(['one', 'three', 'two']);
  });

  it('keeps what came before a poisoned event also when it reads the log for the first time', async () => {
    await house.restart([]);
    await house.append('a', [written('one')]);
    await house.append('b', [written('poison')]);
    await house.restart([notesProjection('fresh')]);
    await expect.poll(() => stateOf('fresh')?.state).toBe('parked');
    expect(await texts('fresh')).toEqual(['one']);
  });

  it('[SEC-L8] makes by a rebuild what it had live, byte for byte', async () => {
    await scribble(house);
    const live = await house.documents('notes');
    await house.engine.rebuild('notes');
    expect(JSON.stringify(await house.documents('notes'))).toBe(JSON.stringify(live));
    expect(stateOf('notes')?.state).toBe('live');
    await level('notes', await house.append('z', [written('zz after')]));
    expect((await texts()).at(-1)).toBe('zz after');
  });

  it('[SEC-L8] is the same after events were applied twice', async () => {
    await scribble(house);
    const once = JSON.stringify(await house.documents('notes'));
    const twice: Projection = {
      ...notesProjection(),
      version: 2,
      handlers: new Map(
        [...notesProjection().handlers].map(([type, handler]) => [
          type,
          (event) => [...handler(event), ...handler(event)],
        ]),
      ),
    };
    await house.restart([twice]);
    await expect.poll(() => stateOf('notes')?.state, { timeout: WAIT_MS }).toBe('live');
    expect(JSON.stringify(await house.documents('notes'))).toBe(once);
  });

  it('comes back from the log after its files were deleted', async () => {
    const last = await scribble(house);
    const before = JSON.stringify(await house.documents('notes'));
    const { directory } = house;
    await house.stop();
    rmSync(directory, { recursive: true });
    await house.restart([notesProjection()]);
    expect(await level('notes', last)).toBe('reached');
    expect(JSON.stringify(await house.documents('notes'))).toBe(before);
  });

  it('builds another version beside the live one, which serves meanwhile, and switches when level', async () => {
    const last = await scribble(house);
    const count = (await house.documents('notes')).length;
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await house.restart([notesProjection('notes', 2)], {
      async decode(events) {
        await held;
        return plainCodec.decode(events);
      },
    });
    await expect.poll(() => stateOf('notes')?.state).toBe('rebuilding');
    expect((await house.documents('notes')).map(({ version }) => version)).toEqual(Array(count).fill(1));
    expect(await house.store.waitFor('notes', last.position, 0)).toBe('reached');
    release();
    await expect.poll(() => stateOf('notes')?.state, { timeout: WAIT_MS }).toBe('live');
    expect((await house.documents('notes')).map(({ version }) => version)).toEqual(Array(count).fill(2));
  });

  it('keeps the live generation when a rebuild meets an event that it cannot handle', async () => {
    let isBroken = false;
    const breakable: Projection = {
      ...notesProjection(),
      handlers: new Map(
        [...notesProjection().handlers].map(([type, handler]) => [
          type,
          (event) => (isBroken ? fail() : handler(event)),
        ]),
      ),
    };
    await house.restart([breakable]);
    await level('notes', await house.append('a', [written('one')]));
    isBroken = true;
    await expect(house.engine.rebuild('notes')).rejects.toThrow(/cannot be rebuilt/);
    isBroken = false;
    await level('notes', await house.append('b', [written('two')]));
    expect(await texts()).toEqual(['one', 'two']);
  });

  it('misses nothing that is appended while it rebuilds', async () => {
    await scribble(house);
    let last: AppendResult | undefined;
    const appending = (async () => {
      for (let number = 0; number < 150; number += 1) last = await house.append(`m${number}`, [written(`m ${number}`)]);
    })();
    for (let round = 0; round < 3; round += 1) await house.engine.rebuild('notes');
    await appending;
    await level('notes', last as AppendResult);
    await level('others', last as AppendResult);
    expect(await texts('notes')).toEqual(await texts('others'));
  });
});

function fail(): never {
  throw new Error('cannot');
}

async function scribble(house: EngineHouse): Promise<AppendResult> {
  let last: AppendResult | undefined;
  for (let number = 0; number < 40; number += 1) {
    const events = [written(`text ${number}`), changed(`word ${number % 7} of ${number}`)];
    last = await house.append(`n${number}`, number % 5 === 0 ? [...events, removed()] : events);
  }
  const { position } = last as AppendResult;
  for (const name of ['notes', 'others']) await house.store.waitFor(name, position, WAIT_MS);
  return last as AppendResult;
}
