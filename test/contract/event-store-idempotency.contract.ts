import { expect, it } from 'vitest';
import { WrongExpectedRevision } from '../../infra/event-store/errors.ts';
import type { Expected, NewEvent } from '../../infra/event-store/event-store.ts';
import { collect, idsOf, newEvent, newEvents, newStream } from '../support/event-store.ts';
import type { Opened } from './event-store-under-test.ts';

/**
 * Appends in the shorthand of EventStoreDB's own tests: `0em1` is event 0 expecting no stream, `2e1` event 2 expecting
 * revision 1, `0any` event 0 expecting anything; what stands between S and E is one append.
 */
export const EQUIVALENCE_CASES: readonly (readonly [
  written: string,
  last: string,
  outcome: 'repeat' | 'append' | 'conflict',
])[] = [
  ['0em1 1e0 2e1 3e2 4e3 5e4', '0em1', 'repeat'],
  ['0em1 1e0 2e1 3e2 4e3 5e4', '0any', 'repeat'],
  ['0em1 1e0 2e1 3e2 4e3 5e4', '0e5', 'append'],
  ['0em1 1e0 2e1 3e2 4e3 5e4', '0e6', 'conflict'],
  ['0em1 1e0 2e1 3e2 4e3 5e4', '0e4', 'conflict'],
  ['0em1', '0e0', 'append'],
  ['S 0em1 1em1 E', 'S 0em1 E', 'repeat'],
  ['S 0em1 1em1 E', 'S 1e0 E', 'repeat'],
  ['S 0em1 1em1 E', 'S 0any E', 'repeat'],
  ['S 0em1 1em1 E', 'S 1any E', 'repeat'],
  ['S 0em1 1em1 E', 'S 0em1 1em1 2em1 E', 'conflict'],
];

export interface ShortAppend {
  readonly expected: Expected;
  readonly numbers: readonly number[];
}

export function parseShorthand(text: string): ShortAppend[] {
  const appends: { expected: Expected; numbers: number[] }[] = [];
  let open: { expected: Expected; numbers: number[] } | null = null;
  for (const word of text.split(' ')) {
    const match = /^(\d)(any|e(m1|\d))$/.exec(word);
    if (match === null) {
      open = word === 'S' ? { expected: 'any', numbers: [] } : null;
      if (open !== null) appends.push(open);
      continue;
    }
    const expected = match[2] === 'any' ? 'any' : match[3] === 'm1' ? 'no-stream' : BigInt(match[3] ?? '');
    const append = open ?? { expected, numbers: [] };
    if (open === null) appends.push(append);
    append.expected = expected;
    append.numbers.push(Number(match[1]));
  }
  return appends;
}

export function idempotencyContract(opened: Opened): void {
  it('[E6] answers a repeat with the first result after later appends and after a restart', async () => {
    const stream = newStream();
    const events = newEvents(3);
    const first = await opened().store.append(stream, 'no-stream', events);
    for (let index = 2n; index < 12n; index += 1n) await opened().store.append(stream, index, newEvents(1));
    const before = await opened().store.head();

    expect(await opened().store.append(stream, 'no-stream', events)).toEqual(first);
    const store = await opened().reopen();
    expect(await store.append(stream, 'no-stream', events)).toEqual(first);
    expect(await store.head()).toEqual(before);
  });

  it('[E7] takes the first two of three for a repeat, with the position of the second', async () => {
    const { store } = opened();
    const stream = newStream();
    await store.append(stream, 'no-stream', newEvents(1));
    const events = newEvents(3);
    await store.append(stream, 0n, events);
    const [, , second] = await collect(store.readStream(stream));
    expect(await store.append(stream, 0n, events.slice(0, 2))).toEqual({ revision: 2n, position: second?.position });
    expect(await store.streamInfo(stream)).toMatchObject({ revision: 3n });
  });

  it.each<[string, (first: NewEvent, second: NewEvent) => NewEvent[]]>([
    ['a later one differs', (first) => [first, newEvent()]],
    ['there is one more', (first, second) => [first, second, newEvent()]],
  ])('[E8] refuses a repeat whose first event is the same while %s', async (_, changed) => {
    const { store } = opened();
    const stream = newStream();
    const [first, second] = [newEvent(), newEvent()];
    const { position } = await store.append(stream, 'no-stream', [first, second]);
    await expect(store.append(stream, 'no-stream', changed(first, second))).rejects.toMatchObject({
      name: WrongExpectedRevision.name,
      actual: 1n,
    });
    expect(await store.head()).toEqual(position);
  });

  it('[E9] recognises an immediate repeat with any and with exists', async () => {
    const { store } = opened();
    const stream = newStream();
    const events = newEvents(2);
    const first = await store.append(stream, 'any', events);
    expect(await store.append(stream, 'any', events)).toEqual(first);
    expect(await store.append(stream, 'exists', events)).toEqual(first);
    expect(idsOf(await collect(store.readStream(stream)))).toEqual(idsOf(events));
  });

  it('[E9] appends with any an event that another stream has', async () => {
    const { store } = opened();
    const events = newEvents(1);
    await store.append(newStream(), 'any', events);
    const second = newStream();
    await store.append(second, 'any', events);
    expect(await collect(store.readStream(second))).toHaveLength(1);
  });

  it.each(EQUIVALENCE_CASES)('[E10] after %s answers %s with %s', async (written, last, outcome) => {
    const { store } = opened();
    const stream = newStream();
    const events = newEvents(10);
    const append = ({ expected, numbers }: ShortAppend) =>
      store.append(
        stream,
        expected,
        numbers.map((number) => events[number] as NewEvent),
      );
    for (const step of parseShorthand(written)) await append(step);
    const before = await store.streamInfo(stream);

    const [step] = parseShorthand(last);
    const answer = append(step as ShortAppend);

    if (outcome === 'conflict') await expect(answer).rejects.toBeInstanceOf(WrongExpectedRevision);
    else await answer;
    const grown = outcome === 'append' ? 1n : 0n;
    expect(await store.streamInfo(stream)).toEqual({ state: 'present', revision: (before.revision ?? 0n) + grown });
  });
}
