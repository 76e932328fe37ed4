import { describe, expect, it } from 'vitest';
import {
  type AppendDecision,
  decideAppend,
  EXPECTED_ANY,
  EXPECTED_EXISTS,
  EXPECTED_NO_STREAM,
  type StreamState,
} from '../../../infra/event-store/append-decision.ts';
import {
  EQUIVALENCE_CASES,
  parseShorthand,
  type ShortAppend,
} from '../../contract/event-store-idempotency.contract.ts';

const NO_STREAM = EXPECTED_NO_STREAM;
const ANY = EXPECTED_ANY;
const EXISTS = EXPECTED_EXISTS;

type Case = readonly [state: StreamState['state'], written: string, expected: number, ids: string, outcome: string];

/** `written` and `ids` are one letter per event; the outcome of a repeat bears its revision. */
const CASES: readonly Case[] = [
  ['tombstoned', 'abc', ANY, 'x', 'tombstoned'],
  ['tombstoned', 'abc', EXISTS, 'x', 'tombstoned'],
  ['tombstoned', 'abc', NO_STREAM, 'abc', 'tombstoned'],
  ['tombstoned', 'abc', 2, 'x', 'tombstoned'],
  ['absent', '', EXISTS, 'x', 'conflict'],
  ['absent', '', ANY, 'x', 'append'],
  ['absent', '', NO_STREAM, 'x', 'append'],
  ['absent', '', 0, 'x', 'conflict'],
  ['soft-deleted', 'abc', EXISTS, 'x', 'conflict'],
  ['soft-deleted', 'abc', ANY, 'x', 'append'],
  ['soft-deleted', 'abc', NO_STREAM, 'x', 'append'],
  ['soft-deleted', 'abc', NO_STREAM, 'abc', 'repeat 2'],
  ['soft-deleted', 'abc', NO_STREAM, 'ax', 'conflict'],
  ['soft-deleted', 'abc', 0, 'x', 'conflict'],
  ['soft-deleted', 'abc', 2, 'x', 'append'],
  ['present', 'abc', ANY, 'ab', 'repeat 1'],
  ['present', 'abc', EXISTS, 'c', 'repeat 2'],
  ['present', 'abc', ANY, 'ax', 'conflict'],
  ['present', 'abc', EXISTS, 'xa', 'append'],
  ['present', 'abc', NO_STREAM, 'abc', 'repeat 2'],
  ['present', 'abc', NO_STREAM, 'a', 'repeat 0'],
  ['present', 'abc', 0, 'bc', 'repeat 2'],
  ['present', 'abc', 0, 'x', 'conflict'],
  ['present', 'abc', 0, 'bx', 'conflict'],
  ['present', 'abc', 1, 'cx', 'conflict'],
  ['present', 'abc', 2, 'abc', 'append'],
  ['present', 'abc', 3, 'x', 'conflict'],
  ['present', 'abc', 2, '', 'append'],
  ['present', 'abc', 1, '', 'conflict'],
  ['present', 'abc', ANY, '', 'append'],
];

function decide(
  state: StreamState['state'],
  written: string,
  { expected, ids }: { expected: number; ids: string },
): AppendDecision {
  return decideAppend({ state, revision: written.length - 1 }, expected, {
    ids: [...ids],
    events: {
      idAt: (revision) => written[revision] ?? null,
      recentRevision: (id) => (written.includes(id) ? written.lastIndexOf(id) : null),
    },
  });
}

const inWords = (decision: AppendDecision): string =>
  decision.kind === 'repeat' ? `repeat ${decision.revision}` : decision.kind;

const numberOf = ({ expected }: ShortAppend): number =>
  expected === 'any' ? ANY : expected === 'no-stream' ? NO_STREAM : Number(expected);

describe('the decision about an append', () => {
  it.each(CASES)(
    '[E10] in a stream %s with events "%s", expecting %i, events "%s": %s',
    (state, written, expected, ids, outcome) => {
      expect(inWords(decide(state, written, { expected, ids }))).toBe(outcome);
    },
  );

  it.each(EQUIVALENCE_CASES)('[E10] after %s takes %s for %s', (written, last, outcome) => {
    const log = parseShorthand(written)
      .flatMap(({ numbers }) => numbers)
      .join('');
    const [append] = parseShorthand(last) as [ShortAppend];
    expect(decide('present', log, { expected: numberOf(append), ids: append.numbers.join('') }).kind).toBe(outcome);
  });

  it('[E10] does not take events that are gone for a repeat', () => {
    const gone = { ids: ['a'], events: { idAt: () => null, recentRevision: () => null } };
    expect(decideAppend({ state: 'present', revision: 2 }, NO_STREAM, gone)).toEqual({ kind: 'conflict' });
  });
});
