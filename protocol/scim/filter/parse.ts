/**
 * Reads a filter by the grammar of RFC 7644 §3.4.2.2: `and` binds closer than `or`, `not` needs brackets, names and
 * operators in any case. Values may stand without quotes, as published clients write them.
 */
import { quoted, ScimError, type ScimType } from '../scim-error.ts';
import {
  FILTER_CHARACTERS_MAX,
  FILTER_DEPTH_MAX,
  FILTER_TERMS_MAX,
  type FilterNode,
  OPERATORS,
  type Operator,
} from './syntax.ts';
import { type Token, tokensOf, unreadable } from './tokens.ts';

export function parseFilter(text: string): FilterNode {
  if (text.length > FILTER_CHARACTERS_MAX) {
    throw new ScimError(400, 'invalidFilter', `A filter has at most ${FILTER_CHARACTERS_MAX} characters.`);
  }
  const reader = readerOf(text, 'invalidFilter');
  const node = orNode(reader);
  const rest = reader.peek();
  if (rest.kind !== 'end') throw reader.error(`${quoted(rest.text)} was not expected`, rest);
  return node;
}

/** Walks over the tokens and keeps to the limits. */
export interface Reader {
  peek(ahead?: number): Token;
  next(): Token;
  error(what: string, token: Token): ScimError;
  enter(token: Token): void;
  leave(): void;
  countTerm(token: Token): void;
  /** Inside the brackets of a value path: names are of the value, and no brackets follow. */
  isInValuePath: boolean;
}

export function readerOf(text: string, scimType: ScimType, termsMax = FILTER_TERMS_MAX): Reader {
  const tokens = tokensOf(text, scimType);
  const end: Token = { kind: 'end', text: '', at: text.length };
  let index = 0;
  let depth = 0;
  let terms = 0;
  const error = (what: string, token: Token) => unreadable(scimType, what, token.at);
  return {
    isInValuePath: false,
    peek: (ahead = 0) => tokens[index + ahead] ?? end,
    next: () => tokens[index++] ?? end,
    error,
    enter(token) {
      depth += 1;
      if (depth > FILTER_DEPTH_MAX) throw error(`Brackets nest deeper than ${FILTER_DEPTH_MAX}`, token);
    },
    leave: () => {
      depth -= 1;
    },
    countTerm(token) {
      terms += 1;
      if (terms > termsMax) throw error(`There are more than ${termsMax} comparisons`, token);
    },
  };
}

export function orNode(reader: Reader): FilterNode {
  return joined(reader, 'or', andNode);
}

const andNode = (reader: Reader): FilterNode => joined(reader, 'and', termNode);

function joined(reader: Reader, kind: 'and' | 'or', part: (reader: Reader) => FilterNode): FilterNode {
  const first = part(reader);
  const parts = [first];
  while (isWord(reader.peek(), kind)) {
    reader.next();
    parts.push(part(reader));
  }
  return parts.length === 1 ? first : { kind, parts };
}

function isWord(token: Token, word: string): boolean {
  return token.kind === 'word' && token.text.toLowerCase() === word;
}

function termNode(reader: Reader): FilterNode {
  const token = reader.peek();
  if (token.kind === '(') return groupNode(reader);
  if (isWord(token, 'not') && reader.peek(1).kind === '(') {
    reader.next();
    return { kind: 'not', inner: groupNode(reader) };
  }
  if (token.kind !== 'word') throw reader.error('An attribute was expected', token);
  reader.next();
  reader.countTerm(token);
  if (reader.peek().kind === '[') return valuePathNode(reader, token);
  return comparisonNode(reader, token);
}

function groupNode(reader: Reader): FilterNode {
  const open = reader.next();
  reader.enter(open);
  const inner = orNode(reader);
  const close = reader.next();
  if (close.kind !== ')') throw reader.error('A closing bracket was expected', close);
  reader.leave();
  return inner;
}

function valuePathNode(reader: Reader, path: Token): FilterNode {
  return { kind: 'value-path', path: path.text, inner: bracketed(reader), at: path.at };
}

/** `[ … ]` */
export function bracketed(reader: Reader): FilterNode {
  const open = reader.next();
  if (reader.isInValuePath) throw reader.error('Square brackets were not expected within square brackets', open);
  reader.isInValuePath = true;
  reader.enter(open);
  const inner = orNode(reader);
  const close = reader.next();
  if (close.kind !== ']') throw reader.error('A closing square bracket was expected', close);
  reader.leave();
  reader.isInValuePath = false;
  return inner;
}

function comparisonNode(reader: Reader, path: Token): FilterNode {
  const word = reader.next();
  if (isWord(word, 'pr')) return { kind: 'present', path: path.text, at: path.at };
  const operator = word.kind === 'word' ? operatorOf(word.text) : null;
  if (operator === null) throw reader.error('An operator (eq ne co sw ew gt ge lt le pr) was expected', word);
  const value = reader.next();
  if (value.kind !== 'word' && value.kind !== 'quoted') throw reader.error('A value was expected', value);
  const literal = { text: value.text, isQuoted: value.kind === 'quoted' };
  return { kind: 'compare', path: path.text, operator, value: literal, at: path.at };
}

function operatorOf(word: string): Operator | null {
  const lower = word.toLowerCase();
  return OPERATORS.find((operator) => operator === lower) ?? null;
}
