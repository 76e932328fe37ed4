/** Cuts a filter into words, quoted texts and brackets. */
import { ScimError, type ScimType } from '../scim-error.ts';

export interface Token {
  readonly kind: 'word' | 'quoted' | '(' | ')' | '[' | ']' | 'end';
  /** Of a quoted text: without quotes and escapes. */
  readonly text: string;
  /** Place of its first character, from 0. */
  readonly at: number;
}

/** The error of a filter or path, with its place. */
export const unreadable = (scimType: ScimType, what: string, at: number): ScimError =>
  new ScimError(400, scimType, `${what} at character ${at + 1}.`);

const BLANK = /\s/;
/** Everything else is part of a word: URNs, numbers, times, addresses without quotes. */
const WORD = /[^\s()[\]"]+/y;

export function tokensOf(text: string, scimType: ScimType): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const character = text.charAt(at);
    if (BLANK.test(character)) {
      at += 1;
      continue;
    }
    const token = tokenAt(text, at, scimType);
    tokens.push(token.token);
    at = token.next;
  }
  tokens.push({ kind: 'end', text: '', at: text.length });
  return tokens;
}

interface Found {
  readonly token: Token;
  readonly next: number;
}

function tokenAt(text: string, at: number, scimType: ScimType): Found {
  const character = text.charAt(at);
  switch (character) {
    case '(':
    case ')':
    case '[':
    case ']':
      return { token: { kind: character, text: character, at }, next: at + 1 };
    case '"':
      return quotedAt(text, at, scimType);
    default: {
      WORD.lastIndex = at;
      const word = WORD.exec(text)?.[0] ?? character;
      return { token: { kind: 'word', text: word, at }, next: at + word.length };
    }
  }
}

const QUOTED = /"(?:[^"\\]|\\.)*"/sy;

/** A JSON string (RFC 7159 §7), as the grammar asks. */
function quotedAt(text: string, at: number, scimType: ScimType): Found {
  QUOTED.lastIndex = at;
  const raw = QUOTED.exec(text)?.[0];
  if (raw === undefined) throw unreadable(scimType, 'A quotation mark is not closed', at);
  return { token: { kind: 'quoted', text: unescaped(raw, at, scimType), at }, next: at + raw.length };
}

function unescaped(raw: string, at: number, scimType: ScimType): string {
  if (!raw.includes('\\')) return raw.slice(1, -1);
  try {
    // Line breaks and tabs may stand as they are in a query, unlike in JSON.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what JSON does not take.
    return JSON.parse(raw.replace(/[\u0000-\u001f]/g, (control) => JSON.stringify(control).slice(1, -1))) as string;
  } catch (error) {
    if (error instanceof SyntaxError) throw unreadable(scimType, 'A quoted text has an escape that is none', at);
    throw error;
  }
}
