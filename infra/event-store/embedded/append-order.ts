/** Events of several streams in the order in which the log is to have them, cut where the stream changes. */
import { EVENT_STRIDE } from '../encode-append.ts';
import type { AppendPart } from './writer-jobs.ts';

/** Parts of the parts. */
export function* inOrder(parts: readonly AppendPart[], order: readonly number[]): Generator<AppendPart> {
  const taken = parts.map(() => 0);
  for (let at = 0; at < order.length; ) {
    const index = order[at] as number;
    let end = at + 1;
    while (order[end] === index) end += 1;
    const [stream, expected, events] = parts[index] as AppendPart;
    const from = taken[index] as number;
    const to = from + (end - at) * EVENT_STRIDE;
    taken[index] = to;
    yield [stream, expected, events.slice(from, to)];
    at = end;
  }
}
