/**
 * The two forms of a user's attributes: flat (events: `name.givenName`, `<schema urn>:<attribute>`) and nested
 * (documents: as a SCIM resource has them).
 */
import type { JsonObject } from '../json.ts';
import type { AttributeElement, Attributes } from './user-events.ts';

/** Segments of a flat path: `urn:a:b:2.0:User:manager.value` is schema, `manager`, `value`. */
export function segmentsOf(path: string): readonly string[] {
  if (!path.startsWith('urn:')) return path.split('.');
  const colon = path.lastIndexOf(':');
  return [path.slice(0, colon), ...path.slice(colon + 1).split('.')];
}

/** Dotted document path; a dot inside a segment is escaped. */
export const documentPath = (path: string): string =>
  segmentsOf(path)
    .map((segment) => segment.replaceAll('.', '\\.'))
    .join('.');

/** Nested form; own keys only, whatever the paths are called. */
export function nested(attributes: Attributes): JsonObject {
  const root = new Map<string, unknown>();
  for (const [path, value] of Object.entries(attributes)) {
    const segments = segmentsOf(path);
    let place = root;
    for (const segment of segments.slice(0, -1)) {
      const inner = place.get(segment);
      const next = inner instanceof Map ? inner : new Map<string, unknown>();
      place.set(segment, next);
      place = next;
    }
    place.set(segments.at(-1) ?? path, value);
  }
  return asObject(root);
}

function asObject(map: ReadonlyMap<string, unknown>): JsonObject {
  const entries = [...map].map(([key, value]) => [key, value instanceof Map ? asObject(value) : value] as const);
  return Object.fromEntries(entries) as JsonObject;
}

const isPrimary = (value: AttributeElement): boolean => typeof value === 'object' && value['primary'] === true;

/** RFC 7644 §3.4.2.3: a list is sorted by its primary value, so that one stands first where a list is shown and searched. */
export function primaryFirst(attributes: Attributes): Attributes {
  const moved = Object.entries(attributes).flatMap(([path, value]) => {
    if (!Array.isArray(value)) return [];
    const list = value as readonly AttributeElement[];
    const index = list.findIndex(isPrimary);
    return index <= 0 ? [] : [[path, [...list.slice(index, index + 1), ...list.toSpliced(index, 1)]] as const];
  });
  return moved.length === 0 ? attributes : { ...attributes, ...Object.fromEntries(moved) };
}
