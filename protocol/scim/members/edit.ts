/** How a request changes who is in something: by names alone, so that nobody loads 100,000 members to add one. */

import { isUuid } from '../../../domain/id-parsers.ts';
import type { Json } from '../../../domain/json.ts';
import { quoted, ScimError } from '../scim-error.ts';
import { isMap } from '../users/values.ts';

/** Members that one request may add or remove. */
export const MEMBER_CHANGES_MAX = 5_000;

export interface MemberEdit {
  /** Whoever was in it before goes, unless he is added. */
  readonly anew: boolean;
  readonly added: ReadonlySet<string>;
  readonly removed: ReadonlySet<string>;
}

export const noEdit: MemberEdit = { anew: false, added: new Set(), removed: new Set() };

export const isEdit = ({ anew, added, removed }: MemberEdit): boolean => anew || added.size + removed.size > 0;

export const membersAnew = (ids: Iterable<string>): MemberEdit => ({
  anew: true,
  added: new Set(ids),
  removed: new Set(),
});

export const withAdded = (edit: MemberEdit, ids: readonly string[]): MemberEdit =>
  bounded({ ...edit, added: new Set([...edit.added, ...ids]), removed: edit.removed.difference(new Set(ids)) });

export const withRemoved = (edit: MemberEdit, ids: readonly string[]): MemberEdit =>
  bounded({ ...edit, added: edit.added.difference(new Set(ids)), removed: new Set([...edit.removed, ...ids]) });

function bounded(edit: MemberEdit): MemberEdit {
  if (edit.added.size + edit.removed.size <= MEMBER_CHANGES_MAX) return edit;
  throw new ScimError(400, 'tooMany', `One request changes at most ${MEMBER_CHANGES_MAX} members.`);
}

/** `[{"value":"…"}]`, one such object, or ids alone. */
export function memberIds(name: string, raw: Json | undefined): readonly string[] {
  if (raw === undefined || raw === null) return [];
  const list: readonly Json[] = Array.isArray(raw) ? raw : [raw];
  if (list.length > MEMBER_CHANGES_MAX) {
    throw new ScimError(400, 'tooMany', `One request names at most ${MEMBER_CHANGES_MAX} members.`);
  }
  return list.map((element) => memberId(name, element));
}

function memberId(name: string, element: Json): string {
  const value = isMap(element) ? valueIn(element) : element;
  if (typeof value !== 'string') throw new ScimError(400, 'invalidValue', `Each of ${name} has a value, its id.`);
  const id = value.toLowerCase();
  if (!isUuid(id))
    throw new ScimError(400, 'invalidValue', `There is nobody with the id ${quoted(value)} for ${name}.`);
  return id;
}

const valueIn = (map: { readonly [name: string]: Json }): Json | undefined =>
  Object.entries(map).find(([name]) => name.toLowerCase() === 'value')?.[1];
