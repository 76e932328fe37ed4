/** References of bulk operations to what other operations of the same request create (RFC 7644 §3.7.2). */
import type { Json } from '../../../domain/json.ts';
import { isMap } from '../users/values.ts';
import type { Operation } from './request.ts';

/** The whole of a value, or of the id in a path. */
const WHOLE = /^bulkId:(.+)$/s;
/** Within the path of a patch (`members[value eq "bulkId:…"]`) and within `$ref`. */
const WITHIN = /bulkId:([^\s"\\[\](),/?#]+)/g;
const WITHIN_MEMBERS: ReadonlySet<string> = new Set(['path', '$ref']);

/** Takes the name behind `bulkId:`, gives what stands in its place. */
type Replace = (bulkId: string) => string;

export function referencesOf({ target, data }: Operation): ReadonlySet<string> {
  const found = new Set<string>();
  const note: Replace = (bulkId) => {
    found.add(bulkId);
    return `bulkId:${bulkId}`;
  };
  if (data !== undefined) withIds(data, note);
  if ('type' in target && target.id !== null) idWith(target.id, note);
  return found;
}

export function idWith(id: string, replace: Replace): string {
  const bulkId = WHOLE.exec(id)?.[1];
  return bulkId === undefined ? id : replace(bulkId);
}

/** A copy where something was replaced, else the value itself. */
export function withIds(value: Json, replace: Replace, member = ''): Json {
  if (typeof value === 'string') return textWith(value, replace, member);
  if (Array.isArray(value)) {
    const list = value.map((element: Json) => withIds(element, replace, member));
    return list.some((element, index) => element !== value[index]) ? list : value;
  }
  if (!isMap(value)) return value;
  const entries = Object.entries(value);
  const replaced = entries.map(([name, inner]) => [name, withIds(inner, replace, name.toLowerCase())] as const);
  return replaced.some(([, inner], index) => inner !== entries[index]?.[1]) ? Object.fromEntries(replaced) : value;
}

function textWith(text: string, replace: Replace, member: string): string {
  if (!text.includes('bulkId:')) return text;
  if (WITHIN_MEMBERS.has(member)) return text.replace(WITHIN, (_, bulkId: string) => replace(bulkId));
  return idWith(text, replace);
}

export interface Order {
  /** Indexes of the operations: what is referred to stands before what refers to it, else as they were sent. */
  readonly indexes: readonly number[];
  /** They wait for each other. */
  readonly circular: ReadonlySet<number>;
}

/** `references` of each operation, as indexes. Walks with a stack of its own: a chain may be as long as the request. */
export function orderOf(references: readonly (readonly number[])[]): Order {
  const indexes: number[] = [];
  const circular = new Set<number>();
  const state = new Map<number, 'entered' | 'left'>();
  for (const start of references.keys()) {
    const path: { readonly index: number; next: number }[] = state.has(start) ? [] : [{ index: start, next: 0 }];
    state.set(start, state.get(start) ?? 'entered');
    for (let place = path.at(-1); place !== undefined; place = path.at(-1)) {
      const wanted = references[place.index]?.[place.next];
      place.next += 1;
      if (wanted === undefined) {
        path.pop();
        state.set(place.index, 'left');
        indexes.push(place.index);
        continue;
      }
      const known = state.get(wanted);
      if (known === 'entered') {
        const from = path.findIndex(({ index }) => index === wanted);
        for (const { index } of path.slice(from)) circular.add(index);
      }
      if (known !== undefined) continue;
      state.set(wanted, 'entered');
      path.push({ index: wanted, next: 0 });
    }
  }
  return { indexes, circular };
}
