/** Do the read models say what the log says? Each document against one that was just built from the log. */
import type { Position } from '../infra/event-store/position.ts';
import type { Document, ReadStore } from '../infra/read-store/read-store.ts';
import type { Findings } from './doctor-findings.ts';

const PAGE = 500;
/** The server goes on writing: what differs is looked at again, so often, before it is a finding. */
const LOOKS = 10;
const LOOK_AGAIN_MS = 300;

/** The read models in use, and the same made from the log just now; those are level with `head` at least. */
export interface ReadModelsToCompare {
  readonly head: Position;
  readonly live: ReadStore;
  readonly rebuilt: ReadStore;
  readonly collections: readonly string[];
  close(): Promise<void>;
}

export interface ReadModelComparison extends Omit<ReadModelsToCompare, 'close'> {
  /** Root organizations: no query goes over more than one. */
  readonly tenants: readonly string[];
  readonly findings: Findings;
  readonly progress: (text: string) => void;
  readonly pause: (ms: number) => Promise<void>;
}

interface Difference {
  readonly collection: string;
  readonly tenant: string;
  readonly id: string;
}

/** How many documents were compared. */
export async function compareReadModels(comparison: ReadModelComparison): Promise<number> {
  let compared = 0;
  let differences: Difference[] = [];
  for (const collection of comparison.collections) {
    for (const tenant of comparison.tenants) {
      const found = await compareCollection(comparison, collection, tenant);
      compared += found.compared;
      differences.push(...found.differences);
    }
    comparison.progress(`read models: ${collection} compared, ${compared} documents so far`);
  }
  for (let look = 0; look < LOOKS && differences.length > 0; look += 1) {
    await comparison.pause(LOOK_AGAIN_MS);
    differences = await stillDifferent(comparison, differences);
  }
  await report(comparison, differences);
  return compared;
}

/** What a read model has not come to yet, as after a crash, is no fault of its documents. */
async function report(comparison: ReadModelComparison, differences: readonly Difference[]): Promise<void> {
  const { live, head, findings } = comparison;
  for (const [collection, own] of Map.groupBy(differences, (difference) => difference.collection)) {
    if ((await live.waitFor(collection, head, 0)) === 'behind') {
      findings.add('read-models', `${collection} is behind the log; of its documents differ: ${own.length}`);
      continue;
    }
    // It may have come to the head since they were compared.
    for (const { tenant, id } of await stillDifferent(comparison, own)) {
      findings.add('read-models', `document ${id} of ${collection} in ${tenant} is not what the log makes of it`);
    }
  }
}

async function compareCollection({ live, rebuilt }: ReadModelComparison, collection: string, tenant: string) {
  const differences: Difference[] = [];
  let compared = 0;
  for await (const expected of pages(rebuilt, collection, tenant)) {
    const found = await live.findMany(
      collection,
      tenant,
      expected.map(({ id }) => id),
    );
    const byId = new Map(found.map((document) => [document.id, document]));
    for (const document of expected) {
      compared += 1;
      const other = byId.get(document.id) ?? null;
      if (!isSame(document, other)) differences.push({ collection, tenant, id: document.id });
    }
  }
  for await (const extra of pages(live, collection, tenant)) {
    const ids = extra.map(({ id }) => id);
    const known = new Set((await rebuilt.findMany(collection, tenant, ids)).map(({ id }) => id));
    for (const id of ids) if (!known.has(id)) differences.push({ collection, tenant, id });
  }
  return { compared, differences };
}

async function* pages(store: ReadStore, collection: string, tenant: string): AsyncIterable<readonly Document[]> {
  let page = await store.query({ collection, tenant, limit: PAGE });
  yield page.documents;
  while (page.next !== null) {
    page = await store.query({ collection, tenant, limit: PAGE, after: page.next });
    yield page.documents;
  }
}

async function stillDifferent(
  { live, rebuilt }: ReadModelComparison,
  differences: readonly Difference[],
): Promise<Difference[]> {
  const still: Difference[] = [];
  for (const difference of differences) {
    const { collection, tenant, id } = difference;
    const expected = await rebuilt.find(collection, tenant, id);
    const other = await live.find(collection, tenant, id);
    if (!isSame(expected, other)) still.push(difference);
  }
  return still;
}

const isSame = (a: Document | null, b: Document | null): boolean => ordered(a) === ordered(b);

/** JSON with its members in order: two writers may have put them differently. */
function ordered(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
