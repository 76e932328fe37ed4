/** Answers one query from one generation's collection. Documents with a sort value come first, then those without, by id. */
import type { Collection as MongoCollection, SortDirection } from 'mongodb';
import { type Layout, targetOf } from '../embedded/layout.ts';
import {
  type Document,
  FILTER_TERMS_MAX,
  type Filter,
  type Page,
  type PageKey,
  type Query,
  type Sort,
  UnsearchableField,
} from '../read-store.ts';
import type { SearchValue } from '../search-value.ts';
import { type Condition, mongoFilter } from './filter.ts';
import { firstOfDynamic, firstOfMany, type StoredDocument, singleField } from './stored.ts';

export type Stored = MongoCollection<StoredDocument>;

interface SortKey {
  readonly field: string;
  /** Numbers and texts may stand side by side. */
  readonly mixed: boolean;
}

interface Asked {
  readonly stored: Stored;
  readonly matches: Condition;
  /** Null: by id alone. */
  readonly key: SortKey | null;
  readonly descending: boolean;
}

type Segment = 'present' | 'absent' | 'all';

interface RowRequest {
  readonly segment: Segment;
  readonly backward: boolean;
  /** Exclusive edge. */
  readonly beyond?: PageKey;
  readonly limit: number;
  readonly offset: number;
}

interface Row {
  readonly document: Document;
  readonly key: PageKey;
}

export async function pageOf(stored: Stored, layout: Layout, query: Query): Promise<Page> {
  const asked = askedOf(stored, layout, query);
  const found = query.after || query.before ? keysetPage(asked, query) : offsetPage(asked, query);
  const total = query.total === true ? stored.countDocuments(asked.matches) : null;
  const [page, count] = await Promise.all([found, total]);
  return { ...page, total: count };
}

function askedOf(stored: Stored, layout: Layout, query: Query): Asked {
  const { tenant, org, filter, sort } = query;
  if (filter !== undefined && terms(filter) > FILTER_TERMS_MAX) {
    throw new RangeError(`a filter holds more than ${FILTER_TERMS_MAX} terms`);
  }
  const scope: Condition = org === undefined ? { tenant } : { tenant, org };
  const matches = filter === undefined ? scope : { $and: [scope, mongoFilter(layout, filter)] };
  return { stored, matches, key: sortKey(layout, sort), descending: sort?.direction === 'descending' };
}

function terms(filter: Filter): number {
  if ('filters' in filter) return filter.filters.reduce((sum, part) => sum + terms(part), 1);
  return 'filter' in filter ? 1 + terms(filter.filter) : 1;
}

function sortKey(layout: Layout, sort: Sort | undefined): SortKey | null {
  if (sort === undefined) return null;
  const target = targetOf(layout, sort.path);
  if (target === null) throw new UnsearchableField(layout.name, sort.path);
  if (target.kind === 'dynamic') return { field: firstOfDynamic(target.path), mixed: true };
  const field = target.kind === 'single' ? singleField(target.column) : firstOfMany(target.group, target.column);
  return { field, mixed: false };
}

type Found = Omit<Page, 'total'>;

const documentsOf = (rows: readonly Row[]) => rows.map(({ document }) => document);

async function offsetPage(asked: Asked, { limit, offset = 0 }: Query): Promise<Found> {
  const rows: Row[] = [];
  let skip = offset;
  for (const segment of segmentsOf(asked)) {
    const request = { segment, backward: false, limit: limit + 1 - rows.length, offset: skip };
    const found = await rowsOf(asked, request);
    rows.push(...found);
    if (rows.length > limit) break;
    const passed = found.length > 0 || skip === 0 ? skip : await asked.stored.countDocuments(within(asked, segment));
    skip -= Math.min(skip, passed);
  }
  const shown = rows.slice(0, limit);
  return {
    documents: documentsOf(shown),
    next: rows.length > limit ? (shown.at(-1)?.key ?? null) : null,
    previous: offset > 0 ? (shown[0]?.key ?? null) : null,
  };
}

const segmentsOf = ({ key }: Asked): readonly Segment[] => (key === null ? ['all'] : ['present', 'absent']);

async function keysetPage(asked: Asked, query: Query): Promise<Found> {
  const backward = query.before !== undefined;
  // One of the two is given.
  const edge = (query.before ?? query.after) as PageKey;
  const found = await beyond(asked, { edge, backward, limit: query.limit + 1 });
  const more = found.length > query.limit;
  const rows = found.slice(0, query.limit);
  if (backward) rows.reverse();
  const first = rows[0]?.key ?? null;
  const last = rows.at(-1)?.key ?? null;
  const opposite = backward ? last : first;
  const crossed =
    opposite !== null && (await beyond(asked, { edge: opposite, backward: !backward, limit: 1 })).length > 0;
  return {
    documents: documentsOf(rows),
    next: (backward ? crossed : more) ? last : null,
    previous: (backward ? more : crossed) ? first : null,
  };
}

interface Beyond {
  readonly edge: PageKey;
  readonly backward: boolean;
  readonly limit: number;
}

/** Rows on one side of an edge, nearest first. */
async function beyond(asked: Asked, { edge, backward, limit }: Beyond): Promise<Row[]> {
  const own: Segment = asked.key === null ? 'all' : edge.value === null ? 'absent' : 'present';
  const rows = await rowsOf(asked, { segment: own, backward, beyond: edge, limit, offset: 0 });
  const following = own === 'present' && !backward ? 'absent' : own === 'absent' && backward ? 'present' : null;
  if (following === null || rows.length >= limit) return rows;
  const request = { segment: following, backward, limit: limit - rows.length, offset: 0 } as const;
  return [...rows, ...(await rowsOf(asked, request))];
}

function within({ matches, key }: Asked, segment: Segment): Condition {
  if (key === null || segment === 'all') return matches;
  return { $and: [matches, { [key.field]: { $exists: segment === 'present' } }] };
}

async function rowsOf(asked: Asked, request: RowRequest): Promise<Row[]> {
  const { stored, key, descending } = asked;
  const { segment, backward, limit, offset } = request;
  const direction: SortDirection = descending === backward ? 1 : -1;
  const edge = edgeCondition(asked, request);
  const condition = within(asked, segment);
  const field = segment === 'present' && key !== null ? key.field : null;
  const documents = await stored
    .find(edge === null ? condition : { $and: [condition, edge] })
    .project<Pick<StoredDocument, '_id' | 'body'>>({ body: 1, ...(field === null ? {} : { [field]: 1 }) })
    .sort(field === null ? { _id: direction } : { [field]: direction, _id: direction })
    .skip(offset)
    .limit(limit)
    .toArray();
  return documents.map((found) => ({
    document: documentIn(found),
    key: { value: field === null ? null : valueIn(found, field), id: found._id },
  }));
}

function edgeCondition({ key, descending }: Asked, { segment, backward, beyond: edge }: RowRequest): Condition | null {
  if (edge === undefined) return null;
  const rises = descending === backward;
  const order = rises ? '$gt' : '$lt';
  const byId = { _id: { [order]: edge.id } };
  if (segment !== 'present' || key === null || edge.value === null) return byId;
  const value = typeof edge.value === 'boolean' ? Number(edge.value) : edge.value;
  const parts: Condition[] = [{ [key.field]: { [order]: value } }, { [key.field]: value, ...byId }];
  // An order compares numbers with numbers alone, and they come before texts.
  if (key.mixed && rises && typeof value === 'number') parts.push({ [key.field]: { $gte: '' } });
  if (key.mixed && !rises && typeof value === 'string') parts.push({ [key.field]: { $type: 'number' } });
  return { $or: parts };
}

/** The field is `single.…` or `first.…`. */
function valueIn(found: object, field: string): SearchValue | null {
  const [parent = '', name = ''] = field.split('.');
  const values = (found as Record<string, Record<string, SearchValue>>)[parent];
  return values?.[name] ?? null;
}

/** Written by `storedOf` alone. */
export const documentIn = ({ body }: Pick<StoredDocument, 'body'>): Document => JSON.parse(body ?? '') as Document;
