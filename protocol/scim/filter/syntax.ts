/** A filter as it was written (RFC 7644 §3.4.2.2), before anything is known of the attributes that it names. */

export const FILTER_CHARACTERS_MAX = 8_000;
/** Comparisons in one filter. */
export const FILTER_TERMS_MAX = 100;
/** Brackets within brackets. */
export const FILTER_DEPTH_MAX = 20;

export const OPERATORS = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const;
export type Operator = (typeof OPERATORS)[number];

/** Quoted text, or a word without quotes: a number, `true`, `null`, or text as published clients send it. */
export interface Literal {
  readonly text: string;
  readonly isQuoted: boolean;
}

interface Compare {
  readonly kind: 'compare';
  readonly path: string;
  readonly operator: Operator;
  readonly value: Literal;
  /** Place in the text, from 0. */
  readonly at: number;
}

interface Present {
  readonly kind: 'present';
  readonly path: string;
  readonly at: number;
}

/** `emails[type eq "work"]`: one value of the list satisfies all of it. */
interface ValuePath {
  readonly kind: 'value-path';
  readonly path: string;
  readonly inner: FilterNode;
  readonly at: number;
}

export type FilterNode =
  | Compare
  | Present
  | ValuePath
  | { readonly kind: 'and' | 'or'; readonly parts: readonly FilterNode[] }
  | { readonly kind: 'not'; readonly inner: FilterNode };
