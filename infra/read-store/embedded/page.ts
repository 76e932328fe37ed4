/** Answers one query from one generation's tables, inside one snapshot. */
import type { Page, PageKey, Query } from '../read-store.ts';
import type { RowList } from './answer-cache.ts';
import type { Asked, Row, Tables } from './asked.ts';
import type { Driver } from './driver.ts';
import { planOf } from './plan.ts';
import type { Question } from './question.ts';
import { countSql, type RowRequest, rowsSql, type Segment } from './row-source.ts';
import { listKey, totalOf } from './total.ts';

/** Pages that begin later than this keep their row numbers, so that the next page does not walk the same way again. */
const LISTED_OFFSET_MIN = 500;

export function pageOf(tables: Tables, question: Question, query: Query): Page {
  const offset = query.offset ?? 0;
  const cache = tables.cache(question);
  const plan = planOf({
    question,
    cache,
    count: (sql) => tables.count(sql),
    documents: () => tables.documents(question),
    depth: offset + query.limit,
  });
  const asked: Asked = { tables, question, plan, cache };
  const page = query.after || query.before ? keysetPage(asked, query) : offsetPage(asked, offset, query.limit);
  return { ...page, total: query.total === true ? totalOf(asked) : null };
}

type Found = Omit<Page, 'total'>;

const keyOf = ({ sortkey, id }: Row): PageKey => ({ value: sortkey, id });

function offsetPage(asked: Asked, offset: number, limit: number): Found {
  const { tables, question, plan } = asked;
  const isListed = plan.kind === 'gather' || isSorted(question) || isFarWalk(question, offset);
  const rows = isListed ? listed(asked, offset, limit + 1) : directly(asked, offset, limit + 1);
  const shown = rows.slice(0, limit);
  const first = shown[0];
  const last = shown.at(-1);
  return {
    documents: tables.bodies(question, shown),
    next: rows.length > limit && last !== undefined ? keyOf(tables.row(question, last)) : null,
    previous: offset > 0 && first !== undefined ? keyOf(tables.row(question, first)) : null,
  };
}

/** No index has the order: all rows are sorted before the first is known. */
const isSorted = ({ sort, org }: Question): boolean => !org.single || (sort.expression !== null && sort.index === null);

const isFarWalk = ({ filter, boundsCover }: Question, offset: number): boolean =>
  offset >= LISTED_OFFSET_MIN && filter !== null && !boundsCover;

/** A gathered set must be sorted as a whole anyway: it is kept whole. A walk is kept as far as it went. */
function listed({ tables, question, plan, cache }: Asked, offset: number, count: number): readonly number[] {
  const key = listKey(question);
  const known = cache.list(key);
  if (known !== null && (known.complete || known.rows.length >= offset + count)) {
    return known.rows.slice(offset, offset + count);
  }
  const driver = plan.kind === 'gather' ? plan.driver : null;
  const isWhole = driver !== null || isSorted(question);
  const list = isWhole ? whole({ tables, question }, driver) : walked({ tables, question }, offset + count);
  cache.keep(key, list);
  return list.rows.slice(offset, offset + count);
}

function whole({ tables, question }: Pick<Asked, 'tables' | 'question'>, driver: Driver | null): RowList {
  return { rows: tables.numbers(rowsSql(question, { driver, segment: 'all', limit: -1, offset: 0 })), complete: true };
}

function walked({ tables, question }: Pick<Asked, 'tables' | 'question'>, count: number): RowList {
  const rows: number[] = [];
  for (const segment of segmentsOf(question)) {
    if (rows.length >= count) break;
    rows.push(...tables.numbers(rowsSql(question, { driver: null, segment, limit: count - rows.length, offset: 0 })));
  }
  return { rows, complete: rows.length < count };
}

/** In the order of the result. */
function segmentsOf({ sort, org, bounds }: Question): readonly Segment[] {
  if (sort.expression === null) return ['all'];
  // A sorter orders both at once.
  if (sort.index === null || !org.single) return ['all'];
  return bounds === null ? ['present', 'absent'] : ['present'];
}

/** By index positions alone: nothing is tested on the way. */
function directly({ tables, question }: Asked, offset: number, count: number): readonly number[] {
  const rows: number[] = [];
  let skip = offset;
  for (const segment of segmentsOf(question)) {
    const found = tables.all(rowsSql(question, { driver: null, segment, limit: count - rows.length, offset: skip }));
    rows.push(...found.map(({ n }) => n));
    if (rows.length >= count) break;
    const passed = found.length > 0 || skip === 0 ? skip : tables.count(countSql(question, { driver: null, segment }));
    skip -= Math.min(skip, passed);
  }
  return rows;
}

function keysetPage(asked: Asked, query: Query): Found {
  const { tables, question } = asked;
  const backward = query.before !== undefined;
  // One of the two is given.
  const edge = (query.before ?? query.after) as PageKey;
  const found = beyond(asked, { edge, backward, limit: query.limit + 1 });
  const more = found.length > query.limit;
  const rows = found.slice(0, query.limit);
  if (backward) rows.reverse();
  const [first] = rows;
  const last = rows.at(-1);
  const opposite = backward ? last : first;
  const crossed =
    opposite !== undefined && beyond(asked, { edge: keyOf(opposite), backward: !backward, limit: 1 }).length > 0;
  return {
    documents: tables.bodies(
      question,
      rows.map(({ n }) => n),
    ),
    next: last !== undefined && (backward ? crossed : more) ? keyOf(last) : null,
    previous: first !== undefined && (backward ? more : crossed) ? keyOf(first) : null,
  };
}

interface Beyond {
  readonly edge: PageKey;
  readonly backward: boolean;
  readonly limit: number;
}

/** Rows on one side of an edge, nearest first. */
function beyond({ tables, question, plan }: Asked, { edge, backward, limit }: Beyond): Row[] {
  const driver = plan.kind === 'gather' ? plan.driver : null;
  const rows: Row[] = [];
  for (const { segment, isEdge } of segmentsBeyond(question, edge, backward)) {
    if (rows.length >= limit) break;
    const request: RowRequest = { driver, segment, backward, limit: limit - rows.length, offset: 0 };
    rows.push(...tables.all(rowsSql(question, isEdge ? { ...request, beyond: edge } : request)));
  }
  return rows;
}

function segmentsBeyond(
  { sort }: Question,
  edge: PageKey,
  backward: boolean,
): readonly { readonly segment: Segment; readonly isEdge: boolean }[] {
  if (sort.expression === null) return [{ segment: 'all', isEdge: true }];
  const edgeSegment: Segment = edge.value === null ? 'absent' : 'present';
  if (!backward && edgeSegment === 'present') {
    return [
      { segment: 'present', isEdge: true },
      { segment: 'absent', isEdge: false },
    ];
  }
  if (backward && edgeSegment === 'absent') {
    return [
      { segment: 'absent', isEdge: true },
      { segment: 'present', isEdge: false },
    ];
  }
  return [{ segment: edgeSegment, isEdge: true }];
}
