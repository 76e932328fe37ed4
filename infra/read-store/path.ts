/** Dotted paths into documents: own keys only, `\.` escapes a dot inside a segment. */
import type { Json } from '../../domain/json.ts';

export type Segments = readonly string[];

export function parsePath(path: string): Segments {
  if (!path.includes('\\')) return path.split('.');
  return path.split(/(?<!\\)\./).map((segment) => segment.replaceAll('\\.', '.'));
}

export const formatSegment = (segment: string): string => segment.replaceAll('.', '\\.');

export const formatPath = (segments: Segments): string => segments.map(formatSegment).join('.');

export const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value at the end of the path; undefined when a segment is missing or runs through something that is no object. */
export function valueAt(value: Json | undefined, segments: Segments): Json | undefined {
  let current = value;
  for (const segment of segments) {
    if (!isObject(current) || !Object.hasOwn(current, segment)) return undefined;
    current = current[segment];
  }
  return current;
}

/** A copy with the value set; missing objects on the way are made, anything else on the way is replaced. */
export function withValue(value: Json | undefined, segments: Segments, leaf: Json): Json {
  const [head, ...rest] = segments;
  if (head === undefined) return leaf;
  const current = isObject(value) ? value : {};
  const child = Object.hasOwn(current, head) ? current[head] : undefined;
  // A computed key in a literal is an own key even for `__proto__`.
  return { ...current, [head]: withValue(child, rest, leaf) };
}

/** A copy without the value; objects on the way stay, also when they become empty. */
export function withoutValue(value: Json, segments: Segments): Json {
  const [head, ...rest] = segments;
  if (head === undefined || !isObject(value) || !Object.hasOwn(value, head)) return value;
  if (rest.length > 0) return { ...value, [head]: withoutValue(value[head] as Json, rest) };
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== head));
}
