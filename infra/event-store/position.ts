/** A place in the log: opaque, ordered, not dense. Compare, encode and decode; never calculate. */
export interface Position {
  readonly commit: bigint;
  readonly prepare: bigint;
}

/** Negative, zero or positive, as for sorting. */
export function comparePositions(a: Position, b: Position): number {
  if (a.commit !== b.commit) return a.commit < b.commit ? -1 : 1;
  if (a.prepare !== b.prepare) return a.prepare < b.prepare ? -1 : 1;
  return 0;
}

const hex = (value: bigint): string => value.toString(16).padStart(16, '0');

/** 16 hex digits, a slash, 16 hex digits: sorts as text in log order. */
export const encodePosition = (position: Position): string => `${hex(position.commit)}/${hex(position.prepare)}`;

const ENCODED = /^([0-9a-f]{16})\/([0-9a-f]{16})$/;

/** Null when the text is no position. */
export function decodePosition(text: string): Position | null {
  const match = ENCODED.exec(text);
  if (match === null) return null;
  return { commit: BigInt(`0x${match[1]}`), prepare: BigInt(`0x${match[2]}`) };
}

export const laterPosition = (a: Position, b: Position): Position => (comparePositions(a, b) >= 0 ? a : b);
