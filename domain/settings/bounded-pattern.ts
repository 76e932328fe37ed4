/**
 * Patterns that an administrator writes, kept to those whose matching is bounded: whoever can set a password could
 * otherwise stop the server with one that a pattern takes for ever to refuse.
 *
 * The work of a backtracking matcher is at most the product of the choices on the way. It is computed for the longest
 * value that is matched, and a pattern beyond {@link STEPS_MAX} is not taken.
 */

export const PATTERN_CHARACTERS_MAX = 500;
/** Longer values are refused before a pattern sees them. */
export const MATCHED_CHARACTERS_MAX = 128;
const STEPS_MAX = 500_000;
const DEPTH_MAX = 10;

/** Matches the whole value. Null: no pattern, or none that is bounded. */
export function boundedPattern(source: string): RegExp | null {
  if (source.length === 0 || source.length > PATTERN_CHARACTERS_MAX) return null;
  if ((stepsOf(source) ?? Number.POSITIVE_INFINITY) > STEPS_MAX) return null;
  try {
    return new RegExp(`^(?:${source})$`, 'su');
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

interface Reader {
  readonly text: string;
  at: number;
}

/** `ways`: how often what follows may be tried again. `steps`: all that is tried inside. */
interface Cost {
  readonly ways: number;
  readonly steps: number;
}

function stepsOf(text: string): number | null {
  const reader: Reader = { text, at: 0 };
  const cost = alternatives(reader, 0);
  return cost === null || reader.at < text.length ? null : cost.steps;
}

function alternatives(reader: Reader, depth: number): Cost | null {
  if (depth > DEPTH_MAX) return null;
  let ways = 0;
  let steps = 0;
  for (;;) {
    const branch = sequence(reader, depth);
    if (branch === null) return null;
    ways += branch.ways;
    steps += branch.steps;
    if (reader.text[reader.at] !== '|') return { ways, steps };
    reader.at += 1;
  }
}

function sequence(reader: Reader, depth: number): Cost | null {
  let ways = 1;
  let steps = 1;
  while (reader.at < reader.text.length && !'|)'.includes(reader.text[reader.at] ?? '')) {
    const item = quantified(reader, depth);
    if (item === null) return null;
    steps += ways * item.steps;
    ways *= item.ways;
    if (steps > STEPS_MAX) return null;
  }
  return { ways, steps };
}

function quantified(reader: Reader, depth: number): Cost | null {
  const isGroup = reader.text[reader.at] === '(';
  const item = isGroup ? group(reader, depth) : atom(reader);
  const times = item === null ? null : quantifier(reader);
  if (item === null || times === null) return null;
  const [least, most] = times;
  if (least === 1 && most === 1) return item;
  // What repeats a group multiplies all its ways with themselves: only an optional one is taken.
  if (isGroup) return least === 0 && most === 1 ? { ways: item.ways + 1, steps: item.steps + 1 } : null;
  return { ways: most - least + 1, steps: most + 1 };
}

/** `(?:…)`, `(…)`, and a look ahead, which is not tried again once it has held. */
function group(reader: Reader, depth: number): Cost | null {
  reader.at += 1;
  const [lead = ''] = /^\?[:=!]/.exec(reader.text.slice(reader.at)) ?? [];
  reader.at += lead.length;
  if (lead === '' && reader.text[reader.at] === '?') return null;
  const inner = alternatives(reader, depth + 1);
  if (inner === null || reader.text[reader.at] !== ')') return null;
  reader.at += 1;
  return lead === '' || lead === '?:' ? inner : { ways: 1, steps: inner.steps };
}

const ONE: Cost = { ways: 1, steps: 1 };
/** A class in brackets, an escape that is no reference to a group, or a character. */
const ATOM = /^(?:\[(?:\\.|[^\]\\])*\]|\\[^0-9kbBpPux]|\\[pP]\{[A-Za-z_=]{1,40}\}|[^\\()[\]{}*+?|])/u;

function atom(reader: Reader): Cost | null {
  const [found] = ATOM.exec(reader.text.slice(reader.at)) ?? [];
  if (found === undefined) return null;
  reader.at += found.length;
  return ONE;
}

/** `*`, `+`, `?`, `{2}`, `{2,}`, `{2,5}`, lazy or not; once where there is none. */
const QUANTIFIER = /^(?:([*+?])|\{(\d{1,4})(,(\d{0,4}))?\})\??/;

function quantifier(reader: Reader): readonly [number, number] | null {
  const found = QUANTIFIER.exec(reader.text.slice(reader.at));
  if (found === null) return [1, 1];
  const [whole, sign, least, comma, most] = found;
  reader.at += whole.length;
  if (sign !== undefined) return [sign === '+' ? 1 : 0, sign === '?' ? 1 : MATCHED_CHARACTERS_MAX];
  const from = Number(least);
  const to = comma === undefined ? from : most === '' ? MATCHED_CHARACTERS_MAX : Number(most);
  return from <= to ? [from, Math.min(to, MATCHED_CHARACTERS_MAX)] : null;
}
