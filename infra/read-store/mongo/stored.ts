/** A document as MongoDB holds it: its text, and beside it the values that it is searched and sorted by. */
import { type Image, imageOf } from '../embedded/image.ts';
import type { Column, Group, Layout } from '../embedded/layout.ts';
import type { Document } from '../read-store.ts';
import type { SearchValue } from '../search-value.ts';

export interface StoredDocument {
  readonly _id: string;
  /** Encoded position of the batch that wrote it last: an older one changes nothing. */
  readonly at: string;
  readonly tenant?: string;
  readonly org?: string;
  /** JSON text, so that no key or value in it means anything to the server. */
  readonly body?: string;
  /** Single values by column; absent ones are not there. */
  readonly single?: { readonly [column: string]: SearchValue };
  /** Of what has many values, the first, by the name of its sort key. */
  readonly first?: { readonly [key: string]: SearchValue };
  readonly dynamic?: readonly DynamicElement[];
  /** When it was removed. It stays a while, so that a late write of an older position does not bring it back. */
  readonly gone?: Date;
  /** Arrays, by the table name of their group: one object per element, with its place. */
  readonly [group: string]: unknown;
}

/** Rows of one element of the outermost array on the way; place -1 is outside of any. */
interface DynamicElement {
  readonly place: number;
  readonly rows: readonly { readonly path: string; readonly value: SearchValue }[];
}

export const singleField = ({ name }: Column): string => `single.${name}`;
export const firstOfMany = (group: Group, column: Column): string => `first.${group.table}_${column.name}`;
/** Paths may hold dots and dollars; a name of the server's fields may not. */
export const firstOfDynamic = (path: string): string => `first.${dynamicKey(path)}`;

const dynamicKey = (path: string): string => `d_${Buffer.from(path).toString('base64url')}`;

export function storedOf(layout: Layout, document: Document, at: string): StoredDocument {
  const image = imageOf(layout, document);
  const { id, tenant, org } = document;
  const groups = Object.fromEntries(
    layout.groups.flatMap((group, index) => {
      const elements = elementsOf(group, image.groups[index] ?? []);
      return elements.length === 0 ? [] : [[group.table, elements]];
    }),
  );
  return {
    ...groups,
    _id: id,
    at,
    tenant,
    org,
    body: JSON.stringify(document),
    single: cells(layout.singles, image.singles),
    first: firstValues(layout, image),
    ...(image.dynamic.length === 0 ? {} : { dynamic: dynamicElements(image) }),
  };
}

export const tombstoneOf = (id: string, at: string): StoredDocument => ({ _id: id, at, gone: new Date() });

type Cells = readonly (SearchValue | null)[];

function cells(columns: readonly Column[], row: Cells): { readonly [column: string]: SearchValue } {
  const entries = columns.map(({ name }, at) => [name, row[at] ?? null] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, SearchValue] => entry[1] !== null));
}

const elementsOf = ({ columns }: Group, rows: readonly Cells[]) =>
  rows.map((row, place) => ({ ...cells(columns, row), place }));

function firstValues(layout: Layout, image: Image): { readonly [key: string]: SearchValue } {
  const first = new Map<string, SearchValue>();
  for (const [index, group] of layout.groups.entries()) {
    for (const [place, { name }] of group.columns.entries()) {
      const value = image.groups[index]?.map((row) => row[place] ?? null).find((cell) => cell !== null);
      if (value !== undefined && value !== null) first.set(`${group.table}_${name}`, value);
    }
  }
  for (const { path, value } of image.dynamic) {
    const key = dynamicKey(path);
    if (!first.has(key)) first.set(key, value);
  }
  return Object.fromEntries(first);
}

function dynamicElements({ dynamic }: Image): readonly DynamicElement[] {
  const byElement = Map.groupBy(dynamic, ({ element }) => element);
  return Array.from(byElement, ([place, rows]) => ({
    place,
    rows: rows.map(({ path, value }) => ({ path, value })),
  }));
}
