/** PATCH of a resource with few attributes and lists of members: operations as they are written (RFC 7644 §3.5.2). */
import type { Json } from '../../../domain/json.ts';
import { bracketed, readerOf } from '../filter/parse.ts';
import type { FilterNode } from '../filter/syntax.ts';
import { quoted, ScimError } from '../scim-error.ts';
import { isMap } from '../users/values.ts';

const OPERATIONS_MAX = 1_000;
const TERMS_MAX = 100;
const OPS: ReadonlySet<string> = new Set(['add', 'remove', 'replace']);

export interface PlainOperation {
  readonly op: 'add' | 'remove' | 'replace';
  /** In lower case, without schema: `displayname`, `members`; null where the value is an object of attributes. */
  readonly name: string | null;
  readonly filter: FilterNode | null;
  readonly value: Json | undefined;
  /** False: the name is a key of an object, where unknown ones are passed over as in POST. */
  readonly byPath: boolean;
}

/** `bare`: a path without brackets is a filter itself, as `value eq u1` (the membership endpoints). */
export function plainOperations(body: unknown, bare: 'attribute' | 'filter' = 'attribute'): readonly PlainOperation[] {
  const list = isMap(body) ? memberOf(body, 'operations') : undefined;
  if (!Array.isArray(list) || list.length === 0) {
    throw new ScimError(400, 'invalidSyntax', 'A patch holds "Operations", a list of at least one.');
  }
  if (list.length > OPERATIONS_MAX) {
    throw new ScimError(400, 'tooMany', `A patch holds at most ${OPERATIONS_MAX} operations.`);
  }
  return list.flatMap((given: Json) => operation(given, bare));
}

function operation(given: Json, bare: 'attribute' | 'filter'): readonly PlainOperation[] {
  if (!isMap(given)) throw new ScimError(400, 'invalidSyntax', 'Each operation is an object.');
  const op = String(memberOf(given, 'op') ?? '').toLowerCase();
  if (!OPS.has(op)) throw new ScimError(400, 'invalidSyntax', `An operation adds, removes or replaces: ${quoted(op)}.`);
  const path = memberOf(given, 'path') ?? null;
  if (path !== null && typeof path !== 'string') throw new ScimError(400, 'invalidPath', 'The path is no text.');
  const kind = op as PlainOperation['op'];
  const value = memberOf(given, 'value');
  if (kind !== 'remove' && value === undefined) throw new ScimError(400, 'invalidValue', `To ${op} takes a value.`);
  if (path === null || path.trim() === '') {
    // Without a path there is nothing that could mean everybody.
    if (value === undefined) throw new ScimError(400, 'noTarget', 'To remove takes a path.');
    if (bare === 'filter') return [{ op: kind, name: null, filter: null, value, byPath: true }];
    return whole(kind, value);
  }
  return [{ op: kind, value, byPath: true, ...(bare === 'filter' ? filterPath(path) : attributePath(path)) }];
}

/** Each member of the object is an operation on its own. */
function whole(op: PlainOperation['op'], value: Json | undefined): readonly PlainOperation[] {
  if (op === 'remove') throw new ScimError(400, 'noTarget', 'An object of attributes cannot be removed: name a path.');
  if (!isMap(value)) throw new ScimError(400, 'invalidSyntax', 'Without a path the value is an object of attributes.');
  return Object.entries(value).flatMap(([name, inner]) => {
    // A schema as a key holds attributes of its own.
    if (name.toLowerCase().startsWith('urn:') && isMap(inner)) return whole(op, inner);
    return [{ op, name: bareName(name), filter: null, value: inner, byPath: false }];
  });
}

function attributePath(path: string): Pick<PlainOperation, 'name' | 'filter'> {
  const reader = readerOf(path, 'invalidPath', TERMS_MAX);
  const head = reader.next();
  if (head.kind !== 'word') throw reader.error('An attribute was expected', head);
  const filter = reader.peek().kind === '[' ? bracketed(reader) : null;
  const tail = reader.next();
  if (tail.kind !== 'end') throw reader.error(`${quoted(tail.text)} was not expected`, tail);
  return { name: bareName(head.text), filter };
}

/** `value eq u1`, or the same in brackets behind a name. */
function filterPath(path: string): Pick<PlainOperation, 'name' | 'filter'> {
  const inner = path.includes('[') ? path : `members[${path}]`;
  return { name: null, filter: attributePath(inner).filter };
}

const bareName = (name: string): string =>
  name
    .slice(name.lastIndexOf(':') + 1)
    .trim()
    .toLowerCase();

const memberOf = (map: { readonly [name: string]: Json }, name: string): Json | undefined =>
  Object.entries(map).find(([key]) => key.toLowerCase() === name)?.[1];

/** Values that a filter of a path compares with: `value eq "a" or value eq "b"`. */
export interface NamedMember {
  readonly part: 'value' | 'display';
  readonly text: string;
}

export function namedMembers(filter: FilterNode): readonly NamedMember[] {
  if (filter.kind === 'or') return filter.parts.flatMap(namedMembers);
  if (filter.kind === 'compare' && filter.operator === 'eq') {
    const part = filter.path.toLowerCase();
    if (part === 'value' || part === 'display') return [{ part, text: filter.value.text }];
  }
  throw new ScimError(400, 'invalidFilter', 'Members are named by value or display, with eq.');
}
