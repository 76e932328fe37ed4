/** Users by their groups and roles: from the memberships to the ids of who has them. */
import type { Filter, Page, ReadStore, Scalar } from '../../../infra/read-store/read-store.ts';
import { GROUPS, MEMBERSHIPS, openTargetOf, ROLES } from '../../../projections/access.ts';
import { USERS } from '../../../projections/users.ts';
import { type PageRequest, pageOf, type ReadScope } from '../../../read-api/documents.ts';
import { documentsByIds, membersOf } from '../../../read-api/memberships.ts';
import { reachPosition } from '../../../read-api/min-position.ts';
import { usersPage } from '../../../read-api/users.ts';
import { MEMBERSHIP_PATHS } from '../filter/compile.ts';
import { ScimError } from '../scim-error.ts';

/** Members of one group or role that a filter may combine with other terms. */
const MEMBERS_COMBINED_MAX = 5_000;
/** Groups or roles of one name; names differ within their audience. */
const NAMED_MAX = 200;

type Leaf = Exclude<Filter, { readonly op: 'and' | 'or' | 'not' | 'any' }>;

/** The filter with ids of users in place of groups and roles. */
export async function withMembers(reads: ReadStore, scope: ReadScope, filter: Filter): Promise<Filter> {
  switch (filter.op) {
    case 'and':
    case 'or': {
      const filters: Filter[] = [];
      for (const part of filter.filters) filters.push(await withMembers(reads, scope, part));
      return { op: filter.op, filters };
    }
    case 'not':
      return { op: 'not', filter: await withMembers(reads, scope, filter.filter) };
    case 'any':
      return filter;
    default:
      return MEMBERSHIP_PATHS.has(filter.path) ? await byMembership(reads, scope, filter) : filter;
  }
}

async function byMembership(reads: ReadStore, scope: ReadScope, leaf: Leaf): Promise<Filter> {
  const targets = await targetsOf(reads, scope, leaf);
  const ids = new Set<string>();
  for (const target of targets) {
    for (const id of await usersOf(reads, scope, target)) ids.add(id);
    if (ids.size <= MEMBERS_COMBINED_MAX) continue;
    const what = `More than ${MEMBERS_COMBINED_MAX} users are in it`;
    throw new ScimError(
      400,
      'tooMany',
      `${what}: ask for a group alone, by groups.value, and page through the answer.`,
    );
  }
  return { op: 'in', path: 'id', values: [...ids] };
}

/** Ids of the groups or roles that the term names. */
async function targetsOf(reads: ReadStore, scope: ReadScope, leaf: Leaf): Promise<readonly string[]> {
  if (leaf.op !== 'eq') throw new ScimError(400, 'invalidFilter', 'Groups and roles are compared with eq.');
  await reachPosition(reads, MEMBERSHIPS, scope.minPosition);
  const [kind, part] = leaf.path.split('.');
  if (part === 'value') return [String(leaf.value)];
  const filter: Filter = { op: 'eq', path: 'displayName', value: withoutStore(leaf.value) };
  const named = await pageOf(reads, kind === 'groups' ? GROUPS : ROLES, scope, { filter, limit: NAMED_MAX });
  return named.documents.map(({ id }) => id);
}

const withoutStore = (name: Scalar): string => String(name).replace(/^PRIMARY\//i, '');

/** In the group; or holding the role directly or through a group. */
async function usersOf(reads: ReadStore, { tenant, org }: ReadScope, target: string): Promise<readonly string[]> {
  const limit = MEMBERS_COMBINED_MAX + 1;
  const place = { tenant, org, limit };
  const ids = [...(await membersOf(reads, { ...place, target, holderType: 'user' }))];
  const holders = await membersOf(reads, { ...place, target, holderType: 'group' });
  const groups = await documentsByIds(reads, GROUPS, { tenant, ids: holders });
  for (const { id } of groups) {
    if (ids.length >= limit) break;
    ids.push(...(await membersOf(reads, { ...place, target: id, holderType: 'user' })));
  }
  return ids;
}

/** A page of users, also by their groups and roles. */
export async function pageOfUsers(reads: ReadStore, scope: ReadScope, request: PageRequest): Promise<Page> {
  const ofGroup = await pageOfMembers(reads, scope, request);
  if (ofGroup !== null) return ofGroup;
  const { filter } = request;
  const found = filter === undefined ? {} : { filter: await withMembers(reads, scope, filter) };
  return await usersPage(reads, scope, { ...request, ...found });
}

/**
 * A page of the members of one group, however many there are, in the order of their ids; null where the request asks
 * for anything else, or for a group that is small enough to be sorted as users are.
 */
async function pageOfMembers(reads: ReadStore, scope: ReadScope, request: PageRequest): Promise<Page | null> {
  const { filter } = request;
  if (filter?.op !== 'eq' || filter.path !== 'groups.value') return null;
  await reachPosition(reads, USERS, scope.minPosition);
  const openTarget = openTargetOf(String(filter.value), 'user');
  const page = await pageOf(reads, MEMBERSHIPS, scope, {
    ...request,
    filter: { op: 'eq', path: 'openTarget', value: openTarget },
    sort: { path: 'openTarget', direction: 'ascending' },
  });
  if ((page.total ?? 0) <= MEMBERS_COMBINED_MAX) return null;
  const ids = page.documents.map(({ holder }) => String(holder));
  const documents = await documentsByIds(reads, USERS, { tenant: scope.tenant, ids });
  return { ...page, documents: documents.filter(({ org }) => org === scope.org) };
}
