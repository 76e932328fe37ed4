/** What of a document the indexes hold: a pure function of the document, so that an update knows what to take out. */
import type { Json } from '../../../domain/json.ts';
import { formatSegment, isObject, valueAt } from '../path.ts';
import type { Document } from '../read-store.ts';
import { dynamicSearchValue, type SearchValue, searchValue } from '../search-value.ts';
import type { Group, Layout } from './layout.ts';
import { trigramText } from './schema.ts';

type Cell = SearchValue | null;

export interface DynamicRow {
  readonly path: string;
  /** Index in the outermost array on the way; -1 outside of any. */
  readonly element: number;
  readonly value: SearchValue;
}

export interface Image {
  readonly singles: readonly Cell[];
  /** Per group, per element, per column. */
  readonly groups: readonly (readonly (readonly Cell[])[])[];
  readonly dynamic: readonly DynamicRow[];
  readonly trigrams: readonly (string | null)[];
}

export function imageOf(layout: Layout, document: Document): Image {
  const singles = layout.singles.map(({ field, segments }) => searchValue(field, valueAt(document, segments)));
  const groups = layout.groups.map((group) => elementRows(group, document));
  const trigrams = layout.trigrams.map(({ group, column }) => {
    if (group === null) return textOf(singles[layout.singles.indexOf(column)]);
    const place = group.columns.indexOf(column);
    return trigramText((groups[layout.groups.indexOf(group)] ?? []).map((row) => textOf(row[place])));
  });
  const dynamic: DynamicRow[] = [];
  if (layout.dynamic !== null) {
    collectDynamic(
      { value: valueAt(document, layout.dynamic.segments), path: layout.dynamic.path, element: -1 },
      dynamic,
    );
  }
  return { singles, groups, dynamic, trigrams };
}

const textOf = (cell: Cell | undefined): string | null => (typeof cell === 'string' ? cell : null);

/** One row per element. Where the array stands at the fields' ends (`mails: ['a', 'b']`), rows are counted by place. */
function elementRows(group: Group, document: Document): readonly (readonly Cell[])[] {
  const root = valueAt(document, group.segments);
  if (root === undefined || root === null) return [];
  if (Array.isArray(root)) {
    return root.map((element: Json) =>
      group.columns.map(({ field, segments }) => searchValue(field, valueAt(element, segments))),
    );
  }
  const leaves = group.columns.map(({ segments }) => valueAt(root, segments));
  const lists = leaves.map((leaf) =>
    Array.isArray(leaf) ? (leaf as readonly Json[]) : leaf === undefined ? [] : [leaf],
  );
  const length = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length }, (_, at) =>
    group.columns.map(({ field }, place) => searchValue(field, lists[place]?.[at])),
  );
}

interface Place {
  readonly value: Json | undefined;
  readonly path: string;
  readonly element: number;
}

function collectDynamic({ value, path, element }: Place, rows: DynamicRow[]): void {
  if (Array.isArray(value)) {
    for (const [at, item] of value.entries()) {
      collectDynamic({ value: item as Json, path, element: element < 0 ? at : element }, rows);
    }
    return;
  }
  if (isObject(value)) {
    for (const [key, child] of Object.entries(value)) {
      collectDynamic({ value: child, path: `${path}.${formatSegment(key)}`, element }, rows);
    }
    return;
  }
  const comparable = dynamicSearchValue(value);
  if (comparable !== null) rows.push({ path, element, value: comparable });
}
