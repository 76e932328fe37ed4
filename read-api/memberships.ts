/** Who is a member of what now: the open memberships of holders, and the holders of a role or group. */
import type { Document, Filter, ReadStore } from '../infra/read-store/read-store.ts';
import { PAGE_SIZE_MAX } from '../infra/read-store/read-store.ts';
import { type HolderType, MEMBERSHIPS, openTargetOf, type TargetType } from '../projections/access.ts';

export interface Membership {
  readonly holder: string;
  readonly target: string;
  readonly targetType: TargetType;
}

const HOLDERS_PER_QUESTION = 200;

/** In the order of the index that finds them: a page costs what it shows, however many there are. */
const BY_HOLDER = { path: 'openHolder', direction: 'ascending' } as const;
const BY_TARGET = { path: 'openTarget', direction: 'ascending' } as const;

export interface Place {
  readonly tenant: string;
  readonly org: string;
}

/** All of them: how many one holder may have is bounded where they are given. */
export async function openMembershipsOf(
  reads: Pick<ReadStore, 'query'>,
  place: Place,
  holders: readonly string[],
): Promise<readonly Membership[]> {
  const found: Membership[] = [];
  for (let at = 0; at < holders.length; at += HOLDERS_PER_QUESTION) {
    const some = holders.slice(at, at + HOLDERS_PER_QUESTION);
    const [only = ''] = some;
    const filter: Filter =
      some.length === 1
        ? { op: 'eq', path: 'openHolder', value: only }
        : { op: 'in', path: 'openHolder', values: some };
    for await (const document of allOf(reads, place, filter)) found.push(membershipOf(document));
  }
  return found;
}

async function* allOf(
  reads: Pick<ReadStore, 'query'>,
  { tenant, org }: Place,
  filter: Filter,
): AsyncGenerator<Document> {
  const asked = { collection: MEMBERSHIPS, tenant, org, filter, sort: BY_HOLDER, limit: PAGE_SIZE_MAX } as const;
  let page = await reads.query(asked);
  for (;;) {
    yield* page.documents;
    if (page.next === null) return;
    page = await reads.query({ ...asked, after: page.next });
  }
}

const membershipOf = ({ holder, target, targetType }: Document): Membership => ({
  holder: String(holder),
  target: String(target),
  targetType: targetType as TargetType,
});

export interface MembersRequest extends Place {
  readonly target: string;
  readonly holderType: HolderType;
  readonly limit: number;
}

/** Ids, in their order. Some of them may be gone since: whoever shows them looks them up. */
export async function membersOf(reads: Pick<ReadStore, 'query'>, request: MembersRequest): Promise<readonly string[]> {
  const { tenant, org, target, holderType, limit } = request;
  const filter: Filter = { op: 'eq', path: 'openTarget', value: openTargetOf(target, holderType) };
  const ids: string[] = [];
  let after = {};
  while (ids.length < limit) {
    const size = Math.min(PAGE_SIZE_MAX, limit - ids.length);
    const asked = { collection: MEMBERSHIPS, tenant, org, filter, sort: BY_TARGET, limit: size, ...after } as const;
    const page = await reads.query(asked);
    ids.push(...page.documents.map(({ holder }) => String(holder)));
    if (page.next === null) break;
    after = { after: page.next };
  }
  return ids;
}

/** Documents by id, in chunks that the store takes. */
export async function documentsByIds(
  reads: Pick<ReadStore, 'findMany'>,
  collection: string,
  { tenant, ids }: { readonly tenant: string; readonly ids: readonly string[] },
): Promise<readonly Document[]> {
  const found: Document[] = [];
  for (let at = 0; at < ids.length; at += PAGE_SIZE_MAX) {
    found.push(...(await reads.findMany(collection, tenant, ids.slice(at, at + PAGE_SIZE_MAX))));
  }
  return found;
}
