/** Where an event type keeps its personal values, and how to reach them without changing the event given. */
import type { EventMark } from '../../domain/event-marks.ts';
import type { Json, JsonObject } from '../../domain/json.ts';

export interface SealedPlace {
  readonly path: readonly string[];
  /** RFC 6901. */
  readonly pointer: string;
}

export function sealedPlaces({ type, sealed }: EventMark): readonly SealedPlace[] {
  return sealed.map((path) => {
    if (path.length === 0) throw new TypeError(`event type ${type} is personal as a whole: mark its fields`);
    return { path, pointer: path.map((key) => `/${escaped(key)}`).join('') };
  });
}

const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

export function valueAt(data: JsonObject, path: readonly string[]): Json | undefined {
  let value: Json | undefined = data;
  for (const key of path) {
    if (!isObject(value)) return undefined;
    value = value[key];
  }
  return value;
}

/** A copy along the path; everything beside it is shared. */
export function withValueAt(data: JsonObject, path: readonly string[], value: Json): JsonObject {
  const [key = '', ...rest] = path;
  if (rest.length === 0) return { ...data, [key]: value };
  const inner = data[key];
  return isObject(inner) ? { ...data, [key]: withValueAt(inner, rest, value) } : data;
}

export function withoutAt(data: JsonObject, path: readonly string[]): JsonObject {
  const [key = '', ...rest] = path;
  const { [key]: inner, ...others } = data;
  if (rest.length === 0) return others;
  return isObject(inner) ? { ...data, [key]: withoutAt(inner, rest) } : data;
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
