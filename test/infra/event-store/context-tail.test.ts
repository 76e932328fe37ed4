/** How far one context has come on a log that others write to: never less than what is there, with few reads. */
import { beforeEach, expect, it } from 'vitest';
import { ContextTail } from '../../../infra/event-store/esdb/context-tail.ts';
import type { DriverEvent, DriverRead } from '../../../infra/event-store/esdb/driver.ts';
import type { Position } from '../../../infra/event-store/position.ts';

const at = (place: number): Position => ({ commit: BigInt(place), prepare: BigInt(place) });

let types: string[];
let heads: number;
let reads: bigint[];
let failure: Error | null;
let tail: ContextTail;

beforeEach(() => {
  [types, heads, reads, failure] = [[], 0, [], null];
  const log = {
    async head() {
      heads += 1;
      const last = types.findLastIndex((type) => !type.startsWith('$'));
      return last === -1 ? null : at(last);
    },
    readFrom(from: Position) {
      reads.push(from.commit);
      return readOf(from);
    },
  };
  tail = new ContextTail(log, 'access.');
});

const event = (type: string, place: number): DriverEvent => ({
  id: `${place}`,
  type,
  stream: 'user-1',
  revision: BigInt(place),
  position: at(place),
  recordedAt: new Date(place),
  data: {},
  meta: null,
});

/** What is there when the read begins. */
function readOf({ commit }: Position): DriverRead {
  const there = [...types];
  return {
    cancel: () => undefined,
    async *[Symbol.asyncIterator]() {
      if (failure !== null) throw failure;
      for (const [place, type] of there.entries()) if (BigInt(place) >= commit) yield event(type, place);
    },
  };
}

const other = (count: number): void =>
  void types.push(...Array.from({ length: count }, () => 'identity.user.changed.v1'));

it('is null while the log is empty', async () => {
  expect(await tail.head()).toBeNull();
  other(1);
  expect(await tail.head()).toEqual(at(0));
});

it('stays where it is while others write, and goes on with an event of the context', async () => {
  types.push('access.role.created.v1');
  expect(await tail.head()).toEqual(at(0));
  other(40);
  expect(await tail.head()).toEqual(at(0));
  other(40);
  expect(await tail.head()).toEqual(at(0));
  types.push('access.role.deleted.v1');
  other(3);
  expect(await tail.head()).toEqual(at(81));
  expect(heads).toBe(1);
});

it('is the head where too much is new to be read, and goes on from there', async () => {
  types.push('access.role.created.v1');
  await tail.head();
  other(500);
  expect(await tail.head()).toEqual(at(500));
  other(5);
  expect(await tail.head()).toEqual(at(500));
  expect(heads).toBe(2);
});

it('reads the events of the server once', async () => {
  other(1);
  await tail.head();
  types.push(...Array.from({ length: 500 }, () => '$statsCollected'));
  expect(await tail.head()).toEqual(at(0));
  expect(await tail.head()).toEqual(at(0));
  expect([heads, reads]).toEqual([1, [0n, 500n]]);
});

it('shares a read among those who wait, and gives nobody what was read before he asked', async () => {
  other(1);
  await tail.head();
  const early = tail.head();
  const late = Array.from({ length: 100 }, () => {
    types.push('access.role.created.v1');
    return tail.head();
  });
  await early;
  expect(await Promise.all(late)).toEqual(late.map(() => at(100)));
  expect(reads).toHaveLength(2);
});

it('fails with the store and works again with it', async () => {
  other(1);
  await tail.head();
  types.push('access.role.created.v1');
  failure = new Error('gone');
  await expect(Promise.all([tail.head(), tail.head()])).rejects.toThrow('gone');
  failure = null;
  expect(await tail.head()).toEqual(at(1));
});
