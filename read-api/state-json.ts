/** A folded state as JSON, and what differs between two of them. */
import type { Json } from '../domain/json.ts';
import { Memberships } from '../domain/memberships.ts';

/** Bookkeeping of the gate, no statement about the entity. */
const BOOKKEEPING = new Set(['endedRevision']);

/** Sets become sorted lists, maps objects, whole numbers beyond JSON's strings. */
export function stateAsJson(state: unknown): Json {
  if (state === null || typeof state === 'string' || typeof state === 'number' || typeof state === 'boolean') {
    return state;
  }
  if (typeof state === 'bigint') return String(state);
  if (state instanceof Set || state instanceof Memberships) return [...state].map(stateAsJson).sort(byText);
  if (state instanceof Map) return entriesAsJson([...state]);
  if (Array.isArray(state)) return state.map(stateAsJson);
  if (typeof state === 'object') return entriesAsJson(Object.entries(state));
  throw new TypeError(`a state holds a value of type ${typeof state}`);
}

/** `fromEntries` makes own keys of whatever it is given. */
const entriesAsJson = (entries: readonly (readonly [unknown, unknown])[]): Json =>
  Object.fromEntries(
    entries
      .filter(([key, value]) => value !== undefined && !BOOKKEEPING.has(String(key)))
      .map(([key, value]) => [String(key), stateAsJson(value)]),
  );

const byText = (a: Json, b: Json): number => (String(a) < String(b) ? -1 : 1);

export interface Change {
  /** JSON pointer (RFC 6901) into the state. */
  readonly path: string;
  /** Absent: the member was not there before. */
  readonly from?: Json;
  /** Absent: the member is gone. */
  readonly to?: Json;
}

export function changesBetween(before: Json | undefined, after: Json | undefined, path = ''): readonly Change[] {
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => changesBetween(own(before, key), own(after, key), `${path}/${escaped(key)}`));
  }
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  return [{ path, ...(before === undefined ? {} : { from: before }), ...(after === undefined ? {} : { to: after }) }];
}

type JsonObject = { readonly [key: string]: Json };

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const own = (value: JsonObject, key: string): Json | undefined => (Object.hasOwn(value, key) ? value[key] : undefined);

const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');
