/** How a collection lies in tables: which column, side table or trigram column answers which path. */
import { formatPath, parsePath, type Segments } from '../path.ts';
import type { Collection, Field } from '../read-store.ts';

export interface Column {
  readonly field: Field;
  /** From the document's root, or from the array's element in a group. */
  readonly segments: Segments;
  readonly name: string;
}

/** An array: one row per element, one column per declared field below it. */
export interface Group {
  readonly path: string;
  readonly segments: Segments;
  readonly table: string;
  readonly columns: readonly Column[];
}

/** A column of the trigram index; `group` is null for a single value. */
export interface TrigramColumn {
  readonly name: string;
  readonly group: Group | null;
  readonly column: Column;
}

export type Target =
  | { readonly kind: 'single'; readonly column: Column; readonly trigram: string | null }
  | { readonly kind: 'many'; readonly group: Group; readonly column: Column; readonly trigram: string | null }
  | { readonly kind: 'dynamic'; readonly path: string };

export interface Layout {
  readonly name: string;
  /** Of the tables of this collection: `k0_`. */
  readonly prefix: string;
  readonly singles: readonly Column[];
  readonly groups: readonly Group[];
  readonly trigrams: readonly TrigramColumn[];
  readonly dynamic: { readonly path: string; readonly segments: Segments } | null;
  readonly targets: ReadonlyMap<string, Target>;
}

export function layoutOf(collection: Collection, index: number): Layout {
  const prefix = `k${index}_`;
  const fields = collection.fields.map((field) => ({ field, segments: parsePath(field.path) }));
  const singles = fields
    .filter(({ field }) => !field.many)
    .map(({ field, segments }, at) => ({ field, segments, name: `f${at}` }));
  const groups = groupsOf(
    fields.filter(({ field }) => field.many),
    prefix,
  );
  const trigrams = [
    ...singles.map((column) => ({ group: null, column })),
    ...groups.flatMap((group) => group.columns.map((column) => ({ group, column }))),
  ]
    .filter(({ column }) => column.field.contains)
    .map((entry, at) => ({ ...entry, name: `t${at}` }));
  const dynamic = collection.dynamic
    ? { path: formatPath(parsePath(collection.dynamic.path)), segments: parsePath(collection.dynamic.path) }
    : null;

  return {
    name: collection.name,
    prefix,
    singles,
    groups,
    trigrams,
    dynamic,
    targets: targetsOf(singles, groups, trigrams),
  };
}

type Parsed = { readonly field: Field; readonly segments: Segments };

const parentOf = (segments: Segments): Segments => (segments.length > 1 ? segments.slice(0, -1) : segments);

const isWithin = (inner: Segments, outer: Segments): boolean =>
  outer.length <= inner.length && outer.every((segment, at) => inner[at] === segment);

/** Fields below one array share a table, so that one element can be asked for several of them at once. */
function groupsOf(fields: readonly Parsed[], prefix: string): readonly Group[] {
  const roots = fields.map(({ segments }) => parentOf(segments)).sort((a, b) => a.length - b.length);
  const byRoot = new Map<string, { root: Segments; members: Parsed[] }>();
  for (const parsed of fields) {
    const root = roots.find((candidate) => isWithin(parentOf(parsed.segments), candidate)) ?? parentOf(parsed.segments);
    const group = byRoot.get(formatPath(root)) ?? { root, members: [] };
    group.members.push(parsed);
    byRoot.set(formatPath(root), group);
  }
  return [...byRoot.entries()].map(([path, { root, members }], at) => ({
    path,
    segments: root,
    table: `${prefix}m${at}`,
    columns: members.map(({ field, segments }, place) => ({
      field,
      segments: segments.slice(root.length),
      name: `c${place}`,
    })),
  }));
}

function targetsOf(
  singles: readonly Column[],
  groups: readonly Group[],
  trigrams: readonly TrigramColumn[],
): ReadonlyMap<string, Target> {
  const trigramOf = new Map(trigrams.map(({ column, name }) => [column, name]));
  const targets = new Map<string, Target>();
  for (const column of singles) {
    targets.set(formatPath(column.segments), { kind: 'single', column, trigram: trigramOf.get(column) ?? null });
  }
  for (const group of groups) {
    for (const column of group.columns) {
      const path = formatPath([...group.segments, ...column.segments]);
      targets.set(path, { kind: 'many', group, column, trigram: trigramOf.get(column) ?? null });
    }
  }
  return targets;
}

/** Null when the collection declares no such path. */
export function targetOf(layout: Layout, path: string): Target | null {
  const declared = layout.targets.get(path);
  if (declared !== undefined) return declared;
  const { dynamic } = layout;
  if (dynamic === null || !isWithin(parsePath(path), dynamic.segments)) return null;
  return { kind: 'dynamic', path: formatPath(parsePath(path)) };
}

export const groupAt = (layout: Layout, path: string): Group | null =>
  layout.groups.find((group) => group.path === path) ?? null;
