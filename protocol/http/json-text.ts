/**
 * JSON from outside (RFC 8259), stricter than the grammar where parsers are known to differ: an object with the same
 * name twice, a byte order mark, `__proto__`, a lone surrogate and a number beyond a double are refused, and nesting
 * is bounded. `constructor` is a name like any other: it makes an own property and nothing else.
 */
export const JSON_DEPTH_MAX = 64;

export type JsonOutcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly detail: string };

const QUOTE = 0x22;
const COLON = 0x3a;
const MINUS = 0x2d;
const NINE = 0x39;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
/** A longer run of digits may be beyond a double. */
const SAFE_NUMBER_LENGTH = 300;

const malformed: JsonOutcome = { ok: false, detail: 'The body is not valid JSON.' };

export function parseJson(text: string): JsonOutcome {
  const inspected = inspect(text);
  if (inspected.fault !== null) return { ok: false, detail: inspected.fault };
  try {
    const strict = inspected.hasOddNumber || text.includes('\\ud') || text.includes('\\uD');
    return { ok: true, value: strict ? JSON.parse(text, refuseUnrepresentable) : JSON.parse(text) };
  } catch (error) {
    if (error instanceof Unrepresentable) return { ok: false, detail: error.message };
    if (error instanceof SyntaxError) return malformed;
    throw error;
  }
}

class Unrepresentable extends Error {}

function refuseUnrepresentable(name: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Unrepresentable('A number is too large.');
  if (!name.isWellFormed() || (typeof value === 'string' && !value.isWellFormed())) {
    throw new Unrepresentable('A string contains half of a surrogate pair.');
  }
  return value;
}

interface Inspection {
  readonly fault: string | null;
  readonly hasOddNumber: boolean;
}

/** One pass over the text before anything is allocated for it. What is no JSON at all is left for the parser to say. */
function inspect(text: string): Inspection {
  const names: (Set<string> | null)[] = [];
  let hasOddNumber = false;
  let at = 0;
  while (at < text.length) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) {
      const end = endOfString(text, at);
      if (end === -1) break;
      const after = skipSpace(text, end + 1);
      if (text.charCodeAt(after) === COLON) {
        const fault = takeName(names, text.slice(at + 1, end));
        if (fault !== null) return { fault, hasOddNumber };
      }
      at = after;
      continue;
    }
    if (char === OPEN_BRACE || char === OPEN_BRACKET) {
      if (names.push(null) > JSON_DEPTH_MAX) {
        return { fault: `The body is nested deeper than ${JSON_DEPTH_MAX} levels.`, hasOddNumber };
      }
    } else if (char === CLOSE_BRACE || char === CLOSE_BRACKET) {
      names.pop();
    } else if (char >= MINUS && char <= NINE) {
      const end = endOfNumber(text, at);
      hasOddNumber ||= end - at > SAFE_NUMBER_LENGTH || hasExponent(text, at, end);
      at = end;
      continue;
    }
    at += 1;
  }
  return { fault: null, hasOddNumber };
}

function takeName(names: (Set<string> | null)[], raw: string): string | null {
  const name = raw.includes('\\') ? unescaped(raw) : raw;
  if (name === '__proto__') return 'The name "__proto__" is not allowed.';
  const depth = names.length - 1;
  const seen = names[depth];
  if (seen === undefined || seen === null) {
    if (depth >= 0) names[depth] = new Set([name]);
    return null;
  }
  if (seen.has(name)) return 'An object has the same name twice.';
  seen.add(name);
  return null;
}

function unescaped(raw: string): string {
  try {
    return JSON.parse(`"${raw}"`) as string;
  } catch (error) {
    if (error instanceof SyntaxError) return raw; // the parser refuses the whole text
    throw error;
  }
}

function endOfString(text: string, start: number): number {
  let end = start;
  for (;;) {
    end = text.indexOf('"', end + 1);
    if (end === -1) return -1;
    let before = end - 1;
    while (text.charCodeAt(before) === BACKSLASH) before -= 1;
    if ((end - before) % 2 === 1) return end;
  }
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (at < text.length && text.charCodeAt(at) <= SPACE) at += 1;
  return at;
}

function endOfNumber(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && isNumberChar(text.charCodeAt(at))) at += 1;
  return at;
}

/** Digits, `.`, `-`, `+`, `e`, `E`. */
const isNumberChar = (char: number): boolean =>
  (char >= 0x30 && char <= NINE) || char === 0x2e || char === 0x2d || char === 0x2b || char === 0x65 || char === 0x45;

function hasExponent(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const char = text.charCodeAt(at);
    if (char === 0x65 || char === 0x45) return true;
  }
  return false;
}
